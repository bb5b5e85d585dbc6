// The same net, start and batches by every engine and backend, and by a loop in float64 that knows nothing of them: the first 20
// losses must be the same to 2e-6. Losses of a net whose steps are wrong by little drift apart within a few batches.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { EngineNet } from '../../packages/trainer/src/engine/engine.ts'
import { createSimdNet } from '../../packages/trainer/src/engine/simd/net.ts'
import type { NetPlan } from '../../packages/trainer/src/model/plan.ts'
import { sizeOf } from '../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import { makeAssets } from '../unit/trainer/assets.ts'
import { netOn, openBackends, optionsOf, planOf, rowsOf, train } from '../unit/trainer/autograd-nets.ts'

const assets = { directory: await makeAssets() }
before(openBackends)

const [STEPS, TOLERANCE] = [20, 2e-6]

const mpg = planOf(
  [9],
  { kind: 'dense', units: 64, activation: 'relu' },
  { kind: 'dense', units: 64, activation: 'relu' },
  { kind: 'dense', units: 1 },
)
/** Exercise 3's, with fewer channels. */
const cnn = planOf(
  [16, 16, 3],
  { kind: 'conv2d', filters: 6, kernelSize: 5, activation: 'relu' },
  { kind: 'maxPooling2d' },
  { kind: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' },
  { kind: 'averagePooling2d', poolSize: 3, strides: 2, padding: 'same' },
  { kind: 'flatten' },
  { kind: 'dense', units: 20, activation: 'tanh' },
  { kind: 'dense', units: 10, activation: 'softmax' },
)
const dropping = planOf(
  [8],
  { kind: 'dropout', rate: 0.2 },
  { kind: 'dense', units: 32, activation: 'sigmoid' },
  { kind: 'dropout', rate: 0.5 },
  { kind: 'dense', units: 3 },
)

const CASES: [string, NetPlan, { kind: string } & Record<string, unknown>, number, number][] = [
  ['the dense net of exercise 2 with RMSprop', mpg, { kind: 'rmsprop' }, 32, 0.001],
  ['a convolutional net with momentum', cnn, { kind: 'momentum' }, 4, 0.001],
  ['a convolutional net with adamw, in batches that fill no tile', cnn, { kind: 'adamw' }, 5, 0.001],
  ['a net with dropout', dropping, { kind: 'nesterov' }, 8, 0.01],
]

for (const [name, plan, optimizer, rows, rate] of CASES)
  test(`the first losses of ${name} are the same by simd, wasm and cpu`, async () => {
    const losses = (net: EngineNet): number[] => {
      const found = train(net, { steps: STEPS, rows, inputs: sizeOf(plan.inputShape), rate })
      net.dispose()
      return found
    }
    const settings = { optimizer, batchSize: rows, assets }
    const expected = losses(await createSimdNet(plan, optionsOf(settings)))
    assert.ok((expected[0] as number) > 0)
    for (const backend of ['wasm', 'cpu'] as const)
      near(losses(await netOn(backend, { plan }, settings)), expected, `${backend} and simd`)
  })

test('the first losses of a dense net on wasm are those of a loop in float64', async () => {
  const [inputs, units, rows, rate] = [4, 6, 5, 0.05]
  const plan = planOf([inputs], { kind: 'dense', units, activation: 'tanh' }, { kind: 'dense', units: 1 })
  const net = await netOn('wasm', { plan })
  const [kernel, bias, kernel1, bias1] = Object.values(net.weights).map(numbers => Float64Array.from(numbers)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const labels = new RandomState(5).randn(rows)
  const at = (numbers: ArrayLike<number>, i: number): number => numbers[i] as number
  const expected: number[] = []
  for (let step = 0; step < STEPS; step++) {
    const x = rowsOf(inputs, rows, 100 + step)
    const gradients = [kernel, bias, kernel1, bias1].map(numbers => new Float64Array(numbers.length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    let loss = 0
    for (let row = 0; row < rows; row++) {
      const hidden = Array.from({ length: units }, (_, unit) => {
        let z = at(bias, unit)
        for (let i = 0; i < inputs; i++) z += at(x, row * inputs + i) * at(kernel, i * units + unit)
        return Math.tanh(z)
      })
      const error = hidden.reduce((sum, h, unit) => sum + h * at(kernel1, unit), at(bias1, 0)) - at(labels, row)
      loss += (error * error) / rows
      const dy = (2 * error) / rows
      gradients[3][0] = at(gradients[3], 0) + dy
      hidden.forEach((h, unit) => {
        gradients[2][unit] = at(gradients[2], unit) + dy * h
        const dz = dy * at(kernel1, unit) * (1 - h * h)
        gradients[1][unit] = at(gradients[1], unit) + dz
        for (let i = 0; i < inputs; i++)
          gradients[0][i * units + unit] = at(gradients[0], i * units + unit) + dz * at(x, row * inputs + i)
      })
    }
    expected.push(loss)
    ;[kernel, bias, kernel1, bias1].forEach((numbers, i) => {
      numbers.forEach((value, k) => {
        numbers[k] = value - rate * at(gradients[i] as Float64Array, k)
      })
    })
  }
  near(train(net, { steps: STEPS, rows, inputs, rate }), expected, 'wasm and float64')
  net.dispose()
})

function near(found: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(found.length, STEPS)
  found.forEach((loss, i) => {
    const gap = Math.abs(loss / (expected[i] as number) - 1)
    assert.ok(gap < TOLERANCE, `${what}: batch ${i + 1} has ${loss} and ${expected[i]}, ${gap} apart`)
  })
}
