// The loss of a regression, and what Keras prints beside it. Predictions are read back once for both: sums are made in
// float64 in row order, so that loss and metrics of a batch do not depend on how a backend adds.
import * as tf from '@tensorflow/tfjs-core'

/** Sums over rows; divided by the rows they are Keras's mse and mae. */
export interface ErrorSums {
  rows: number
  squared: number
  absolute: number
}

export function sumErrors(predictions: ArrayLike<number>, labels: ArrayLike<number>): ErrorSums {
  let squared = 0
  let absolute = 0
  for (let i = 0; i < labels.length; i++) {
    const error = (predictions[i] as number) - (labels[i] as number)
    squared += error * error
    absolute += Math.abs(error)
  }
  return { rows: labels.length, squared, absolute }
}

export const addErrors = (a: ErrorSums, b: ErrorSums): ErrorSums => ({
  rows: a.rows + b.rows,
  squared: a.squared + b.squared,
  absolute: a.absolute + b.absolute,
})

/**
 * mean((ŷ − y)²) with its gradient 2·(ŷ − y) / rows.
 * @param predictions [rows, 1]
 * @param onErrors is given the sums of this batch
 */
export function meanSquaredError(
  predictions: tf.Tensor2D,
  labels: Float32Array,
  onErrors: (sums: ErrorSums) => void,
): tf.Scalar {
  const differentiable = tf.customGrad(input => {
    const predicted = (input as tf.Tensor).dataSync()
    const sums = sumErrors(predicted, labels)
    onErrors(sums)
    const gradient = labels.map((label, i) => (2 * ((predicted[i] as number) - label)) / sums.rows)
    return {
      value: tf.scalar(sums.squared / sums.rows),
      gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.tensor2d(gradient, [sums.rows, 1])),
    }
  })
  return differentiable(predictions) as tf.Scalar
}
