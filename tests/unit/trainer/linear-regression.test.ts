// Exercise 1: the figures are those that the tutorial prints, in all three forms, and those of numpy for other seeds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluation, ModelGraph } from '../../../packages/contracts/src/artifacts.ts'
import { pairwiseSum } from '../../../packages/trainer/src/data/pairwise-sum.ts'
import { createPace } from '../../../packages/trainer/src/pace.ts'
import { errorMeans } from '../../../packages/trainer/src/presets/line-errors.ts'
import {
  add,
  backward,
  leaf,
  mean,
  multiply,
  square,
  subtract,
} from '../../../packages/trainer/src/presets/line-tape.ts'
import { prepareLine } from '../../../packages/trainer/src/presets/linear-regression.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { EpochValues, Trainable } from '../../../packages/trainer/src/trainable.ts'
import { vectors } from '../../fixtures/numpy/vectors.ts'
import { train as fitted } from './training.ts'

const FORMS = ['manual', 'autograd', 'optimizer'] as const
const pace = createPace(new AbortController().signal)
const printed = (value: unknown): string => (value as number).toFixed(8)

/** Every epoch's values, until there is none left or `epochs` of them. */
async function train(line: Trainable, epochs = Number.POSITIVE_INFINITY): Promise<EpochValues[]> {
  const all: EpochValues[] = []
  const watch = {
    ended: (values: EpochValues) => all.push(values),
    diverged: () => assert.fail('a line has no batch that could diverge within an epoch'),
  }
  while (!line.finished() && all.length < epochs) await line.trainEpoch(pace, watch)
  return all
}

for (const form of FORMS)
  test(`seed 42 starts, ends and is solved exactly with the page's figures: ${form}`, async () => {
    const line = prepareLine({ seed: 42, epochs: 1000, form })
    assert.equal((await train(line)).length, 1000)
    const { start, end, leastSquares } = line.facts().coefficients ?? {}
    assert.deepEqual([start?.a, start?.b].map(printed), ['0.49671415', '-0.13826430'])
    assert.deepEqual([end?.a, end?.b].map(printed), ['1.02354094', '1.96896411'])
    assert.deepEqual([leastSquares?.intercept, leastSquares?.slope].map(printed), ['1.02354075', '1.96896447'])
  })

// The page's loop in numpy 1.24.2 on Debian 12: print(repr(a[0]), repr(b[0]), repr(loss))
test('seed 42 by hand is equal to numpy in every bit', async () => {
  const epochs = await train(prepareLine({ seed: 42, epochs: 1000, form: 'manual' }))
  const { a, b, loss } = epochs.at(-1) ?? {}
  assert.deepEqual([a, b, loss], [1.02354093708, 1.9689641135454565, 0.008044657695505499])
})

// randn differs from numpy's by 2 ulp at most, and so does whatever is computed from it.
const close = (found: number | null | undefined, wanted: number, what: string): void =>
  assert.ok(
    Math.abs((found as number) - wanted) <= 1e-13 * Math.max(1, Math.abs(wanted)),
    `${what}: ${found} ${wanted}`,
  )

for (const recorded of vectors.linearRegression)
  test(`seed ${recorded.seed} comes to what numpy comes to with the page's code`, async () => {
    const line = prepareLine({ seed: recorded.seed, epochs: 1000, form: 'manual' })
    const epochs = await train(line)
    const { start, end, leastSquares } = line.facts().coefficients ?? {}
    close(start?.a, recorded.start[0], 'start a')
    close(start?.b, recorded.start[1], 'start b')
    close(end?.a, recorded.end[0], 'end a')
    close(end?.b, recorded.end[1], 'end b')
    close(leastSquares?.intercept, recorded.leastSquares[0], 'intercept')
    close(leastSquares?.slope, recorded.leastSquares[1], 'slope')
    close(epochs.at(-1)?.loss, recorded.loss, 'loss')
  })

