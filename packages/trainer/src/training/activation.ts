// The activation that a net ends with, which the head applies: engines stop before it (model/final-activation.ts).
// In float64, value by value as Keras defines them. https://keras.io/api/layers/activations
import type { Activation } from '@trotline/contracts'

export interface FinalActivation {
  /** values = activation(outputs), both rows × outputs. */
  forward(outputs: Float32Array, values: Float64Array, rows: number): void
  /** Turns the loss's gradient with respect to the values, in place, into that with respect to the outputs of the last `forward`. */
  backward(outputs: Float32Array, gradient: Float64Array, rows: number): void
}

/** @param width numbers that the net gives for one row */
export function createActivation(kind: Activation, width: number, maxRows: number): FinalActivation {
  // What forward gave: the loss makes probabilities of the values that it is handed.
  const kept = new Float64Array(kind === 'linear' ? 0 : maxRows * width)
  if (kind === 'softmax') return softmaxOver(width, kept)
  const { of, slope } = ELEMENTWISE[kind]
  if (kind === 'linear')
    return {
      forward(outputs, values, rows) {
        for (let i = 0; i < rows * width; i++) values[i] = outputs[i] as number
      },
      backward() {},
    }
  return {
    forward(outputs, values, rows) {
      for (let i = 0; i < rows * width; i++) values[i] = kept[i] = of(outputs[i] as number)
    },
    backward(outputs, gradient, rows) {
      for (let i = 0; i < rows * width; i++)
        gradient[i] = (gradient[i] as number) * slope(outputs[i] as number, kept[i] as number)
    },
  }
}

interface Elementwise {
  of(x: number): number
  /** The derivative at x, where the value is y. */
  slope(x: number, y: number): number
}

export const sigmoid = (x: number): number => {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const small = Math.exp(x)
  return small / (1 + small)
}
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

// Klambauer et al. 2017.
const SELU_SCALE = 1.050_700_987_355_480_5
const SELU_ALPHA = 1.673_263_242_354_377_2

const ELEMENTWISE: Record<Exclude<Activation, 'softmax'>, Elementwise> = {
  linear: { of: x => x, slope: () => 1 },
  // Math.max keeps a NaN, so that a divergence is seen.
  relu: { of: x => Math.max(0, x), slope: x => (x > 0 ? 1 : 0) },
  relu6: { of: x => Math.min(6, Math.max(0, x)), slope: x => (x > 0 && x < 6 ? 1 : 0) },
  tanh: { of: Math.tanh, slope: (_, y) => 1 - y * y },
  sigmoid: { of: sigmoid, slope: (_, y) => y * (1 - y) },
  hardSigmoid: {
    of: x => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
    slope: x => (x > -2.5 && x < 2.5 ? 0.2 : 0),
  },
  elu: { of: x => (x < 0 ? Math.expm1(x) : x), slope: (x, y) => (x < 0 ? y + 1 : 1) },
  selu: {
    of: x => SELU_SCALE * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x),
    slope: (x, y) => (x < 0 ? y + SELU_SCALE * SELU_ALPHA : SELU_SCALE),
  },
  softplus: { of: softplus, slope: sigmoid },
  softsign: { of: x => x / (1 + Math.abs(x)), slope: x => 1 / (1 + Math.abs(x)) ** 2 },
  swish: { of: x => x * sigmoid(x), slope: (x, y) => y + sigmoid(x) * (1 - y) },
  mish: {
    of: x => x * Math.tanh(softplus(x)),
    slope: x => {
      const bent = Math.tanh(softplus(x))
      return bent + x * (1 - bent * bent) * sigmoid(x)
    },
  },
  gelu: {
    of: x => x * below(x),
    slope: x => below(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
  },
}

/** The part of the standard normal distribution below x: 0.5 · (1 + erf(x / √2)), erf to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function below(x: number): number {
  const z = Math.abs(x) / Math.SQRT2
  const t = 1 / (1 + 0.327_591_1 * z)
  const series =
    ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t
  const tail = 0.5 * series * Math.exp(-z * z)
  return x < 0 ? tail : 1 - tail
}

/** Of one row, less its largest value, so that no exponential overflows. A NaN makes all of them NaN, so that it is seen. */
function softmaxRow(values: Float64Array, from: number, width: number): void {
  let largest = values[from] as number
  for (let i = 1; i < width; i++) {
    const value = values[from + i] as number
    if (value > largest) largest = value
  }
  let sum = 0
  for (let i = 0; i < width; i++) sum += values[from + i] = Math.exp((values[from + i] as number) - largest)
  for (let i = 0; i < width; i++) values[from + i] = (values[from + i] as number) / sum
}

function softmaxOver(width: number, kept: Float64Array): FinalActivation {
  return {
    forward(outputs, values, rows) {
      for (let i = 0; i < rows * width; i++) values[i] = outputs[i] as number
      for (let row = 0; row < rows; row++) softmaxRow(values, row * width, width)
      for (let i = 0; i < rows * width; i++) kept[i] = values[i] as number
    },
    backward(_, gradient, rows) {
      for (let row = 0; row < rows; row++) {
        const from = row * width
        let mixed = 0
        for (let i = 0; i < width; i++) mixed += (gradient[from + i] as number) * (kept[from + i] as number)
        for (let i = 0; i < width; i++)
          gradient[from + i] = (kept[from + i] as number) * ((gradient[from + i] as number) - mixed)
      }
    },
  }
}
