// Keras's EarlyStopping and ModelCheckpoint(save_best_only): when a training is to end before its last epoch, and which epoch was
// the best. keras/src/callbacks/early_stopping.py and model_checkpoint.py, of Keras 3.
import type { ModelTraining } from '@trotline/contracts'
import { TrainerError } from '../errors.ts'
import type { EpochValues } from '../trainable.ts'

type Rule = NonNullable<ModelTraining['earlyStopping']>

export interface Verdict {
  /** The weights of this epoch are the best so far. */
  best: boolean
  /** The training ends with this epoch. */
  stop: boolean
}

export interface Watched {
  /** What it remembers, to be saved and restored: [best value, best epoch or −1, epochs without improvement]. */
  readonly memory: Float64Array
  epochEnded(epoch: number, values: EpochValues): Verdict
  best(): { epoch: number; monitor: string; value: number } | null
}

/** @param keys what the epochs' values will be called; a monitor that is none of them is TRAIN_BAD_MODEL */
export function createEarlyStopping(rule: Rule, keys: readonly string[]): Watched {
  const { minDelta, patience, baseline, startFromEpoch } = rule
  const { watched, memory, improves, watchedValue } = watch(rule, keys)
  return {
    ...watched,
    epochEnded(epoch, values) {
      if (epoch < startFromEpoch) return { best: false, stop: false }
      const current = watchedValue(values)
      const first = memory[1] === -1
      memory[2] = (memory[2] as number) + 1
      if (improves(current, memory[0] as number, minDelta)) {
        memory[0] = current
        memory[1] = epoch
        if (baseline === null || improves(current, baseline, minDelta)) memory[2] = 0
        return { best: true, stop: false }
      }
      // Keras: before the first improvement the first weights that it sees are the best.
      if (first) memory[1] = epoch
      return { best: first, stop: (memory[2] as number) >= patience && epoch > 0 }
    },
  }
}

/** Ends nothing; only says which epoch was the best. */
export function createBestWeights(rule: NonNullable<ModelTraining['bestWeights']>, keys: readonly string[]): Watched {
  const { watched, memory, improves, watchedValue } = watch(rule, keys)
  return {
    ...watched,
    epochEnded(epoch, values) {
      const current = watchedValue(values)
      const best = improves(current, memory[0] as number, 0)
      if (best) {
        memory[0] = current
        memory[1] = epoch
      }
      return { best, stop: false }
    },
  }
}

function watch({ monitor, mode }: Pick<Rule, 'monitor' | 'mode'>, keys: readonly string[]) {
  if (!keys.includes(monitor))
    throw new TrainerError(
      'TRAIN_BAD_MODEL',
      `${monitor} is to be watched, and the epochs' values will be ${keys.join(', ')}${monitor.startsWith('val_') ? ': there is a val_ value only with a validation part' : ''}.`,
    )
  const higher = mode === 'max' || (mode === 'auto' && monitor.endsWith('accuracy'))
  const memory = Float64Array.of(higher ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, -1, 0)
  return {
    memory,
    watchedValue: (values: EpochValues): number => values[monitor] as number,
    improves: (current: number, reference: number, delta: number): boolean =>
      higher ? current - delta > reference : current + delta < reference,
    watched: {
      memory,
      best() {
        const [value, epoch] = memory as unknown as [number, number]
        return epoch === -1 || !Number.isFinite(value) ? null : { epoch, monitor, value }
      },
    } satisfies Omit<Watched, 'epochEnded'>,
  }
}