test('the means of one pass are those of three pairwise sums in every bit, for any number of points up to 128', () => {
  const random = new RandomState(7)
  const line = { a: 0.3, b: -1.7 }
  for (let count = 1; count <= 128; count++) {
    const [x, y] = [random.rand(count), random.randn(count)]
    const errors = y.map((value, i) => value - (line.a + line.b * (x[i] as number)))
    const meanOf = (values: Float64Array): number => pairwiseSum(values) / count
    assert.deepEqual(
      errorMeans({ x, y }, line),
      {
        squares: meanOf(errors.map(error => error * error)),
        errors: meanOf(errors),
        products: meanOf(errors.map((error, i) => (x[i] as number) * error)),
      },
      `${count} points`,
    )
  }
  const points = { x: new Float64Array(129), y: new Float64Array(129) }
  assert.throws(() => errorMeans(points, line), new TypeError('129 points: numpy adds more than 128 in halves'))
})

test('all three forms agree to 1e-12 in every epoch, whatever the seed', async () => {
  for (const seed of [0, 1, 42, 2 ** 32 - 1]) {
    const [manual, ...others] = await Promise.all(FORMS.map(form => train(prepareLine({ seed, epochs: 300, form }))))
    for (const other of others)
      manual?.forEach((values, epoch) => {
        for (const [name, value] of Object.entries(values))
          assert.ok(Math.abs(value - (other[epoch]?.[name] as number)) < 1e-12, `${seed}, epoch ${epoch}: ${name}`)
      })
  }
})

test('every epoch reports loss, val_loss, a and b, and the least squares are the evaluation', async () => {
  const line = prepareLine({ seed: 42, epochs: 7, form: 'manual' })
  const epochs = await train(line)
  for (const values of epochs) assert.deepEqual(Object.keys(values), ['loss', 'val_loss', 'a', 'b'])
  assert.deepEqual([line.progress(), line.finished()], [{ epochs: 7, batches: 0 }, true])
  const { values } = (await line.evaluate(pace)) ?? {}
  assert.deepEqual(Object.values(values ?? {}).map(printed), ['1.02354075', '1.96896447'])
})

test('what the page plots can be drawn from the artifacts: points, lines and the graph of the prediction', async () => {
  const line = prepareLine({ seed: 42, epochs: 1000, form: 'autograd' })
  await train(line)
  const artifacts = Object.fromEntries(
    ((await line.evaluate(pace))?.artifacts ?? []).map(({ name, bytes }) => [name, JSON.parse(String(bytes))]),
  )
  const evaluation = Evaluation.parse(artifacts['evaluation.json'])
  assert.ok(evaluation.kind === 'line')
  const { training, validation, start, end, leastSquares } = evaluation
  assert.deepEqual(
    [training, validation].flatMap(({ x, y }) => [x.length, y.length]),
    [80, 80, 20, 20],
  )
  const order = vectors.linearRegression.find(({ seed }) => seed === 42)?.order ?? []
  const x = new RandomState(42).rand(100)
  assert.deepEqual(
    [...training.x, ...validation.x],
    order.map(i => x[i]),
  )
  assert.deepEqual([start.a, end.a, leastSquares.a].map(printed), ['0.49671415', '1.02354094', '1.02354075'])
  const { nodes, edges } = ModelGraph.parse(artifacts['model-graph.json'])
  assert.deepEqual(
    nodes.map(({ name, params }) => [name, params]),
    [
      ['a', 1],
      ['b', 1],
      ['x', 0],
      ['multiply', 0],
      ['add', 0],
    ],
  )
  assert.deepEqual(
    edges.map(({ from, to }) => `${from} → ${to}`),
    ['b → multiply', 'x → multiply', 'a → add', 'multiply → add'],
  )
})

