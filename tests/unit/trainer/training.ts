// One call of fit() with everything it reported, for tests to look at.
import { WorkerTraining } from '../../../packages/contracts/src/training.ts'
import { type FitOptions, type FitOutcome, fit, type Start } from '../../../packages/trainer/src/index.ts'

type Epoch = Parameters<FitOptions['onEpoch']>[0]
type Backend = Parameters<FitOptions['onBackend']>[0]

export interface Trained {
  outcome: FitOutcome
  epochs: Epoch[]
  backends: Backend[]
  /** null: it ended before its start. */
  start: Start | null
}

/** A request as a person writes it: what is left out is filled in. */
export type Request = { preset: string; [field: string]: unknown } | { kind: 'model'; [field: string]: unknown }

export const trainingOf = (request: Request): WorkerTraining =>
  WorkerTraining.parse({ kind: 'preset', epochs: 3, ...request })

export async function train(
  directory: string,
  request: Request,
  options: Partial<Pick<FitOptions, 'gpus' | 'cpus' | 'signal' | 'resume' | 'onStart' | 'onEpoch'>> = {},
): Promise<Trained> {
  const epochs: Epoch[] = []
  const backends: Backend[] = []
  let start: Start | null = null
  const outcome = await fit({
    training: trainingOf(request),
    gpus: options.gpus ?? 0,
    cpus: options.cpus ?? 1,
    assets: { directory },
    signal: options.signal ?? new AbortController().signal,
    // fit() empties the list that it is given.
    resume: [...(options.resume ?? [])],
    onBackend: chosen => backends.push(chosen),
    onStart(started) {
      start = started
      options.onStart?.(started)
    },
    onEpoch(epoch) {
      epochs.push(epoch)
      options.onEpoch?.(epoch)
    },
  })
  return { outcome, epochs, backends, start }
}
