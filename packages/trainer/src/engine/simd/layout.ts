// One linear memory for a net: parameters, moments and gradients as flat arrays, room for a batch, and the programs behind them.
import type { Optimizer } from '@trotline/contracts'
import { withoutFinalActivation } from '../../model/final-activation.ts'
import type { NetPlan } from '../../model/plan.ts'
import { floatsOf, type Lowered, lower, scratchOf } from './lower.ts'
import { MemoryPlan } from './memory-plan.ts'
import { createSimdOptimizer, NUMBERS, type SimdOptimizer } from './optimizer.ts'
import { call, type Program } from './program.ts'
import { controlWords } from './threads.ts'

export interface Layout
  extends Pick<Lowered, 'features' | 'outputs' | 'outputGradient' | 'parameters' | 'parameterFloats' | 'dropouts'> {
  bytes: number
  /** Int32 words by which threads agree. */
  control: number
  numbers: number
  weights: number
  moments: readonly number[]
  /** One a share, with its scratch behind it. */
  gradients: readonly number[]
  forward: Program
  predict: Program
  backward: Program
  update: Program
}

interface Wanted {
  batchSize: number
  shares: number
  optimizer: SimdOptimizer
}

export function layOut(plan: NetPlan, { batchSize, shares, optimizer }: Wanted): Layout {
  const memory = new MemoryPlan()
  const body = withoutFinalActivation(plan)
  const floats = floatsOf(body.layers.flatMap(layer => layer.parameters))
  const control = memory.take(controlWords(shares))
  const numbers = memory.take(NUMBERS)
  const weights = memory.take(floats)
  const moments = optimizer.moments.map(() => memory.take(floats))
  const lowered = lower(body, { batchSize, shares, memory, parametersAt: weights })
  const gradientFloats = scratchOf(floats) / 4 + lowered.scratchFloats
  const gradients = Array.from({ length: shares }, () => memory.take(gradientFloats))
  const step = shares > 1 ? (gradients[1] as number) - (gradients[0] as number) : 0
  const update = [
    ...(shares > 1 ? call('addShares', step, shares) : []),
    ...optimizer.update(weights, numbers, moments),
  ]
  const program = (words: readonly number[]): Program => {
    const at = memory.take(words.length)
    return { at, end: at + words.length * 4, words }
  }
  const programs = {
    forward: program(lowered.forward),
    predict: program(lowered.predict),
    backward: program(lowered.backward),
    update: program(update),
  }
  return { ...lowered, control, numbers, weights, moments, gradients, ...programs, bytes: memory.bytes }
}

/** Bytes, moments of the optimizer included. */
export const memoryOf = (plan: NetPlan, batchSize: number, shares: number, optimizer: Optimizer): number =>
  layOut(plan, { batchSize, shares, optimizer: createSimdOptimizer(optimizer) }).bytes
