// Each optimizer against its formula, and a training that is cut in two against one that is not.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  type Backend,
  distance,
  netOn,
  openBackends,
  planOf,
  squaredHead,
  train,
} from '../unit/trainer/autograd-nets.ts'

before(openBackends)

interface State {
  w: number
  m: number
  v: number
  t: number
}
/** One step of Keras's formula for one weight, in float64. m: velocity or first moment, v: second moment or accumulator. */
type Formula = (state: State, g: number, rate: number) => void

const momentum =
  (mu: number, nesterov: boolean): Formula =>
  (s, g, rate) => {
    s.m = mu * s.m - rate * g
    s.w += nesterov ? mu * s.m - rate * g : s.m
  }
const adam =
  (decay: number): Formula =>
  (s, g, rate) => {
    s.w -= rate * decay * s.w
    s.t += 1
    s.m = 0.9 * s.m + 0.1 * g
    s.v = 0.999 * s.v + 0.001 * g * g
    const [mean, meanSquare] = [s.m / (1 - 0.9 ** s.t), s.v / (1 - 0.999 ** s.t)]
    // Kingma's ε is Keras's divided by √(1 − β2ᵗ).
    s.w -= (rate * mean) / (Math.sqrt(meanSquare) + 1e-7 / Math.sqrt(1 - 0.999 ** s.t))
  }

const OPTIMIZERS: Record<
  string,
  { settings: { kind: string } & Record<string, unknown>; formula: Formula; v?: number }
> = {
  sgd: {
    settings: { kind: 'sgd' },
    formula: (s, g, rate) => {
      s.w -= rate * g
    },
  },
  'sgd with momentum and Nesterov': {
    settings: { kind: 'sgd', momentum: 0.8, nesterov: true },
    formula: momentum(0.8, true),
  },
  momentum: { settings: { kind: 'momentum' }, formula: momentum(0.9, false) },
  nesterov: { settings: { kind: 'nesterov' }, formula: momentum(0.9, true) },
  rmsprop: {
    settings: { kind: 'rmsprop' },
    formula: (s, g, rate) => {
      s.v = 0.9 * s.v + 0.1 * g * g
      s.w -= (rate * g) / (Math.sqrt(s.v) + 1e-7)
    },
  },
  adagrad: {
    settings: { kind: 'adagrad' },
    v: 0.1,
    formula: (s, g, rate) => {
      s.v += g * g
      s.w -= (rate * g) / (Math.sqrt(s.v) + 1e-7)
    },
  },
  adam: { settings: { kind: 'adam' }, formula: adam(0) },
  adamw: { settings: { kind: 'adamw', weightDecay: 0.05 }, formula: adam(0.05) },
}

/** One weight without a bias: y = w·x with x = 1, so that the head's gradient is the weight's. */
const oneWeight = planOf([1], { kind: 'dense', units: 1, useBias: false })

for (const [name, { settings, formula, v = 0 }] of Object.entries(OPTIMIZERS))
  test(`${name} makes the steps of its formula`, async () => {
    for (const backend of ['cpu', 'wasm'] as const) {
      const net = await netOn(backend, { plan: oneWeight }, { optimizer: settings })
      const weight = (): number => net.weights['dense/kernel']?.[0] as number
      const state: State = { w: weight(), m: 0, v, t: 0 }
      for (const [i, g] of [0.5, -2, 3, 0, 0.001, 1].entries()) {
        const rate = 0.1 / (i + 1)
        net.step(Float32Array.of(1), 1, (_, gradient) => void gradient.fill(g), rate)
        formula(state, g, rate)
        assert.ok(Math.abs(weight() - state.w) < 1e-6, `${backend}, step ${i + 1}: ${weight()} is not ${state.w}`)
      }
      net.dispose()
    }
  })

const everything = planOf(
  [6, 6, 2],
  { kind: 'conv2d', filters: 3, kernelSize: 3, activation: 'relu' },
  { kind: 'batchNormalization' },
  { kind: 'flatten' },
  { kind: 'dropout', rate: 0.3 },
  { kind: 'dense', units: 2 },
)

for (const [name, { settings }] of Object.entries(OPTIMIZERS))
  for (const backend of ['cpu', 'wasm'] satisfies Backend[])
    test(`a training with ${name} on ${backend} that goes on from what was saved comes to the same bits`, async () => {
      const { optionsOf } = await import('../unit/trainer/autograd-nets.ts')
      const { createAutogradNet } = await import('../../packages/trainer/src/engine/autograd/net.ts')
      const batches = { rows: 4, inputs: 72, rate: 0.01 }
      const options = optionsOf({ optimizer: settings })
      const whole = await netOn(backend, { plan: everything }, { optimizer: settings })
      train(whole, { ...batches, steps: 9 })

      const first = createAutogradNet({ plan: everything }, options)
      train(first, { ...batches, steps: 4 })
      const copy = (named: object): [string, Float32Array][] =>
        Object.entries(named).map(([key, numbers]) => [key, (numbers as Float32Array).slice()])
      const saved = { weights: copy(first.weights), moments: copy(first.moments), random: options.random.state }
      train(first, { ...batches, steps: 2, from: 4 })
      first.dispose()

      // Another start, and a step already made: nothing of it may be left.
      const others = optionsOf({ optimizer: settings, seed: 99 })
      const second = createAutogradNet({ plan: everything }, others)
      train(second, { ...batches, steps: 1 })
      for (const [key, numbers] of saved.weights) (second.weights[key] as Float32Array).set(numbers)
      for (const [key, numbers] of saved.moments) (second.moments[key] as Float32Array).set(numbers)
      second.stateChanged()
      others.random.state = saved.random
      train(second, { ...batches, steps: 5, from: 4 })

      assert.deepEqual(second.weights, whole.weights)
      assert.deepEqual(second.moments, whole.moments)
      whole.dispose()
      second.dispose()
    })

test('weights that were written from outside are those that predict, and moments that were not stay', async () => {
  const net = await netOn('wasm', { plan: oneWeight }, { optimizer: { kind: 'momentum' } })
  net.step(Float32Array.of(1), 1, squaredHead(1), 0.1)
  const before = (net.moments['dense/kernel/momentum'] as Float32Array).slice()
  net.step(Float32Array.of(1), 1, (_, gradient) => void gradient.fill(0), 0.1)
  const kernel = net.weights['dense/kernel'] as Float32Array
  kernel[0] = 3
  net.stateChanged()
  assert.deepEqual([...net.predict(Float32Array.of(2), 1)], [6])
  assert.ok(
    distance(
      net.moments['dense/kernel/momentum'] as Float32Array,
      before.map(value => value * 0.9),
    ) < 1e-6,
  )
  net.dispose()
})
