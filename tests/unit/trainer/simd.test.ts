import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { openSimd } from '../../../packages/trainer/src/backends/simd.ts'
import type { EngineNet } from '../../../packages/trainer/src/engine/engine.ts'
import { whyNotSimd } from '../../../packages/trainer/src/engine/simd/why-not.ts'
import { finalActivation, withoutFinalActivation } from '../../../packages/trainer/src/model/final-activation.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { weightsSha256 } from '../../../packages/trainer/src/state.ts'
import { makeAssets } from './assets.ts'
import { EXERCISE_3, type LayerInput, normal, optimizer, plan, simdNet, towards } from './simd-nets.ts'

const sha256 = ({ weights }: EngineNet): string => weightsSha256({ weights, rest: {}, random: null })

/** The same batches for the same seed: rows and targets from the normal distribution. */
function train(
  net: EngineNet,
  { steps, batchSize, inputs }: { steps: number; batchSize: number; inputs: number },
): string {
  const random = new RandomState(31)
  for (let step = 0; step < steps; step++) {
    const rows = step % 5 === 4 ? Math.ceil(batchSize / 2) : batchSize
    net.step(normal(random, rows * inputs), rows, towards(normal(random, rows * net.outputs)), 0.001)
  }
  return sha256(net)
}

// Recorded on x86-64 with Node 20. The same on every machine: WebAssembly's float32 arithmetic is exact by its specification.
test('exercise 3 comes to the recorded weights after 40 steps, on every machine', async () => {
  const { net } = await simdNet(plan(EXERCISE_3, [32, 32, 3]), {
    batchSize: 4,
    optimizer: optimizer({ kind: 'momentum' }),
  })
  assert.equal(
    train(net, { steps: 40, batchSize: 4, inputs: 3072 }),
    'de1fc16b42a78150707acc95458e8a46a3425eef63a56fed703300a24e6da736',
  )
})

test('a dense net with every activation and dropout comes to the recorded weights after 200 steps, on every machine', async () => {
  const layers: LayerInput[] = [
    { kind: 'dense', units: 64, activation: 'tanh' },
    { kind: 'dropout', rate: 0.2 },
    { kind: 'dense', units: 64, activation: 'sigmoid' },
    { kind: 'dense', units: 33, activation: 'relu' },
    { kind: 'dense', units: 1 },
  ]
  const { net } = await simdNet(plan(layers, [9]), { batchSize: 32, optimizer: optimizer({ kind: 'adam' }) })
  assert.equal(
    train(net, { steps: 200, batchSize: 32, inputs: 9 }),
    '9e26d3f2808e8d076858d87c28a9d7579d9dcbf8ec4749d4af28a7d1ee5c1578',
  )
})

test('the number of threads changes no bit, the number of shares does', async () => {
  const planned = plan(
    [
      { kind: 'conv2d', filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'maxPooling2d' },
      { kind: 'flatten' },
      { kind: 'dense', units: 11, activation: 'sigmoid' },
      { kind: 'dense', units: 3 },
    ],
    [8, 8, 2],
  )
  const bits = async (shares: number, threads: number): Promise<string> => {
    const { net } = await simdNet(planned, {
      batchSize: 26,
      shares,
      threads,
      optimizer: optimizer({ kind: 'rmsprop' }),
    })
    const hash = train(net, { steps: 25, batchSize: 26, inputs: 128 })
    net.dispose()
    return hash
  }
  const [one, two, three] = [await bits(1, 1), await bits(2, 1), await bits(3, 1)]
  assert.notEqual(one, two)
  assert.equal(await bits(2, 2), two)
  assert.equal(await bits(2, 8), two)
  assert.equal(await bits(3, 2), three)
  assert.equal(await bits(3, 3), three)
})

test('predictions do not depend on batches, shares and threads', async () => {
  const planned = plan(
    [
      { kind: 'dense', units: 9, activation: 'tanh' },
      { kind: 'dense', units: 2 },
    ],
    [5],
  )
  const features = normal(new RandomState(2), 5 * 53)
  const alone = await simdNet(planned, { batchSize: 1 })
  const shared = await simdNet(planned, { batchSize: 20, shares: 3, threads: 2 })
  assert.deepEqual(shared.net.predict(features, 53), alone.net.predict(features, 53))
  shared.net.dispose()
})

test('a net past 2 GiB is refused in words before any memory is asked for', async () => {
  const huge = plan(
    [
      { kind: 'dense', units: 20_000 },
      { kind: 'dense', units: 10_000 },
      { kind: 'dense', units: 1 },
    ],
    [10],
  )
  assert.match(
    whyNotSimd(huge, 32, 1) ?? '',
    /^it would take 3\.0 GiB at a batch size of 32, and its memory ends at 2 GiB$/,
  )
  await assert.rejects(simdNet(huge, { batchSize: 32, optimizer: optimizer({ kind: 'rmsprop' }) }), {
    code: 'TRAIN_TOO_LARGE',
    message: /^The engine simd cannot train this net: it would take 2\.2 GiB at a batch size of 32/,
  })
})

