// train begin → epoch begin → epoch end → stop? → train end, as Keras has it; callbacks are the only way out of the loop.
// A training that is resumed begins at Keras's initialEpoch, with the state that the epochs before it left.
import { epochValues, type PresetTraining, type TrainingReport } from '@trotline/contracts'
import type { Chosen } from './backends.ts'
import { type Checkpoint, encodeCheckpoint, requestSha256 } from './checkpoint.ts'
import { TrainerError } from './errors.ts'
import { createPace } from './pace.ts'
import { weightsSha256 } from './state.ts'
import type { EpochValues, Trainable } from './trainable.ts'

/** Rows of the page's `hist.tail()`. */
const HISTORY_TAIL = 5

export type LoopEnd =
  | { kind: 'completed' | 'stopped'; report: TrainingReport }
  | { kind: 'diverged'; error: TrainerError; report: TrainingReport }

/** A checkpoint as bytes, and how many epochs it counts. */
export interface TakenCheckpoint {
  epochs: number
  bytes: Uint8Array
}

export interface LoopOptions {
  training: PresetTraining
  signal: AbortSignal
  onEpoch(epoch: { epoch: number; seconds: number; values: EpochValues }): void
}

export interface Loop {
  run(): Promise<LoopEnd>
  /** The state after the last whole epoch, at any time. null before the first, and after one that no later epoch recovers from. */
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
  const began = performance.now()
  let trained = resumed?.epochs ?? 0
  let diverged: TrainerError | null = null

  const report = (evaluation: Record<string, number> = {}): TrainingReport => ({
    ...chosen,
    epochs: trained,
    metrics: epochValues({ ...history.at(-1)?.values, ...evaluation }).values,
    tables: {
      ...trainable.tables(),
      history: history.map(({ epoch, values }) => ({ epoch, ...epochValues(values).values })),
    },
    weightsSha256: weightsSha256(trainable.state()),
    fitSeconds: (performance.now() - began) / 1000,
  })

  async function run(): Promise<LoopEnd> {
    while (trained < epochs) {
      if (pace.due()) await pace.rest()
      if (pace.stopped) return { kind: 'stopped', report: report() }
      const epochBegan = performance.now()
      const whole = await trainable.trainEpoch(pace, values => count(values, epochBegan))
      if (!whole) return { kind: 'stopped', report: report() }
      if (diverged !== null) return { kind: 'diverged', error: diverged, report: report() }
    }
    return { kind: 'completed', report: report(trainable.evaluate()) }
  }

  function count(values: EpochValues, epochBegan: number): void {
    const epoch = trained++
    history.push({ epoch, values })
    if (history.length > HISTORY_TAIL) history.shift()
    diverged = divergence(epoch, epochs, values)
    onEpoch({ epoch, seconds: (performance.now() - epochBegan) / 1000, values })
  }

  return {
    run,
    checkpoint() {
      if (trained === 0 || diverged !== null) return null
      const { engine, backend } = chosen
      const about = { requestSha256: requestSha256(training), engine, backend, epochs: trained, history }
      return { epochs: trained, bytes: encodeCheckpoint({ ...about, state: trainable.state() }) }
    },
  }
}

function divergence(epoch: number, epochs: number, values: EpochValues): TrainerError | null {
  const [name, value] = Object.entries(values).find(([, found]) => !Number.isFinite(found)) ?? []
  if (name === undefined) return null
  return new TrainerError(
    'TRAIN_NAN_LOSS',
    `Epoch ${epoch + 1} of ${epochs} ended with ${name} = ${value}: no later epoch can recover from that.`,
    { details: { epoch, name, value } },
  )
}
