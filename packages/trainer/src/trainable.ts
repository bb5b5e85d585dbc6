// What the loop trains: one training under way, that knows how to train an epoch and what to say at the end.
// Between two batches its state is always whole, so that it can be stopped, saved and gone on from at any of them.
import type { TrainingReport } from '@trotline/contracts'
import type { NewArtifact } from './artifacts/artifact.ts'
import type { TrainerError } from './errors.ts'
import type { Pace } from './pace.ts'
import type { TrainingState } from './state.ts'

/** Keras's names: loss, val_loss, mae … A value may be infinite or NaN; the loop stops after such an epoch. */
export type EpochValues = Record<string, number>

/** How far a training came: whole epochs, and batches of the one under way. */
export interface Progress {
  epochs: number
  batches: number
}

/** What the report says of a training beside its values. */
export type Facts = Pick<TrainingReport, 'coefficients' | 'trainStatistics' | 'layers' | 'best' | 'stoppedEarlyAt'>

export interface EpochWatch {
  /** In the same turn in which progress() and state() become those of this epoch's end: nobody, not even a microtask, sees one without the other. */
  ended(values: EpochValues): void
  /** In the same turn in which a batch spoilt the state: no later batch can recover from it. The epoch ends with it. */
  diverged(error: TrainerError): void
}

export interface Trainable {
  /**
   * What is left of the epoch under way, or a whole one. Rests when `pace` is due; where it was stopped, or diverged, neither
   * of both is called a second time and `ended` not at all.
   */
  trainEpoch(pace: Pace, watch: EpochWatch): Promise<void>
  progress(): Progress
  /** Every epoch that is asked for is trained, or early stopping ended the training. */
  finished(): boolean
  /**
   * The final evaluation, asked for once, after the last epoch; null: stopped meanwhile. The weights that the training leaves,
   * the best where the request asks for them, are in place afterwards.
   */
  evaluate(pace: Pace): Promise<{ values: EpochValues; artifacts: NewArtifact[] } | null>
  facts(): Facts
  /** A copy of the state, asked for at any time between two batches. */
  state(): TrainingState
  /** Goes on from a state of the same shape; the loop asks only before its first epoch. */
  restore(progress: Progress, state: TrainingState): void
  /** Gives back every tensor, thread and file. */
  dispose(): void
}

/** A training that is no net and has a loop of its own. */
export interface Preset<Training> {
  /** @throws TrainerError TRAIN_BAD_DATA */
  prepare(request: { training: Training; assets: { directory: string } }): Promise<Trainable>
}
