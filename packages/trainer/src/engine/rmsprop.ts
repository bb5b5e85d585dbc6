// Keras's RMSprop: v ← ρ·v + (1 − ρ)·g², w ← w − η·g / (√v + ε), with ρ = 0.9 and ε = 1e-7. Tieleman and Hinton 2012.
// ε stands outside the root, as in the tutorial's Keras (TensorFlow 1.12) and in PyTorch; tfjs and Keras 3 have it inside.

const RHO = 0.9
const EPSILON = 1e-7

export interface Optimizer {
  /** Changes the weights in place. */
  apply(weights: Float32Array, gradient: ArrayLike<number>): void
  /** All that it remembers from step to step. */
  meanSquare: Float32Array
}

/** Made once per array of weights: it keeps that array's running mean of squared gradients. */
export function createRmsprop(size: number, learningRate: number): Optimizer {
  const meanSquare = new Float32Array(size)
  return {
    meanSquare,
    apply(weights, gradient) {
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i] as number
        const v = Math.fround(RHO * (meanSquare[i] as number) + (1 - RHO) * g * g)
        meanSquare[i] = v
        weights[i] = (weights[i] as number) - (learningRate * g) / (Math.sqrt(v) + EPSILON)
      }
    },
  }
}
