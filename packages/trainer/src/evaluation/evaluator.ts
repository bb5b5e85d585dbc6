// What every evaluation is to the training: rows go in, a result comes out.
import type { Evaluation } from '@trotline/contracts'

export type Part = Extract<Evaluation, { kind: 'regression' }>['part']

export interface Evaluator {
  /** @param predictions rows × width, as are the targets; both are the head's and change with the next chunk */
  add(predictions: Float64Array, targets: Float64Array, rows: number): void
  result(): Evaluation
}
