// The step's mathematics against independent arithmetic: gradients by finite differences in float64, RMSprop by hand.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { openCpu } from '../../../packages/trainer/src/backends/cpu.ts'
import { openWasm } from '../../../packages/trainer/src/backends/wasm.ts'
import { type Activation, dense } from '../../../packages/trainer/src/engine/dense.ts'
import { glorotUniform } from '../../../packages/trainer/src/engine/glorot.ts'
import { meanSquaredError } from '../../../packages/trainer/src/engine/mean-squared-error.ts'
import { createRmsprop } from '../../../packages/trainer/src/engine/rmsprop.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { makeAssets } from './assets.ts'

const [ROWS, INPUTS] = [5, 3]
const random = new RandomState(11)
const x = Float32Array.from(random.randn(ROWS * INPUTS))
const weights = Float32Array.from(random.randn(INPUTS))
const bias = Float32Array.from(random.randn(1))
const labels = Float32Array.from(random.randn(ROWS))

/** The loss of one unit in float64, as a function of all its inputs in one row: x, weights, bias. */
function lossOf(all: readonly number[], activation: Activation): number {
  const at = (i: number): number => all[i] as number
  let sum = 0
  for (let row = 0; row < ROWS; row++) {
    let z = at(ROWS * INPUTS + INPUTS)
    for (let i = 0; i < INPUTS; i++) z += at(row * INPUTS + i) * at(ROWS * INPUTS + i)
    const y = activation === 'relu' ? Math.max(0, z) : z
    sum += (y - (labels[row] as number)) ** 2
  }
  return sum / ROWS
}

before(async () => {
  await openCpu()
  await openWasm({ directory: await makeAssets() })
})

for (const backend of ['cpu', 'wasm'])
  for (const activation of ['relu', 'linear'] as const)
    test(`the gradients of a ${activation} layer and its loss on ${backend} are those of finite differences`, async () => {
      await tf.setBackend(backend)
      const all = [...x, ...weights, ...bias]
      const expected = all.map((value, i) => {
        const h = 1e-5
        return (lossOf(all.with(i, value + h), activation) - lossOf(all.with(i, value - h), activation)) / (2 * h)
      })
      const found = tf.tidy(() => {
        const inputs = [tf.tensor2d(x, [ROWS, INPUTS]), tf.tensor2d(weights, [INPUTS, 1]), tf.tensor1d(bias)] as const
        const loss = (...given: tf.Tensor[]): tf.Scalar => {
          const [features, kernel, offset] = given as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D]
          return meanSquaredError(dense(features, kernel, offset, activation), labels, () => {})
        }
        return tf
          .grads(loss)([...inputs])
          .flatMap(gradient => [...gradient.dataSync()])
      })
      assert.equal(found.length, expected.length)
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - (expected[i] as number)) < 1e-5, `${i}: ${value} is not ${expected[i]}`)
      })
    })

// g = 2, then 4: v = 0.1·4 = 0.4, then 0.9·0.4 + 0.1·16 = 1.96; steps 0.01·2/√0.4 and 0.01·4/1.4.
test('RMSprop keeps a running mean of squared gradients and divides by its root', () => {
  const weights = new Float32Array([1])
  const { apply } = createRmsprop(1, 0.01)
  apply(weights, [2])
  assert.ok(Math.abs((weights[0] as number) - (1 - 0.0316227766)) < 1e-6)
  apply(weights, [4])
  assert.ok(Math.abs((weights[0] as number) - (1 - 0.0316227766 - 0.0285714286)) < 1e-6)
})

test('Glorot-uniform weights lie within the limit and repeat with the seed', () => {
  const draw = (seed: number) => glorotUniform(new RandomState(seed), 64, 64)
  const limit = Math.sqrt(6 / 128)
  assert.ok(draw(0).every(weight => Math.abs(weight) <= limit))
  assert.ok(Math.max(...draw(0)) > 0.99 * limit)
  assert.deepEqual(draw(0), draw(0))
  assert.notDeepEqual(draw(0), draw(1))
})
