// Arrays [rows, steps, features]: images of one channel, or series where the model itself says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Net } from '../../../packages/contracts/src/net.ts'
import { inputShapeOf } from '../../../packages/trainer/src/engine/autograd/model.ts'
import { bytes, float32, makeFolder, npy } from './data-files.ts'
import { train } from './training.ts'

const folder = makeFolder()
const data = {
  format: 'npy',
  features: folder.write(
    'series.npy',
    npy('<f4', [6, 4, 2], bytes(Float32Array.from({ length: 48 }, (_, i) => i / 48))),
  ),
  target: folder.write('sums.npy', npy('<f4', [6], float32(0, 1, 2, 3, 4, 5))),
}

type Json = Record<string, unknown>
const layer = (className: string, config: Json) => ({ kind: 'tfjs', className, config })
const keras = (class_name: string, config: Json) => ({
  class_name,
  config: { name: class_name.toLowerCase(), ...config },
})
const sequential = (...layers: Json[]) => ({
  topology: { class_name: 'Sequential', config: { name: 'sequential', layers } },
})
const dense = { kind: 'dense', units: 1 }
const kerasDense = keras('Dense', { units: 1, activation: 'linear' })

const request = (model: unknown) =>
  ({
    kind: 'model',
    data,
    model,
    optimizer: { kind: 'sgd', learningRate: 0.01 },
    loss: 'mse',
    epochs: 2,
    backend: 'cpu',
  }) as const

const MODELS: Record<string, unknown> = {
  'a recurrent layer with an inputShape': { layers: [layer('LSTM', { units: 3, inputShape: [4, 2] }), dense] },
  'a Conv1D with a batch_input_shape': {
    layers: [
      layer('Conv1D', { filters: 2, kernel_size: 3, batch_input_shape: [null, 4, 2] }),
      { kind: 'flatten' },
      dense,
    ],
  },
  'a topology for series of any length': sequential(
    keras('GRU', { units: 3, batch_input_shape: [null, null, 2] }),
    kerasDense,
  ),
  'a topology of Keras 3': sequential(
    keras('InputLayer', { batch_shape: [null, 4, 2] }),
    keras('SimpleRNN', { units: 3 }),
    kerasDense,
  ),
}

for (const [what, model] of Object.entries(MODELS))
  test(`${what} takes an array [rows, steps, features] as it is`, async () => {
    const { outcome } = await train(folder.directory, request(model))
    assert.equal(outcome.kind, 'completed', JSON.stringify(outcome))
    const saved = outcome.kind === 'completed' && outcome.artifacts.find(({ name }) => name === 'model.json')
    assert.match(Buffer.from((saved || assert.fail('a model')).bytes).toString(), /"batch_input_shape":\[null,4,2\]/)
  })

test('without a shape of its own, or with that of an image, a model is given images of one channel', async () => {
  for (const model of [
    { layers: [{ kind: 'conv2d', filters: 1, kernelSize: 2 }, { kind: 'flatten' }, dense] },
    { layers: [layer('Reshape', { targetShape: [4, 2], inputShape: [4, 2, 1] }), layer('LSTM', { units: 2 }), dense] },
    { layers: [layer('Reshape', { targetShape: [4, 2] }), layer('LSTM', { units: 2 }), dense] },
  ]) {
    const { outcome } = await train(folder.directory, request({ ...model }))
    assert.equal(outcome.kind, 'completed', JSON.stringify(outcome))
  }
})

test('a shape that is not the data’s is refused in a sentence that names both', async () => {
  const { outcome } = await train(
    folder.directory,
    request({ layers: [layer('LSTM', { units: 3, batchInputShape: [null, null, 3] }), dense] }),
  )
  assert.ok(outcome.kind === 'failed')
  assert.equal(outcome.failure.code, 'TRAIN_BAD_MODEL')
  assert.equal(
    outcome.failure.detail,
    'The model takes rows of the shape [any, 3], and the data has rows of the shape [4, 2, 1].',
  )
})

test('only a final 1 is left out, and only where the rest is what the model states', () => {
  const stating = (inputShape: (number | null)[]): Net => Net.parse({ layers: [layer('Flatten', { inputShape })] })
  // Grey images as Keras's own examples take them: Flatten(input_shape=(28, 28)).
  assert.deepEqual(inputShapeOf(stating([28, 28]), [28, 28, 1]), [28, 28])
  assert.deepEqual(inputShapeOf(stating([28, 28, 1]), [28, 28, 1]), [28, 28, 1])
  assert.deepEqual(inputShapeOf(stating([28, 27]), [28, 28, 1]), [28, 28, 1])
  assert.deepEqual(inputShapeOf(stating([28, 28]), [28, 28, 3]), [28, 28, 3])
  assert.deepEqual(inputShapeOf(stating([]), [1]), [1])
})
