// One training from start to end, failure or stop: request, data, net, backend, loop. Whatever can go wrong outside the code is a
// value of FitOutcome; an exception is a bug.
import {
  expandPreset,
  type PresetTraining,
  type RunFailure,
  type TrainingReport,
  type WorkerTraining,
} from '@trotline/contracts'
import type { NewArtifact } from './artifacts/artifact.ts'
import { type Chosen, openBackend } from './backends.ts'
import { type Checkpoint, whyNotResume } from './checkpoint.ts'
import { failureOf, Stopped, TrainerError } from './errors.ts'
import { createLoop, type Loop } from './loop.ts'
import { shapeOf } from './state.ts'
import type { Trainable } from './trainable.ts'
import type { Place } from './training/prepare.ts'

export interface FitOptions extends Place {
  training: WorkerTraining
  /**
   * What earlier runs left, the best first: the first that fits is gone on from. None fits: from the first epoch.
   * fit() takes them out of the list before it trains: each is a whole state, which nobody needs for the hours that follow.
   */
  resume: Checkpoint[]
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
  /** The state between two batches, to be asked for at any time, also once fit() is over. See Loop. */
  checkpoint: Loop['checkpoint']
  /** How far the training is, at any time. */
  progress: Loop['progress']
}

export type FitOutcome =
  /** `artifacts` are to be written beside the report, which does not name them. */
  | { kind: 'completed'; report: TrainingReport; artifacts: NewArtifact[] }
  /**
   * The signal was aborted. The report says how far the training came, without the final evaluation; null: it was stopped before its
   * first batch, while its data was opened.
   */
  | { kind: 'stopped'; report: TrainingReport | null }
  /** `report` is null where the training ended before its first batch. */
  | { kind: 'failed'; failure: RunFailure; report: TrainingReport | null }

/**
 * Trains what is asked for. One call at a time in a process: the tensor library has one backend.
 * The same training on the same backend gives the same values bit by bit.
 */
export async function fit(options: FitOptions): Promise<FitOutcome> {
  try {
    const prepared = await prepare(options)
    const { trainable } = prepared
    try {
      const end = await begin(prepared, options).run()
      return end.kind === 'failed' ? failed(end.error, end.report) : end
    } finally {
      trainable.dispose()
    }
  } catch (error) {
    if (error instanceof Stopped) return { kind: 'stopped', report: null }
    if (error instanceof TrainerError) return failed(error, null)
    throw error
  }
}

/** A function of its own: what it restores from is not held by a fit() that waits for its end. */
function begin({ trainable, chosen }: Prepared, options: FitOptions): Loop {
  const { resumed, refused } = restoreFirst(options.resume.splice(0), trainable, { training: options.training, chosen })
  const loop = createLoop(trainable, chosen, resumed, options)
  options.onStart({ resumed, refused, checkpoint: loop.checkpoint, progress: loop.progress })
  return loop
}

interface Prepared {
  trainable: Trainable
  chosen: Chosen
}

// Loaded on demand: linear regression needs no tensor library, and a net on our own kernels none either. Importing it takes 0.1 s.
async function prepare(options: FitOptions): Promise<Prepared> {
  const { training } = options
  const model = training.kind === 'model' ? training : expandPreset(training)
  if (model === null) return prepareLinearRegression(training as LinearRegression, options)
  return (await import('./training/prepare.ts')).prepareModel(model, options)
}

type LinearRegression = Extract<PresetTraining, { preset: 'linear-regression' }>

async function prepareLinearRegression(training: LinearRegression, options: FitOptions): Promise<Prepared> {
  const { linearRegression } = await import('./presets/linear-regression.ts')
  const { gpus, assets, onBackend } = options
  const chosen = await openBackend({ want: training.backend, gpus, engines: { float64: true }, assets })
  onBackend(structuredClone(chosen))
  return { chosen, trainable: await linearRegression.prepare({ training, assets }) }
}

function restoreFirst(
  resume: readonly Checkpoint[],
  trainable: Trainable,
  { training, chosen }: { training: WorkerTraining; chosen: Chosen },
): Pick<Start, 'resumed' | 'refused'> {
  const shape = resume.length > 0 ? shapeOf(trainable.state()) : ''
  const refused: Start['refused'] = []
  for (const checkpoint of resume) {
    const why =
      whyNotResume(checkpoint, training, chosen) ??
      (shapeOf(checkpoint.state) === shape ? null : 'holds the state of another model')
    if (why === null) {
      trainable.restore(checkpoint, checkpoint.state)
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