test('what there is no kernel for is named', async () => {
  const reason = (...layers: LayerInput[]): string | null => whyNotSimd(plan(layers, [6]), 4, 1)
  const dense = (activation: string): LayerInput => ({ kind: 'dense', units: 3, activation })
  assert.equal(reason(dense('relu'), dense('softmax')), null)
  assert.equal(reason(dense('tanh'), { kind: 'activation', activation: 'softmax' }), null)
  assert.equal(reason(dense('gelu')), null)
  assert.match(reason(dense('softmax'), dense('linear')) ?? '', /^layer dense has softmax where the net does not end/)
  assert.match(reason(dense('gelu'), dense('linear')) ?? '', /^layer dense has the activation gelu/)
  assert.match(reason({ kind: 'batchNormalization' }) ?? '', /^layer batch_normalization is a batch normalization/)
  await assert.rejects(simdNet(plan([{ kind: 'batchNormalization' }], [6]), { batchSize: 4 }), {
    code: 'TRAIN_BAD_MODEL',
  })
})

test('the final activation is taken off where the row is what it works on', () => {
  const ends = (layers: LayerInput[], shape: number[]) => {
    const planned = plan(layers, shape)
    return [finalActivation(planned), finalActivation(withoutFinalActivation(planned))]
  }
  const conv = (activation: string): LayerInput => ({ kind: 'conv2d', filters: 2, kernelSize: 1, activation })
  assert.deepEqual(ends([{ kind: 'dense', units: 2, activation: 'softmax' }], [3]), ['softmax', 'linear'])
  assert.deepEqual(
    ends(
      [
        { kind: 'dense', units: 2 },
        { kind: 'activation', activation: 'sigmoid' },
      ],
      [3],
    ),
    ['sigmoid', 'linear'],
  )
  assert.deepEqual(ends([conv('sigmoid')], [4, 4, 1]), ['sigmoid', 'linear'])
  assert.deepEqual(ends([conv('softmax')], [1, 1, 1]), ['softmax', 'linear'])
  assert.deepEqual(ends([conv('softmax')], [4, 4, 1]), ['linear', 'linear'])
  assert.deepEqual(ends([conv('softmax'), { kind: 'flatten' }], [1, 1, 1]), ['linear', 'linear'])
})

test('summary, shapes and topology are Keras’s, and the model that tfjs makes of topology and weights predicts the same', async () => {
  const planned = plan(
    [
      { kind: 'conv2d', filters: 4, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' },
      { kind: 'averagePooling2d', poolSize: [2, 3], strides: 1, padding: 'same' },
      { kind: 'maxPooling2d', padding: 'same' },
      { kind: 'dropout', rate: 0.5 },
      { kind: 'flatten' },
      { kind: 'dense', units: 6, useBias: false },
      { kind: 'activation', activation: 'tanh' },
      { kind: 'dense', units: 3, activation: 'sigmoid', name: 'classes' },
    ],
    [9, 8, 3],
  )
  const { net } = await simdNet(planned, { batchSize: 4 })
  assert.deepEqual(
    net.summary.map(({ name, type, outputShape, params }) => [name, type, outputShape.join(' '), params]),
    [
      ['conv2d', 'Conv2D', '5 8 4', 76],
      ['average_pooling2d', 'AveragePooling2D', '5 8 4', 0],
      ['max_pooling2d', 'MaxPooling2D', '3 4 4', 0],
      ['dropout', 'Dropout', '3 4 4', 0],
      ['flatten', 'Flatten', '48', 0],
      ['dense', 'Dense', '6', 288],
      ['activation', 'Activation', '6', 0],
      ['classes', 'Dense', '3', 21],
    ],
  )
  const model = await layers.models.modelFromJSON(JSON.parse(JSON.stringify(net.topology)))
  assert.deepEqual(
    model.weights.map(weight => [weight.originalName, weight.shape]),
    Object.entries(net.shapes),
  )
  model.setWeights(
    Object.entries(net.weights).map(([name, numbers]) =>
      tf.tensor(Float32Array.from(numbers), [...(net.shapes[name] ?? [])]),
    ),
  )
  const features = normal(new RandomState(6), 5 * 216)
  const expected = (model.predict(tf.tensor(features, [5, 9, 8, 3])) as tf.Tensor).dataSync()
  net.predict(features, 5).forEach((output, i) => {
    assert.ok(Math.abs(1 / (1 + Math.exp(-output)) - (expected[i] as number)) < 1e-6, `output ${i}`)
  })
})

test('only this release’s kernels are taken', async () => {
  const assets = await makeAssets()
  const path = join(assets, 'kernels.wasm')
  await openSimd({ directory: assets })
  const real = await readFile(path)
  const directory = await mkdtemp(join(tmpdir(), 'kernels-'))
  const refused = async (content: Uint8Array): Promise<string> => {
    await writeFile(join(directory, 'kernels.wasm'), content)
    return openSimd({ directory }).then(
      () => 'taken',
      (error: Error) => error.message.replace(directory, '').split('\n', 1)[0] as string,
    )
  }
  try {
    assert.match(await openSimd({ directory }).then(String, String), /ENOENT/)
    assert.equal(await refused(real), 'taken')
    assert.match(
      await refused(real.subarray(0, 1000)),
      /^\/kernels\.wasm is not WebAssembly that this runtime can run$/,
    )
    // An empty module: magic number and version alone.
    assert.match(await refused(real.subarray(0, 8)), /^\/kernels\.wasm holds other code than the trainer's kernels$/)
  } finally {
    await rm(directory, { recursive: true })
  }
})
