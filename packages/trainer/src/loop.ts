// train begin → epoch begin → epoch end → stop? → train end, as Keras has it; callbacks are the only way out of the loop.
// A training that is resumed begins where it was cut, between any two batches, with the state that those before left.
import { epochValues, type TrainingReport, type WorkerTraining } from '@trotline/contracts'
import type { NewArtifact } from './artifacts/artifact.ts'
import type { Chosen } from './backends.ts'
import { type Checkpoint, encodeCheckpoint, requestSha256 } from './checkpoint.ts'
import { TrainerError } from './errors.ts'
import { createPace } from './pace.ts'
import { allFinite, weightsSha256 } from './state.ts'
import type { EpochValues, EpochWatch, Progress, Trainable } from './trainable.ts'

/** Rows of the page's `hist.tail()`. */
const HISTORY_TAIL = 5

export type LoopEnd =
  | { kind: 'completed'; report: TrainingReport; artifacts: NewArtifact[] }
  | { kind: 'stopped'; report: TrainingReport }
  | { kind: 'failed'; error: TrainerError; report: TrainingReport }

/** A checkpoint as bytes, and how far the training is that it holds. */
export interface TakenCheckpoint extends Progress {
  bytes: Uint8Array
}

export interface LoopOptions {
  training: WorkerTraining
  signal: AbortSignal
  onEpoch(epoch: { epoch: number; seconds: number; values: EpochValues }): void
}

export interface Loop {
  run(): Promise<LoopEnd>
  progress(): Progress
  /** The state of now, at any time between two batches. null before the first, and after one that no later batch recovers from. */
  checkpoint(): TakenCheckpoint | null
}

/** @param resumed the checkpoint whose state `trainable` is in; null: it is at its start */
export function createLoop(
  trainable: Trainable,
  chosen: Chosen,
  resumed: Checkpoint | null,
  { training, signal, onEpoch }: LoopOptions,
): Loop {
  const { epochs } = training
  const pace = createPace(signal)
  const history = resumed?.history.slice() ?? []
  let began = performance.now()
  let epochBegan = began
  let failure: TrainerError | null = null

  const report = (evaluation: EpochValues = {}): TrainingReport => ({
    ...chosen,
    ...trainable.facts(),
    epochs: trainable.progress().epochs,
    metrics: epochValues({ ...history.at(-1)?.values, ...evaluation }).values,
    history: history.map(({ epoch, values }) => ({ epoch, ...epochValues(values).values })),
    weightsSha256: weightsSha256(trainable.state()),
    artifacts: [],
    fitSeconds: (performance.now() - began) / 1000,
  })

  async function run(): Promise<LoopEnd> {
    began = performance.now()
    try {
      while (!trainable.finished()) {
        epochBegan = performance.now()
        if (pace.due(epochBegan)) {
          await pace.rest()
          epochBegan = performance.now()
        }
        if (pace.stopped) return { kind: 'stopped', report: report() }
        await trainable.trainEpoch(pace, watch)
        if (failure !== null) return { kind: 'failed', error: failure, report: report() }
      }
      // A bounded activation such as tanh can hide an infinite weight from every loss.
      if (!allFinite(trainable.state().weights)) {
        failure = spoilt(epochs)
        return { kind: 'failed', error: failure, report: report() }
      }
      const evaluated = await trainable.evaluate(pace)
      if (evaluated === null) return { kind: 'stopped', report: report() }
      return { kind: 'completed', report: report(evaluated.values), artifacts: evaluated.artifacts }
    } catch (error) {
      // A file that changed or ended meanwhile: what was trained before is as good as it was.
      if (error instanceof TrainerError) return { kind: 'failed', error, report: report() }
      throw error
    }
  }

  // Made once, not for every epoch: one of exercise 1 takes less than a microsecond.
  const watch: EpochWatch = {
    ended(values) {
      const epoch = trainable.progress().epochs - 1
      history.push({ epoch, values })
      if (history.length > HISTORY_TAIL) history.shift()
      failure = divergence(epoch, epochs, values)
      onEpoch({ epoch, seconds: (performance.now() - epochBegan) / 1000, values })
    },
    diverged(error) {
      failure = error
    },
  }

  return {
    run,
    progress: trainable.progress,
    checkpoint() {
      const progress = trainable.progress()
      if (failure?.code === 'TRAIN_NAN_LOSS' || (progress.epochs === 0 && progress.batches === 0)) return null
      const state = trainable.state()
      // A batch's loss is that before its step: what the last step spoilt shows in the next one's.
      if (!allFinite(state.weights)) return null
      const { engine, backend } = chosen
      const about = { requestSha256: requestSha256(training), engine, backend, ...progress, history }
      return { ...progress, bytes: encodeCheckpoint({ ...about, state }) }
    },
  }
}

const spoilt = (epochs: number): TrainerError =>
  new TrainerError('TRAIN_NAN_LOSS', `After ${epochs} epochs a weight is infinite or NaN, though no loss has shown it.`)

function divergence(epoch: number, epochs: number, values: EpochValues): TrainerError | null {
  for (const name in values) {
    const value = values[name]
    if (Number.isFinite(value)) continue
    return new TrainerError(
      'TRAIN_NAN_LOSS',
      `Epoch ${epoch + 1} of ${epochs} ended with ${name} = ${value}: no later epoch can recover from that.`,
      { details: { epoch, name, value: String(value) } },
    )
  }
  return null
}
