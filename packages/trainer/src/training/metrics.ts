// Keras's metrics as sums over rows: what is added up batch by batch is divided once, at the epoch's end, and can be saved in between.
// keras/src/metrics
import { METRIC_KEYS, type Metric } from '@trotline/contracts'

/** What one metric adds for the rows of a batch. `values` are probabilities where the targets are classes. */
type AddRows = (values: Float64Array, targets: Float64Array, rows: number) => number

export interface MetricSums {
  /** As an epoch's values name them, without `val_`. */
  readonly keys: readonly string[]
  /** Adds each metric's sum over `rows` rows to `sums`, from `at` on. */
  add(values: Float64Array, targets: Float64Array, rows: number, sums: Float64Array, at: number): void
  /** Of the metric with this number. */
  value(index: number, sum: number, rows: number): number
}

/** How an answer is right or wrong: one of several classes, or each number for itself on its side of ½. */
export type Answers = 'classes' | 'binary'

/** @param answers null: the targets are numbers, and there is no accuracy */
export function createMetrics(metrics: readonly Metric[], width: number, answers: Answers | null): MetricSums {
  const kinds = [...new Set(metrics)]
  const adders = kinds.map(metric => adderOf(metric, width, answers))
  return {
    keys: kinds.map(metric => METRIC_KEYS[metric]),
    add(values, targets, rows, sums, at) {
      for (let i = 0; i < adders.length; i++)
        sums[at + i] = (sums[at + i] as number) + (adders[i] as AddRows)(values, targets, rows)
    },
    value: (index, sum, rows) => (kinds[index] === 'rootMeanSquaredError' ? Math.sqrt(sum / rows) : sum / rows),
  }
}

/** Keras's backend.epsilon(), below which no target divides a percentage. */
const EPSILON = 1e-7

function adderOf(metric: Metric, width: number, answers: Answers | null): AddRows {
  switch (metric) {
    case 'meanSquaredError':
    case 'rootMeanSquaredError':
      return meanOverRow(width, (value, target) => (value - target) * (value - target))
    case 'meanAbsoluteError':
      return meanOverRow(width, (value, target) => Math.abs(value - target))
    case 'meanAbsolutePercentageError':
      return meanOverRow(
        width,
        (value, target) => (100 * Math.abs(value - target)) / Math.max(Math.abs(target), EPSILON),
      )
    case 'accuracy':
      return answers === 'binary'
        ? meanOverRow(width, (value, target) => (value > 0.5 === target > 0.5 ? 1 : 0))
        : countRows(width, (values, targets, from) => largest(values, from, width) === largest(targets, from, width))
    case 'topKAccuracy':
      return countRows(width, (values, targets, from) => inTop(values, from, width, largest(targets, from, width)))
  }
}

function meanOverRow(width: number, of: (value: number, target: number) => number): AddRows {
  return (values, targets, rows) => {
    let sum = 0
    for (let i = 0; i < rows * width; i++) sum += of(values[i] as number, targets[i] as number)
    return sum / width
  }
}

function countRows(
  width: number,
  right: (values: Float64Array, targets: Float64Array, from: number) => boolean,
): AddRows {
  return (values, targets, rows) => {
    let count = 0
    for (let row = 0; row < rows; row++) if (right(values, targets, row * width)) count++
    return count
  }
}

/** The place of the row's largest value, the first of equals. */
export function largest(values: Float64Array, from: number, width: number): number {
  let at = 0
  for (let i = 1; i < width; i++) if ((values[from + i] as number) > (values[from + at] as number)) at = i
  return at
}

const TOP = 5

/** As TensorFlow's in_top_k: fewer than five values are larger. */
function inTop(values: Float64Array, from: number, width: number, index: number): boolean {
  const own = values[from + index] as number
  let above = 0
  for (let i = 0; i < width; i++) if ((values[from + i] as number) > own) above++
  return above < TOP
}
