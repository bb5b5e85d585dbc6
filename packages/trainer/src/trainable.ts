// What a preset gives to the loop: one training under way, that knows how to train an epoch and what to say at the end.
// A further kind of training is a further Preset; loop and report stay as they are.
import type { PresetTraining, TrainingReport } from '@trotline/contracts'
import type { Engine } from './backends.ts'
import type { Pace } from './pace.ts'
import type { TrainingState } from './state.ts'

/** Keras's names: loss, val_loss, mae … A value may be NaN or infinite; the loop stops after such an epoch. */
export type EpochValues = Record<string, number>
export type Tables = TrainingReport['tables']

export interface Trainable {
  /**
   * One pass over the training data. Rests when `pace` is due; false when it was stopped before the epoch was whole.
   * `ended` is called in the same turn in which state() becomes that of this epoch's end: nobody, not even a microtask,
   * sees the one without the other.
   */
  trainEpoch(pace: Pace, ended: (values: EpochValues) => void): Promise<boolean>
  /** The final evaluation, asked for once, when every epoch was trained. */
  evaluate(): Record<string, number>
  /** The page's tables, without the history, which the loop keeps. */
  tables(): Tables
  /** A copy of the state after the last whole epoch, asked for at any time: also in the middle of an epoch, and after the last. */
  state(): TrainingState
  /** Goes on from a state of the same shape; the loop asks only before its first epoch. */
  restore(state: TrainingState): void
  /** Gives back every tensor. */
  dispose(): void
}

export interface Preset {
  engine: Engine
  /** @throws TrainerError TRAIN_BAD_DATA */
  prepare(request: { training: PresetTraining; assets: { directory: string } }): Promise<Trainable>
}
