import assert from 'node:assert/strict'
import test from 'node:test'
import { withoutFinalActivation } from '../../../packages/trainer/src/model/final-activation.ts'
import { sizeOf } from '../../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { NamedNumbers } from '../../../packages/trainer/src/state.ts'
import { normal, optimizer, plan, randomNet, simdNet, towards } from './simd-nets.ts'
import { createReference } from './simd-reference.ts'

// With this optimizer and a learning rate of 1 the moment is the negative gradient itself, to the bit.
const TELLING = optimizer({ kind: 'momentum', momentum: 0 })

const most = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((high, x) => Math.max(high, Math.abs(x)), 0)

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what)
  const scale = Math.max(most(expected), 1e-3)
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs((actual[i] as number) - (expected[i] as number)) / scale
    assert.ok(off <= tolerance, `${what}[${i}] is ${actual[i]} and should be ${expected[i]}`)
  }
}

test('outputs and gradients of 150 random nets agree with float64 loops to 1e-5', async () => {
  const random = new RandomState(20)
  const kinds = new Set<string>()
  for (let round = 0; round < 150; round++) {
    const planned = randomNet(random)
    for (const { kind } of planned.layers) kinds.add(kind)
    const rows = 1 + random.interval(12)
    const batchSize = rows + random.interval(4)
    const { net, random: masks } = await simdNet(planned, {
      seed: round,
      batchSize,
      optimizer: TELLING,
      shares: 1 + random.interval(2),
    })
    for (const [name, numbers] of Object.entries(net.weights))
      if (name.endsWith('/bias')) numbers.set(normal(random, numbers.length))

    const body = withoutFinalActivation(planned)
    const reference = createReference(body, copy(net.weights))
    const features = normal(random, rows * sizeOf(planned.inputShape))
    const targets = normal(random, rows * planned.outputs)
    const what = `net ${round} (${planned.layers.map(({ kind }) => kind).join(', ')}, ${rows} rows)`

    assertClose(net.predict(features, rows), reference.forward(features, rows, null), 1e-5, `${what}: prediction`)
    const drawing = new RandomState(0)
    drawing.state = masks.state
    const expected = reference.forward(features, rows, drawing)
    net.step(
      features,
      rows,
      (outputs, gradient) => {
        assertClose(outputs, expected, 1e-5, `${what}: outputs`)
        towards(targets)(outputs, gradient)
      },
      1,
    )
    const gradients = reference.gradients(expected.map((value, i) => value - (targets[i] as number)))
    for (const [name, gradient] of Object.entries(gradients))
      assertClose(
        (net.moments[`${name}/momentum`] as Float32Array).map(value => -value),
        gradient,
        1e-5,
        `${what}: ${name}`,
      )
    assert.deepEqual(masks.state, drawing.state, `${what}: numbers drawn`)
    net.dispose()
  }
  assert.deepEqual([...kinds].sort(), [
    'activation',
    'averagePooling2d',
    'conv2d',
    'dense',
    'dropout',
    'flatten',
    'maxPooling2d',
  ])
})

test('the float64 loops are right themselves: their gradients are finite differences of their outputs', () => {
  const random = new RandomState(3)
  for (let round = 0; round < 10; round++) {
    const planned = withoutFinalActivation(randomNet(random))
    const weights: NamedNumbers = Object.fromEntries(
      planned.layers.flatMap(({ parameters }) =>
        parameters.map(({ name, shape }) => [name, random.randn(sizeOf(shape))]),
      ),
    )
    const features = normal(random, 2 * sizeOf(planned.inputShape))
    const reference = createReference(planned, weights)
    const loss = (): number => reference.forward(features, 2, null).reduce((sum, y) => sum + (y * y) / 2, 0)
    const gradients = reference.gradients(reference.forward(features, 2, null))
    for (const [name, gradient] of Object.entries(gradients)) {
      const at = random.interval(gradient.length - 1)
      const numbers = weights[name] as Float64Array
      const [before, h] = [numbers[at] as number, 1e-6]
      numbers[at] = before + h
      const above = loss()
      numbers[at] = before - h
      const below = loss()
      numbers[at] = before
      const difference = (above - below) / (2 * h)
      assert.ok(
        Math.abs(difference - (gradient[at] as number)) <= 1e-5 * Math.max(1, most(gradient)),
        `net ${round}, ${name}[${at}]: ${gradient[at]}, difference ${difference}`,
      )
    }
  }
})

test('a batch of few rows gives the same bits in a net made for many', async () => {
  const planned = plan(
    [
      { kind: 'conv2d', filters: 5, kernelSize: 3, padding: 'same', activation: 'tanh' },
      { kind: 'averagePooling2d', padding: 'same' },
      { kind: 'flatten' },
      { kind: 'dropout', rate: 0.25 },
      { kind: 'dense', units: 3, activation: 'softmax' },
    ],
    [5, 7, 2],
  )
  const random = new RandomState(8)
  const batch = (rows: number) => ({ rows, features: normal(random, rows * 70), targets: normal(random, rows * 3) })
  const [full, few] = [batch(21), batch(6)]
  const small = await simdNet(planned, { batchSize: 6 })
  const large = await simdNet(planned, { batchSize: 21 })
  const start = large.random.state
  // Both leave their rows behind in the large one's memory.
  large.net.step(full.features, full.rows, towards(full.targets), 0)
  large.net.predict(new Float32Array(21 * 70).fill(Number.NaN), 21)
  large.random.state = start
  for (const { net } of [small, large]) net.step(few.features, few.rows, towards(few.targets), 0.1)
  assert.deepEqual(copy(large.net.weights), copy(small.net.weights))
  assert.deepEqual(large.net.predict(full.features, 21), small.net.predict(full.features, 21))
})

test('a value that is not a number comes out of ReLU and of the largest of a pool', async () => {
  const planned = plan(
    [
      { kind: 'conv2d', filters: 1, kernelSize: 1, activation: 'relu' },
      { kind: 'maxPooling2d' },
      { kind: 'flatten' },
      { kind: 'dense', units: 1 },
    ],
    [2, 2, 1],
  )
  const { net } = await simdNet(planned, { batchSize: 4 })
  for (let at = 0; at < 4; at++) {
    const features = new Float32Array(4).fill(1)
    features[at] = Number.NaN
    assert.ok(Number.isNaN(net.predict(features, 1)[0]), `place ${at}`)
  }
})

const copy = (named: NamedNumbers): NamedNumbers =>
  Object.fromEntries(Object.entries(named).map(([name, numbers]) => [name, numbers.slice()]))
