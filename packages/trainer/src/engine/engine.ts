// One net on one engine. Engines know layers and optimizers; loss, metrics, data and the loop are above them and the same for all.
import type { Optimizer } from '@trotline/contracts'
import type { RandomState } from '../random/random-state.ts'
import type { NamedNumbers } from '../state.ts'

/**
 * What stands between net and loss: is given the outputs of a batch before the final activation, and writes the gradient of the
 * loss with respect to them. Both rows × outputs, row-major.
 */
export type Head = (outputs: Float32Array, gradient: Float32Array) => void

export interface EngineNet {
  /** By Keras's names, in the order of the layers, not trained ones (moving_mean) too. The engine's own arrays or views of its memory. */
  readonly weights: NamedNumbers
  /** All that the optimizer remembers from step to step: `dense/kernel/rms`, and counts. */
  readonly moments: NamedNumbers
  /** Of every weight, as Keras has it. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
  /** Keras's model.summary(). */
  readonly summary: readonly LayerSummary[]
  /** Keras's model.to_json(), as tfjs's loadLayersModel wants it, with the final activation. */
  readonly topology: Readonly<Record<string, unknown>>
  /** Numbers for one row. */
  readonly outputs: number
  /**
   * One step of the optimizer down the gradient of one batch. Between two steps every state is whole.
   * @param features rows × inputs, row-major; at most batchSize rows
   */
  step(features: Float32Array, rows: number, head: Head, learningRate: number): void
  /** Outputs before the final activation, rows × outputs, without dropout and with moving statistics. The caller's own. */
  predict(features: Float32Array, rows: number): Float32Array
  /** What regularizers of the weights add to the loss of a batch, with the weights of now; 0 where there is none. */
  penalty(): number
  /** To be called after `weights` or `moments` were written from outside. */
  stateChanged(): void
  dispose(): void
}

export interface LayerSummary {
  name: string
  /** Keras's class: Dense, Conv2D … */
  type: string
  /** Without the batch. */
  outputShape: readonly number[]
  params: number
}

export interface EngineOptions {
  optimizer: Optimizer
  batchSize: number
  /**
   * Draws the start, and in every step the masks of dropout, the same in every engine: layer after layer, for the rows of this batch
   * alone, row-major, one `rand` a value (a rate of 0 draws too). A value is kept where the number drawn is ≥ rate, and divided by 1 − rate.
   */
  random: RandomState
  /** Shares of a batch, each with its own sum of gradients. */
  shares: number
  /** Threads that may be used for them. */
  threads: number
  assets: { directory: string }
}
