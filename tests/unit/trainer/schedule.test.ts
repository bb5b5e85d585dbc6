// Learning rates of single steps, by Keras's formulas and by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Schedule } from '../../../packages/contracts/src/index.ts'
import { learningRateOf } from '../../../packages/trainer/src/training/schedule.ts'

function rates(schedule: Record<string, unknown>, steps: readonly number[]): number[] {
  const rate = learningRateOf(Schedule.parse(schedule))
  return steps.map(rate)
}

function near(found: number[], expected: number[]): void {
  assert.equal(found.length, expected.length)
  found.forEach((rate, i) => {
    assert.ok(Math.abs(rate - (expected[i] as number)) < 1e-15, `${i}: ${rate} is not ${expected[i]}`)
  })
}

test('a number stays what it is', () => {
  assert.equal(learningRateOf(0.25)(1_000_000), 0.25)
})

test('exponential decay halves smoothly, or at once on a staircase', () => {
  const schedule = { kind: 'exponentialDecay', initialLearningRate: 1, decaySteps: 10, decayRate: 0.25 }
  near(rates(schedule, [0, 5, 10, 15]), [1, 0.5, 0.25, 0.125])
  near(rates({ ...schedule, staircase: true }, [0, 9, 10, 19, 20]), [1, 1, 0.25, 0.25, 0.0625])
})

test('inverse time decay divides by one more with every decay step', () => {
  const schedule = { kind: 'inverseTimeDecay', initialLearningRate: 1, decaySteps: 4, decayRate: 0.5 }
  near(rates(schedule, [0, 4, 8, 2]), [1, 1 / 1.5, 0.5, 0.8])
  near(rates({ ...schedule, staircase: true }, [3, 4, 7]), [1, 1 / 1.5, 1 / 1.5])
})

test('polynomial decay reaches its end and stays there, or begins again at a multiple of its steps', () => {
  const schedule = { kind: 'polynomialDecay', initialLearningRate: 1, decaySteps: 10, endLearningRate: 0.5, power: 2 }
  near(rates(schedule, [0, 5, 10, 25]), [1, 0.5 + 0.5 * 0.25, 0.5, 0.5])
  near(rates({ ...schedule, cycle: true }, [0, 10, 15, 20]), [1, 0.5, 0.5 + 0.5 * 0.0625, 0.5])
})

test('cosine decay falls by half a wave, after a warm-up where there is one', () => {
  const schedule = { kind: 'cosineDecay', initialLearningRate: 1, decaySteps: 100, alpha: 0.1 }
  near(rates(schedule, [0, 50, 100, 300]), [1, 0.55, 0.1, 0.1])
  const warm = { ...schedule, initialLearningRate: 0, warmupTarget: 2, warmupSteps: 10 }
  near(rates(warm, [0, 5, 10, 60, 110, 1000]), [0, 1, 2, 1.1, 0.2, 0.2])
})

test('a piece lasts until its boundary, the boundary included', () => {
  const schedule = { kind: 'piecewiseConstantDecay', boundaries: [2, 5], values: [1, 0.5, 0.1] }
  near(rates(schedule, [0, 2, 3, 5, 6, 100]), [1, 1, 0.5, 0.5, 0.1, 0.1])
})
