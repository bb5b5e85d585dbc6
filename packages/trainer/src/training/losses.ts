// Keras's losses of single rows, in float64, each with its gradient. What is a probability is clipped as Keras clips it.
// keras/src/losses/losses.py; where softmax or sigmoid belongs to the loss, both are one function, exact for any logit.
import { sigmoid } from './activation.ts'

/**
 * Writes the loss of each row, and the gradient of that loss with respect to the row's values. Where the loss takes logits, `values`
 * become the probabilities that they stand for.
 * @param targets rows × width, one-hot where they are classes
 */
export type LossOfRows = (
  values: Float64Array,
  targets: Float64Array,
  rows: number,
  losses: Float64Array,
  gradient: Float64Array,
) => void

/** Which of Keras's losses it comes down to, once targets are rows of numbers and logits are known as such. */
export type LossKind =
  | 'meanSquaredError'
  | 'meanAbsoluteError'
  | 'huber'
  | 'binaryCrossentropy'
  | 'sigmoidCrossentropy'
  | 'categoricalCrossentropy'
  | 'softmaxCrossentropy'

/** Keras's backend.epsilon(). */
const EPSILON = 1e-7

/** @param width numbers in a row's values and in its target */
export function lossOfRows(kind: LossKind, width: number): LossOfRows {
  switch (kind) {
    case 'softmaxCrossentropy':
      return softmaxCrossentropy(width)
    case 'categoricalCrossentropy':
      return categoricalCrossentropy(width)
    default:
      return meanOverRow(ELEMENTWISE[kind], width)
  }
}

interface Elementwise {
  loss(value: number, target: number): number
  slope(value: number, target: number): number
  /** What a logit stands for. */
  probability?(value: number): number
}

const clipped = (p: number): number => Math.min(1 - EPSILON, Math.max(EPSILON, p))
const isClipped = (p: number): boolean => p < EPSILON || p > 1 - EPSILON

const ELEMENTWISE: Record<Exclude<LossKind, 'softmaxCrossentropy' | 'categoricalCrossentropy'>, Elementwise> = {
  meanSquaredError: { loss: (v, t) => (v - t) * (v - t), slope: (v, t) => 2 * (v - t) },
  meanAbsoluteError: { loss: (v, t) => Math.abs(v - t), slope: (v, t) => Math.sign(v - t) },
  // δ = 1.
  huber: {
    loss(v, t) {
      const error = Math.abs(v - t)
      return error <= 1 ? 0.5 * error * error : error - 0.5
    },
    slope: (v, t) => Math.max(-1, Math.min(1, v - t)),
  },
  binaryCrossentropy: {
    loss: (v, t) => -(t * Math.log(clipped(v)) + (1 - t) * Math.log(1 - clipped(v))),
    slope: (v, t) => (isClipped(v) ? 0 : (v - t) / (v * (1 - v))),
  },
  // max(z, 0) − z·t + log(1 + e^−|z|): https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits
  sigmoidCrossentropy: {
    loss: (z, t) => Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z))),
    slope: (z, t) => sigmoid(z) - t,
    probability: sigmoid,
  },
}

function meanOverRow({ loss, slope, probability }: Elementwise, width: number): LossOfRows {
  return (values, targets, rows, losses, gradient) => {
    for (let row = 0; row < rows; row++) {
      let sum = 0
      for (let i = row * width; i < (row + 1) * width; i++) {
        const value = values[i] as number
        const target = targets[i] as number
        sum += loss(value, target)
        gradient[i] = slope(value, target) / width
        if (probability) values[i] = probability(value)
      }
      losses[row] = sum / width
    }
  }
}

/** Σ t·(log Σ eᶻ − z), with the gradient Σt·softmax(z) − t. */
function softmaxCrossentropy(width: number): LossOfRows {
  return (values, targets, rows, losses, gradient) => {
    for (let row = 0; row < rows; row++) {
      const from = row * width
      let largest = values[from] as number
      for (let i = 1; i < width; i++) if ((values[from + i] as number) > largest) largest = values[from + i] as number
      let exponentials = 0
      let weight = 0
      let weighted = 0
      for (let i = from; i < from + width; i++) {
        const logit = (values[i] as number) - largest
        const target = targets[i] as number
        weight += target
        // A logit of −∞ under a target of 0 adds nothing.
        if (target !== 0) weighted += target * logit
        exponentials += values[i] = Math.exp(logit)
      }
      losses[row] = weight * Math.log(exponentials) - weighted
      for (let i = from; i < from + width; i++) {
        const probability = (values[i] as number) / exponentials
        values[i] = probability
        gradient[i] = weight * probability - (targets[i] as number)
      }
    }
  }
}

/** −Σ t·log(p / Σp), each p / Σp clipped. */
function categoricalCrossentropy(width: number): LossOfRows {
  return (values, targets, rows, losses, gradient) => {
    for (let row = 0; row < rows; row++) {
      const from = row * width
      let all = 0
      for (let i = from; i < from + width; i++) all += values[i] as number
      let sum = 0
      let pull = 0
      for (let i = from; i < from + width; i++) {
        const target = targets[i] as number
        const share = (values[i] as number) / all
        if (target !== 0) sum -= target * Math.log(clipped(share))
        if (!isClipped(share)) pull += target
      }
      losses[row] = sum
      for (let i = from; i < from + width; i++) {
        const share = (values[i] as number) / all
        const own = isClipped(share) ? 0 : (targets[i] as number) / (values[i] as number)
        gradient[i] = pull / all - own
      }
    }
  }
}
