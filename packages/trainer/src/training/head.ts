// What stands between a net and its training: final activation, loss, its gradient with respect to the outputs before that
// activation, and the sums that loss and metrics are made of. In TypeScript and float64, in row order, for every engine: sums of
// an epoch do not depend on how an engine adds.
import type { Head } from '../engine/engine.ts'
import { createActivation } from './activation.ts'
import type { Compiled } from './compile.ts'
import { lossOfRows } from './losses.ts'
import { createMetrics, largest } from './metrics.ts'

export interface TrainingHead {
  /** Sums of a part: rows, loss, then the metrics. */
  newSums(): Float64Array
  /** Takes a batch's targets, rows × targets; to be called before `step` and `measure` are given its outputs. */
  begin(targets: Float32Array, rows: number): void
  /**
   * For the engine: the gradient of the mean loss of the batch, class weights included. Adds to `sums`.
   * @param penalty the net's, before the step: part of the loss, and its gradient is the engine's own. Left out: none
   */
  step(sums: Float64Array, penalty?: number): Head
  /** Adds to `sums` without class weights, as Keras validates. The penalty of the weights is in that loss too. */
  measure(outputs: Float32Array, sums: Float64Array, penalty?: number): void
  /** Mean loss of the batch that `step` saw last, before the step, with its penalty. */
  readonly batchLoss: number
  /** Of the batch that was seen last, rows × width: what the net predicts, as probabilities where the targets are classes. */
  readonly predictions: Float64Array
  /** The same batch's targets, one-hot where they are classes. */
  readonly targets: Float64Array
  valuesOf(sums: Float64Array, prefix: string): Record<string, number>
}

/** @param maxRows rows of the largest batch, in training or evaluation */
export function createHead(
  { width, activation, loss, oneHot, metrics, answers, weights }: Compiled,
  maxRows: number,
): TrainingHead {
  const final = createActivation(activation, width, maxRows)
  const lossOf = lossOfRows(loss, width)
  const measured = createMetrics(metrics, width, answers)
  const predictions = new Float64Array(maxRows * width)
  const targets = new Float64Array(maxRows * width)
  const gradients = new Float64Array(maxRows * width)
  const losses = new Float64Array(maxRows)
  let rows = 0
  let batchLoss = 0
  let into: Float64Array = new Float64Array(0)
  let penaltyOfStep = 0

  /** Of one row, by its class. Keras: the largest number of a row of several, the rounded number of a row of one. */
  const weightOf = (row: number): number => {
    const of = width > 1 ? largest(targets, row * width, width) : Math.round(targets[row] as number)
    return weights?.get(of) ?? 1
  }

  function score(outputs: Float32Array, sums: Float64Array): void {
    final.forward(outputs, predictions, rows)
    lossOf(predictions, targets, rows, losses, gradients)
    sums[0] = (sums[0] as number) + rows
    measured.add(predictions, targets, rows, sums, 2)
  }

  /** One function for the whole training: a new one a step would be a new one to optimize. */
  const step: Head = (outputs, gradient) => {
    score(outputs, into)
    let sum = 0
    for (let row = 0; row < rows; row++) {
      const weight = weights === null ? 1 : weightOf(row)
      sum += weight * (losses[row] as number)
      const share = weight / rows
      for (let i = row * width; i < (row + 1) * width; i++) gradients[i] = (gradients[i] as number) * share
    }
    final.backward(outputs, gradients, rows)
    for (let i = 0; i < rows * width; i++) gradient[i] = gradients[i] as number
    // Keras weighs a batch's loss, its penalty included, with its rows.
    into[1] = (into[1] as number) + (sum + penaltyOfStep * rows)
    batchLoss = sum / rows + penaltyOfStep
  }

  return {
    newSums: () => new Float64Array(2 + measured.keys.length),
    begin(given, count) {
      rows = count
      if (!oneHot) {
        for (let i = 0; i < rows * width; i++) targets[i] = given[i] as number
        return
      }
      targets.fill(0, 0, rows * width)
      for (let row = 0; row < rows; row++) targets[row * width + (given[row] as number)] = 1
    },
    step(sums, penalty = 0) {
      into = sums
      penaltyOfStep = penalty
      return step
    },
    measure(outputs, sums, penalty = 0) {
      score(outputs, sums)
      let sum = 0
      for (let row = 0; row < rows; row++) sum += losses[row] as number
      sums[1] = (sums[1] as number) + (sum + penalty * rows)
    },
    get batchLoss() {
      return batchLoss
    },
    predictions,
    targets,
    valuesOf(sums, prefix) {
      const [counted, loss] = sums as unknown as [number, number]
      const values: Record<string, number> = { [`${prefix}loss`]: loss / counted }
      measured.keys.forEach((key, i) => {
        values[`${prefix}${key}`] = measured.value(i, sums[2 + i] as number, counted)
      })
      return values
    },
  }
}
