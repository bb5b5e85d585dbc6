// Which nets the kernels cannot train, in words.
import type { Optimizer } from '@trotline/contracts'
import { withoutFinalActivation } from '../../model/final-activation.ts'
import type { NetPlan } from '../../model/plan.ts'
import { memoryOf } from './layout.ts'
import { isSimdActivation } from './lower-layer.ts'
import { MEMORY_LIMIT } from './memory-plan.ts'

/** Of all optimizers the one with the most moments: what fits with it fits with every other. */
const HEAVIEST: Optimizer = { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }

/** The end of a sentence; null: the kernels can train it. */
export function whyNotSimd(plan: NetPlan, batchSize: number, shares: number): string | null {
  return missingKernel(plan) ?? tooLarge(plan, batchSize, shares, HEAVIEST)
}

export function missingKernel(plan: NetPlan): string | null {
  for (const layer of withoutFinalActivation(plan).layers) {
    if (layer.kind === 'batchNormalization')
      return `layer ${layer.name} is a batch normalization, which it has no kernel for`
    if (!('activation' in layer) || isSimdActivation(layer.activation)) continue
    return layer.activation === 'softmax'
      ? `layer ${layer.name} has softmax where the net does not end, which it has no kernel for`
      : `layer ${layer.name} has the activation ${layer.activation}, which it has no kernel for`
  }
  return null
}

export function tooLarge(plan: NetPlan, batchSize: number, shares: number, optimizer: Optimizer): string | null {
  const bytes = memoryOf(plan, batchSize, shares, optimizer)
  if (bytes <= MEMORY_LIMIT) return null
  return `it would take ${(bytes / 2 ** 30).toFixed(1)} GiB at a batch size of ${batchSize}, and its memory ends at 2 GiB`
}
