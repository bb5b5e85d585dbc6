// The head between a net and its loss: figures by hand, and every gradient against finite differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACTIVATIONS } from '../../../packages/contracts/src/index.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { Compiled } from '../../../packages/trainer/src/training/compile.ts'
import { createHead } from '../../../packages/trainer/src/training/head.ts'
import type { LossKind } from '../../../packages/trainer/src/training/losses.ts'

const plain = { metrics: [], answers: null, weights: null, oneHot: false } as const
const compiled = (rest: Partial<Compiled> & Pick<Compiled, 'width' | 'loss'>): Compiled => ({
  ...plain,
  activation: 'linear',
  ...rest,
})

/** Mean loss and gradient of one batch, the outputs kept as the float32 that an engine gives. */
function scored(of: Compiled, outputs: ArrayLike<number>, targets: ArrayLike<number>, rows: number) {
  const head = createHead(of, rows)
  const gradient = new Float32Array(rows * of.width)
  head.begin(Float32Array.from(targets), rows)
  const sums = head.newSums()
  head.step(sums)(Float32Array.from(outputs), gradient)
  return { head, sums, gradient, loss: head.batchLoss }
}

const near = (found: number | undefined, expected: number, tolerance = 1e-6, what = ''): void =>
  assert.ok(
    Math.abs(Number(found) - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what} ${found} is not ${expected}`,
  )

const KINDS: readonly LossKind[] = [
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'binaryCrossentropy',
  'sigmoidCrossentropy',
  'categoricalCrossentropy',
  'softmaxCrossentropy',
]
/** What gives probabilities, as the two losses without logits want them. */
const probable = (loss: LossKind) => loss === 'binaryCrossentropy' || loss === 'categoricalCrossentropy'

for (const loss of KINDS)
  for (const activation of ACTIVATIONS) {
    if (probable(loss) && activation !== 'sigmoid' && activation !== 'softmax') continue
    test(`the gradient of ${loss} through ${activation} is that of finite differences`, () => {
      const random = new RandomState(KINDS.indexOf(loss))
      const [rows, width] = [3, 4]
      // Multiples of 1/64, so that a step of 1/1024 to either side is exact in float32, and away from the corners at 0, ±1, 2.5 and 6.
      const outputs = Array.from(random.rand(rows * width), x => Math.round(64 * (3 * x - 1.5)) / 64 + 1 / 128)
      const targets = loss.endsWith('opy')
        ? Array.from({ length: rows * width }, (_, i) => (i % width === Math.floor(i / width) ? 1 : 0))
        : Array.from(random.randn(rows * width), x => x + 0.003)
      const weights = loss.endsWith('opy') ? new Map([[1, 2.5]]) : null
      const of = compiled({ width, loss, activation, weights })
      const { gradient } = scored(of, outputs, targets, rows)
      const h = 1 / 1024
      for (let i = 0; i < outputs.length; i++) {
        const [up, down] = [h, -h].map(
          step => scored(of, outputs.with(i, (outputs[i] as number) + step), targets, rows).loss,
        ) as [number, number]
        near(gradient[i], (up - down) / (2 * h), 1e-5, `output ${i}:`)
      }
    })
  }

test('mean squared error is the mean over rows and outputs, and so is its gradient', () => {
  const { loss, gradient } = scored(compiled({ width: 2, loss: 'meanSquaredError' }), [1, 2, 3, 4], [0, 2, 5, 4], 2)
  // Errors 1, 0, −2, 0.
  assert.equal(loss, (1 + 4) / 4)
  assert.deepEqual([...gradient], [0.5, 0, -1, 0])
})

test('mean absolute error and Huber are linear far from the target, and Huber is half the square near it', () => {
  const outputs = [0.5, 3]
  const targets = [0, 0]
  assert.equal(scored(compiled({ width: 1, loss: 'meanAbsoluteError' }), outputs, targets, 2).loss, 1.75)
  const huber = scored(compiled({ width: 1, loss: 'huber' }), outputs, targets, 2)
  assert.equal(huber.loss, (0.125 + 2.5) / 2)
  assert.deepEqual([...huber.gradient], [0.25, 0.5])
})

test('cross-entropy of the right class is minus the logarithm of its probability', () => {
  const of = compiled({ width: 3, loss: 'softmaxCrossentropy', oneHot: true })
  const { loss, gradient, head } = scored(of, [Math.log(1), Math.log(2), Math.log(5)], [1], 1)
  near(loss, -Math.log(2 / 8))
  const shares = [1 / 8, 2 / 8, 5 / 8]
  shares.forEach((share, i) => {
    near(head.predictions[i], share)
    near(gradient[i], share - (i === 1 ? 1 : 0))
  })
})

test('logits of a thousand neither overflow nor lose the gradient', () => {
  const softmax = scored(compiled({ width: 2, loss: 'softmaxCrossentropy', oneHot: true }), [1000, -1000], [1], 1)
  assert.deepEqual([softmax.loss, ...softmax.gradient], [2000, 1, -1])
  const sigmoid = scored(compiled({ width: 1, loss: 'sigmoidCrossentropy' }), [-1000], [1], 1)
  assert.deepEqual([sigmoid.loss, ...sigmoid.gradient], [1000, -1])
})

test('a probability of exactly 0 or 1 is clipped as Keras clips it', () => {
  const { loss } = scored(compiled({ width: 1, loss: 'binaryCrossentropy' }), [0], [1], 1)
  near(loss, -Math.log(1e-7))
})

test('with and without the softmax inside the loss comes to the same', () => {
  const outputs = [0.3, -1.2, 2.1, 0.4, 0.1, -0.7]
  const inside = scored(compiled({ width: 3, loss: 'softmaxCrossentropy', oneHot: true }), outputs, [2, 0], 2)
  const of = compiled({ width: 3, loss: 'categoricalCrossentropy', activation: 'softmax', oneHot: true })
  const outside = scored(of, outputs, [2, 0], 2)
  near(inside.loss, outside.loss, 1e-12)
  for (const [i, value] of inside.gradient.entries()) near(value, outside.gradient[i] as number)
})

test('class weights are factors of loss and gradient in training, and are left out in evaluation', () => {
  const of = compiled({ width: 2, loss: 'softmaxCrossentropy', oneHot: true, weights: new Map([[1, 3]]) })
  const outputs = [1, 0, 1, 0]
  const weighted = scored(of, outputs, [0, 1], 2)
  const [right, wrong] = [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(1))]
  near(weighted.loss, (right + 3 * wrong) / 2)
  const plainly = scored({ ...of, weights: null }, outputs, [0, 1], 2)
  near(weighted.gradient[0], plainly.gradient[0] as number)
  near(weighted.gradient[2], 3 * (plainly.gradient[2] as number))
  const sums = weighted.head.newSums()
  weighted.head.measure(Float32Array.from(outputs), sums)
  near(weighted.head.valuesOf(sums, 'val_').val_loss, (right + wrong) / 2)
})

test('the sums of batches of any sizes come to the values of the whole', () => {
  const of = compiled({ width: 1, loss: 'meanSquaredError', metrics: ['meanAbsoluteError', 'rootMeanSquaredError'] })
  const head = createHead(of, 4)
  const sums = head.newSums()
  for (const [outputs, targets] of [
    [
      [1, 2, 3, 4],
      [1, 1, 1, 1],
    ],
    [[7], [1]],
  ] as const) {
    head.begin(Float32Array.from(targets), targets.length)
    head.step(sums)(Float32Array.from(outputs), new Float32Array(outputs.length))
  }
  assert.deepEqual(head.valuesOf(sums, ''), { loss: 10, mae: 12 / 5, rmse: Math.sqrt(10) })
})

test('an output that is not a number makes a loss that is none, whatever the loss', () => {
  for (const loss of KINDS) {
    const { loss: found } = scored(compiled({ width: 2, loss }), [Number.NaN, 1], [1, 0], 1)
    assert.ok(Number.isNaN(found), loss)
  }
})
