import assert from 'node:assert/strict'
import test from 'node:test'
import type { Optimizer } from '../../../packages/contracts/src/compile.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { NamedNumbers } from '../../../packages/trainer/src/state.ts'
import { normal, optimizer, plan, simdNet, towards } from './simd-nets.ts'

/** One weight over the steps; gradients g₁, g₂, … Formulas in float64. */
type Formula = (w: number, gradients: readonly number[], rates: readonly number[]) => number

const velocity =
  (mu: number, nesterov: boolean): Formula =>
  (start, gradients, rates) => {
    let [w, m] = [start, 0]
    gradients.forEach((g, t) => {
      const rate = rates[t] as number
      m = mu * m - rate * g
      w += nesterov ? mu * m - rate * g : m
    })
    return w
  }

const adam =
  (decay: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7): Formula =>
  (start, gradients, rates) => {
    let [w, m, v] = [start, 0, 0]
    gradients.forEach((g, i) => {
      const rate = rates[i] as number
      w -= rate * decay * w
      m = beta1 * m + (1 - beta1) * g
      v = beta2 * v + (1 - beta2) * g * g
      const alpha = (rate * Math.sqrt(1 - beta2 ** (i + 1))) / (1 - beta1 ** (i + 1))
      w -= (alpha * m) / (Math.sqrt(v) + epsilon)
    })
    return w
  }

const OPTIMIZERS: [Optimizer, Formula][] = [
  [optimizer({ kind: 'sgd' }), velocity(0, false)],
  [optimizer({ kind: 'sgd', momentum: 0.5 }), velocity(0.5, false)],
  [optimizer({ kind: 'sgd', momentum: 0.5, nesterov: true }), velocity(0.5, true)],
  [optimizer({ kind: 'momentum' }), velocity(0.9, false)],
  [optimizer({ kind: 'nesterov' }), velocity(0.9, true)],
  [
    optimizer({ kind: 'rmsprop', rho: 0.8, epsilon: 0.01 }),
    (start, gradients, rates) => {
      let [w, v] = [start, 0]
      gradients.forEach((g, t) => {
        v = 0.8 * v + 0.2 * g * g
        w -= ((rates[t] as number) * g) / (Math.sqrt(v) + 0.01)
      })
      return w
    },
  ],
  [
    optimizer({ kind: 'adagrad', epsilon: 0.01 }),
    (start, gradients, rates) => {
      let [w, v] = [start, 0.1]
      gradients.forEach((g, t) => {
        v += g * g
        w -= ((rates[t] as number) * g) / (Math.sqrt(v) + 0.01)
      })
      return w
    },
  ],
  [optimizer({ kind: 'adam' }), adam(0)],
  [optimizer({ kind: 'adam', beta1: 0.7, beta2: 0.9, epsilon: 0.1 }), adam(0, 0.7, 0.9, 0.1)],
  [optimizer({ kind: 'adamw' }), adam(0.004)],
]

for (const [chosen, formula] of OPTIMIZERS)
  test(`${JSON.stringify(chosen)} moves every weight as its formula says`, async () => {
    // One row of ones and no bias: the gradient of every weight is that of its output, which the test chooses.
    const { net } = await simdNet(plan([{ kind: 'dense', units: 5, useBias: false }], [1]), {
      batchSize: 1,
      optimizer: chosen,
    })
    const weights = net.weights['dense/kernel'] as Float32Array
    const start = weights.slice()
    const random = new RandomState(5)
    const rates = [0.1, 0.1, 0.05, 0.02, 0.3, 0.1]
    const gradients = rates.map(() => normal(random, 5))
    gradients.forEach((step, t) => {
      net.step(new Float32Array([1]), 1, (_, gradient) => gradient.set(step), rates[t] as number)
    })
    weights.forEach((w, i) => {
      const expected = formula(
        start[i] as number,
        gradients.map(step => step[i] as number),
        rates,
      )
      assert.ok(Math.abs(w - expected) < 2e-6, `weight ${i} is ${w} and should be ${expected}`)
    })
  })

for (const [chosen] of OPTIMIZERS)
  test(`${JSON.stringify(chosen)} goes on from saved weights and moments as if it had never stopped`, async () => {
    const planned = plan(
      [
        { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
        { kind: 'maxPooling2d' },
        { kind: 'flatten' },
        { kind: 'dropout', rate: 0.3 },
        { kind: 'dense', units: 7, activation: 'tanh' },
        { kind: 'dense', units: 2 },
      ],
      [6, 6, 1],
    )
    const data = new RandomState(9)
    const batches = Array.from({ length: 12 }, (_, i) => {
      const rows = i % 4 === 3 ? 3 : 8
      return { rows, features: normal(data, rows * 36), targets: normal(data, rows * 2) }
    })
    const settings = { batchSize: 8, optimizer: chosen }
    const whole = await simdNet(planned, settings)
    const first = await simdNet(planned, settings)
    const second = await simdNet(planned, { ...settings, seed: 77 })
    const train = ({ net }: typeof whole, from: number, to: number): void => {
      for (const { rows, features, targets } of batches.slice(from, to))
        net.step(features, rows, towards(targets), 0.01)
    }
    train(whole, 0, 12)
    train(first, 0, 5)
    overwrite(second.net.weights, first.net.weights)
    overwrite(second.net.moments, first.net.moments)
    second.net.stateChanged()
    second.random.state = first.random.state
    train(second, 5, 12)
    assert.deepEqual(copy(second.net.weights), copy(whole.net.weights))
    assert.deepEqual(copy(second.net.moments), copy(whole.net.moments))
  })

test('moments are named after their weights, and Adam keeps the powers of its betas beside them', async () => {
  const planned = plan([{ kind: 'dense', units: 1 }], [1])
  const names = async (kind: string): Promise<string[]> =>
    Object.keys((await simdNet(planned, { batchSize: 1, optimizer: optimizer({ kind }) })).net.moments)
  assert.deepEqual(await names('sgd'), [])
  assert.deepEqual(await names('nesterov'), ['dense/kernel/momentum', 'dense/bias/momentum'])
  assert.deepEqual(await names('rmsprop'), ['dense/kernel/rms', 'dense/bias/rms'])
  assert.deepEqual(await names('adagrad'), ['dense/kernel/accumulator', 'dense/bias/accumulator'])
  const adam = ['dense/kernel/m', 'dense/bias/m', 'dense/kernel/v', 'dense/bias/v', 'beta_powers']
  assert.deepEqual(await names('adam'), adam)
  assert.deepEqual(await names('adamw'), adam)
})

function overwrite(target: NamedNumbers, source: NamedNumbers): void {
  for (const [name, numbers] of Object.entries(source)) target[name]?.set(numbers)
}
const copy = (named: NamedNumbers): NamedNumbers =>
  Object.fromEntries(Object.entries(named).map(([name, numbers]) => [name, numbers.slice()]))
