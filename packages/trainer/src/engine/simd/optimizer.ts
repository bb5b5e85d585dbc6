// The optimizers' moments, and the numbers of a step that their kernels read. Formulas: Keras's; ε stands outside the root
// everywhere, as in the tutorial's Keras and in PyTorch. https://keras.io/api/optimizers
import type { Optimizer } from '@trotline/contracts'
import { call } from './program.ts'

/** The most numbers that a step has. */
export const NUMBERS = 8

export interface SimdOptimizer {
  /** One flat array each, beside the parameters: the word in a moment's name, and what it starts with. */
  moments: readonly { name: string; start: number }[]
  /** β₁ᵗ and β₂ᵗ of Adam: multiplied step by step, so that a resumed training has the same bits as one that was never stopped. */
  betaPowers: Float64Array | null
  /**
   * One call.
   * @param moments addresses, in their order
   */
  update(weights: number, numbers: number, moments: readonly number[]): number[]
  /** What this step's call reads; remembers that there was a step. */
  begin(learningRate: number, numbers: Float32Array): void
}

export function createSimdOptimizer(optimizer: Optimizer): SimdOptimizer {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0 && !optimizer.nesterov ? sgd : momentum(optimizer.momentum, optimizer.nesterov)
    case 'momentum':
      return momentum(optimizer.momentum, false)
    case 'nesterov':
      return momentum(optimizer.momentum, true)
    case 'rmsprop': {
      const { rho, epsilon } = optimizer
      return {
        moments: [{ name: 'rms', start: 0 }],
        betaPowers: null,
        update: (w, numbers, [v]) => call('rmsprop', w, numbers, v as number),
        begin(learningRate, numbers) {
          numbers[0] = learningRate
          numbers[1] = rho
          numbers[2] = 1 - rho
          numbers[3] = epsilon
        },
      }
    }
    case 'adagrad':
      return {
        moments: [{ name: 'accumulator', start: optimizer.initialAccumulatorValue }],
        betaPowers: null,
        update: (w, numbers, [v]) => call('adagrad', w, numbers, v as number),
        begin(learningRate, numbers) {
          numbers[0] = learningRate
          numbers[1] = optimizer.epsilon
        },
      }
    case 'adam':
      return adam(optimizer, 0)
    case 'adamw':
      return adam(optimizer, optimizer.weightDecay)
  }
}

const sgd: SimdOptimizer = {
  moments: [],
  betaPowers: null,
  update: (w, numbers) => call('sgd', w, numbers),
  begin: (learningRate, numbers) => {
    numbers[0] = learningRate
  },
}

const momentum = (mu: number, nesterov: boolean): SimdOptimizer => ({
  moments: [{ name: 'momentum', start: 0 }],
  betaPowers: null,
  update: (w, numbers, [m]) => call('momentum', w, numbers, m as number, nesterov ? 1 : 0),
  begin(learningRate, numbers) {
    numbers[0] = learningRate
    numbers[1] = mu
  },
})

function adam(
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
  weightDecay: number,
): SimdOptimizer {
  const betaPowers = new Float64Array([1, 1])
  return {
    moments: [
      { name: 'm', start: 0 },
      { name: 'v', start: 0 },
    ],
    betaPowers,
    update: (w, numbers, [m, v]) => call('adam', w, numbers, m as number, v as number),
    begin(learningRate, numbers) {
      const power1 = (betaPowers[0] as number) * beta1
      const power2 = (betaPowers[1] as number) * beta2
      betaPowers[0] = power1
      betaPowers[1] = power2
      numbers[0] = (learningRate * Math.sqrt(1 - power2)) / (1 - power1)
      numbers[1] = beta1
      numbers[2] = 1 - beta1
      numbers[3] = beta2
      numbers[4] = 1 - beta2
      numbers[5] = epsilon
      numbers[6] = learningRate * weightDecay
    },
  }
}
