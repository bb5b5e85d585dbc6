// One training from start to end, failure or stop: preset, backend, data, loop. Whatever can go wrong outside the code is a
// value of FitOutcome; an exception is a bug.
import type { PresetTraining, RunFailure, TrainingReport } from '@trotline/contracts'
import { type Chosen, openBackend } from './backends.ts'
import { type Checkpoint, whyNotResume } from './checkpoint.ts'
import { failureOf, TrainerError } from './errors.ts'
import { createLoop, type Loop } from './loop.ts'
import { shapeOf } from './state.ts'
import type { Preset, Trainable } from './trainable.ts'

export interface FitOptions {
  training: PresetTraining
  /** GPUs of the allocation. More than 0: a rung without a GPU is a failure (`incompatible-node`), never a silent slide. */
  gpus: number
  /** The folder that holds every file of ASSETS. */
  assets: { directory: string }
  /** Looked at before every batch; the event loop gets a turn at least every 50 ms, on every backend. */
  signal: AbortSignal
  /** What earlier runs left, the best first: the first that fits is gone on from. None fits: from the first epoch. */
  resume: readonly Checkpoint[]
  /** Called once, as soon as it is known and before the data is read. */
  onBackend(chosen: { backend: string; engine: string; skipped: { backend: string; why: string }[] }): void
  /** Called once, before the first epoch. */
  onStart(start: Start): void
  /** Called for every epoch, in order, synchronously. `epoch` counts from 0; a value may be NaN or infinite. */
  onEpoch(epoch: { epoch: number; seconds: number; values: Record<string, number> }): void
}

export interface Start {
  /** One of `resume`; null: the training begins with its first epoch. */
  resumed: Checkpoint | null
  /** Those before it that do not fit; `why` ends a sentence that begins with the checkpoint's name. */
  refused: { checkpoint: Checkpoint; why: string }[]
  /** The state after the last whole epoch, to be asked for at any time, also once fit() is over. See Loop. */
  checkpoint: Loop['checkpoint']
}

export type FitOutcome =
  | { kind: 'completed'; report: TrainingReport }
  /** The signal was aborted. The report says how far the training came, without the final evaluation. */
  | { kind: 'stopped'; report: TrainingReport }
  /** `report` is null where the training ended before its first epoch. */
  | { kind: 'failed'; failure: RunFailure; report: TrainingReport | null }

// Loaded on demand: linear regression needs no tensor library, and importing it takes 0.1 s.
const PRESETS: Record<PresetTraining['preset'], () => Promise<Preset>> = {
  'linear-regression': async () => (await import('./presets/linear-regression.ts')).linearRegression,
  'auto-mpg': async () => (await import('./presets/auto-mpg.ts')).autoMpg,
}

/**
 * Trains a preset. One call at a time in a process: the tensor library has one backend.
 * The same training on the same backend gives the same values bit by bit.
 */
export async function fit(options: FitOptions): Promise<FitOutcome> {
  const { training, gpus, assets, resume, onBackend, onStart } = options
  try {
    const preset = await PRESETS[training.preset]()
    const chosen = await openBackend({ want: training.backend, gpus, engine: preset.engine, assets })
    onBackend(structuredClone(chosen))
    const trainable = await preset.prepare({ training, assets })
    try {
      const { resumed, refused } = restoreFirst(resume, trainable, { training, chosen })
      const loop = createLoop(trainable, chosen, resumed, options)
      onStart({ resumed, refused, checkpoint: loop.checkpoint })
      const end = await loop.run()
      return end.kind === 'diverged' ? failed(end.error, end.report) : end
    } finally {
      trainable.dispose()
    }
  } catch (error) {
    if (error instanceof TrainerError) return failed(error, null)
    throw error
  }
}

function restoreFirst(
  resume: readonly Checkpoint[],
  trainable: Trainable,
  { training, chosen }: { training: PresetTraining; chosen: Chosen },
): Pick<Start, 'resumed' | 'refused'> {
  const shape = resume.length > 0 ? shapeOf(trainable.state()) : ''
  const refused: Start['refused'] = []
  for (const checkpoint of resume) {
    const why =
      whyNotResume(checkpoint, training, chosen) ??
      (shapeOf(checkpoint.state) === shape ? null : 'holds the state of another model')
    if (why === null) {
      trainable.restore(checkpoint.state)
      return { resumed: checkpoint, refused }
    }
    refused.push({ checkpoint, why })
  }
  return { resumed: null, refused }
}

const failed = (error: TrainerError, report: TrainingReport | null): FitOutcome => ({
  kind: 'failed',
  failure: failureOf(error),
  report,
})