test('the report of a training carries coefficients, the last five epochs and the metrics', async () => {
  const { outcome, epochs, backends } = await fitted('/nowhere', {
    preset: 'linear-regression',
    epochs: 1000,
    seed: 42,
  })
  assert.ok(outcome.kind === 'completed')
  const { coefficients, history, metrics, layers, trainStatistics, weightsSha256 } = outcome.report
  assert.deepEqual([coefficients?.end.a, coefficients?.end.b].map(printed), ['1.02354094', '1.96896411'])
  const { least_squares_a, least_squares_b, ...last } = metrics
  assert.deepEqual([last, layers, trainStatistics], [epochs.at(-1)?.values, null, null])
  assert.deepEqual([least_squares_a, least_squares_b].map(printed), ['1.02354075', '1.96896447'])
  assert.deepEqual([history.length, history.at(-1)?.epoch, epochs.length], [5, 999, 1000])
  assert.deepEqual([backends[0]?.backend, backends[0]?.engine], ['cpu', 'float64'])
  assert.match(weightsSha256 ?? '', /^[0-9a-f]{64}$/)
})

test('another seed gives other data and another start', async () => {
  const [one, two] = [0, 1].map(seed => prepareLine({ seed, epochs: 1, form: 'manual' }).facts().coefficients)
  assert.notEqual(one?.start.a, two?.start.a)
  assert.notEqual(one?.leastSquares.slope, two?.leastSquares.slope)
})

for (const form of FORMS)
  test(`a state taken in the middle goes on to the same end, bit by bit: ${form}`, async () => {
    const whole = prepareLine({ seed: 3, epochs: 50, form })
    await train(whole, 20)
    const [progress, state] = [whole.progress(), whole.state()]
    await train(whole)
    const resumed = prepareLine({ seed: 3, epochs: 50, form })
    resumed.restore(progress, state)
    assert.equal((await train(resumed)).length, 30)
    assert.deepEqual(resumed.state(), whole.state())
    assert.deepEqual([progress.epochs, resumed.progress().epochs], [20, 50])
  })

test('a learning rate that is too large is seen in the loss of the epoch in which it overflows', async () => {
  for (const form of FORMS) {
    const line = prepareLine({ seed: 42, epochs: 1, form }, 1e200)
    const [values] = await train(line)
    assert.equal(values?.val_loss, Number.POSITIVE_INFINITY)
  }
  const beyond = prepareLine({ seed: 42, epochs: 2, form: 'manual' }, 1e300)
  await train(beyond)
  const { end } = beyond.facts().coefficients ?? {}
  assert.deepEqual([end?.a, end?.b], [null, null])
})

test("the tape's gradients are those of finite differences, of numbers that are taken for every place too", () => {
  const values = { a: [0.3], b: [-1.2], x: [0.5, 2, -0.7], y: [1, -2, 0.25] }
  type Values = typeof values
  const build = (of: Values) => {
    const [a, b, x, y] = [leaf('a', of.a), leaf('b', of.b), leaf('x', of.x), leaf('y', of.y)]
    // Each is used more than once, so that gradients have to be added up.
    const loss = mean(square(subtract(multiply(y, multiply(x, a)), add(multiply(b, x), multiply(a, a)))))
    return { leaves: { a, b, x, y }, loss }
  }
  const { leaves, loss } = build(values)
  backward(loss)
  for (const name of ['a', 'b', 'x', 'y'] as const)
    values[name].forEach((value, i) => {
      const moved = (by: number): number =>
        build({ ...values, [name]: values[name].with(i, value + by) }).loss.data[0] as number
      const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
      assert.ok(Math.abs((leaves[name].gradient[i] as number) - slope) < 1e-8, `∂loss/∂${name}[${i}]`)
    })
})

test('gradients add up over two walks back, as in PyTorch, until they are set to 0', () => {
  const a = leaf('a', [3])
  for (const expected of [6, 12]) {
    backward(mean(square(a)))
    assert.equal(a.gradient[0], expected)
  }
  a.gradient.fill(0)
  backward(mean(square(a)))
  assert.equal(a.gradient[0], 6)
})
