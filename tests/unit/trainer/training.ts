// One call of fit() with everything it reported, for tests to look at.
import type { PresetTraining } from '../../../packages/contracts/src/training.ts'
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

export async function train(
  directory: string,
  training: Partial<PresetTraining> & Pick<PresetTraining, 'preset'>,
  options: Partial<Pick<FitOptions, 'gpus' | 'signal' | 'resume' | 'onStart' | 'onEpoch'>> = {},
): Promise<Trained> {
  const epochs: Epoch[] = []
  const backends: Backend[] = []
  let start: Start | null = null
  const outcome = await fit({
    training: { kind: 'preset', epochs: 3, seed: 0, backend: 'auto', ...training },
    gpus: options.gpus ?? 0,
    assets: { directory },
    signal: options.signal ?? new AbortController().signal,
    resume: options.resume ?? [],
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
