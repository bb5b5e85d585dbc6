// The learning rate of each step, as Keras's schedules have it: a step is one batch, counted from 0 over the whole training.
// keras/src/optimizers/schedules/learning_rate_schedule.py
import type { Schedule } from '@trotline/contracts'

/** @param step batches trained before this one */
export type LearningRate = (step: number) => number

export function learningRateOf(rate: number | Schedule): LearningRate {
  if (typeof rate === 'number') return () => rate
  switch (rate.kind) {
    case 'exponentialDecay': {
      const { initialLearningRate, decayRate } = rate
      return step => initialLearningRate * decayRate ** passed(rate, step)
    }
    case 'inverseTimeDecay': {
      const { initialLearningRate, decayRate } = rate
      return step => initialLearningRate / (1 + decayRate * passed(rate, step))
    }
    case 'polynomialDecay':
      return step => polynomial(rate, step)
    case 'cosineDecay':
      return step => cosine(rate, step)
    case 'piecewiseConstantDecay': {
      const { boundaries, values } = rate
      return step => {
        const piece = boundaries.findIndex(boundary => step <= boundary)
        return values[piece === -1 ? boundaries.length : piece] as number
      }
    }
  }
}

/** Decay steps that have gone by, whole ones alone where the schedule is a staircase. */
function passed({ decaySteps, staircase }: { decaySteps: number; staircase: boolean }, step: number): number {
  return staircase ? Math.floor(step / decaySteps) : step / decaySteps
}

function polynomial(
  { initialLearningRate, decaySteps, endLearningRate, power, cycle }: Extract<Schedule, { kind: 'polynomialDecay' }>,
  step: number,
): number {
  // A cycle that has ended begins again with more steps, at the rate that these give.
  const steps = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps
  const left = 1 - Math.min(step, steps) / steps
  return (initialLearningRate - endLearningRate) * left ** power + endLearningRate
}

function cosine(
  { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }: Extract<Schedule, { kind: 'cosineDecay' }>,
  step: number,
): number {
  const decayed = (from: number, after: number): number => {
    const half = 0.5 * (1 + Math.cos((Math.PI * Math.min(after, decaySteps)) / decaySteps))
    return from * ((1 - alpha) * half + alpha)
  }
  if (warmupTarget === null) return decayed(initialLearningRate, step)
  if (step < warmupSteps) return initialLearningRate + (warmupTarget - initialLearningRate) * (step / warmupSteps)
  return decayed(warmupTarget, step - warmupSteps)
}
