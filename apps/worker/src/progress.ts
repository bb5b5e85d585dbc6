// What a person reads in the run's stdout. Epochs count from 1 here. A line for an epoch at most once a second, or at
// every tenth of the way where the training is faster than that and says how far it goes.
import { type EpochLine, epochValues, type TrainingReport } from '@trotline/contracts'
import type { RawEpoch } from './epoch-text.ts'

const LINE_EVERY_MS = 1000

const figure = (value: number | null, otherwise = 'not finite'): string =>
  value === null ? otherwise : String(Number(value.toPrecision(6)))

const figures = (values: EpochLine['values'], nonFinite: EpochLine['nonFinite'] = {}): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${figure(value, nonFinite[name])}`)
    .join('  ')

export interface Progress {
  epoch(epoch: Pick<RawEpoch, 'epoch' | 'values'>): void
}

export function createProgress(
  of: number | null,
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): Progress {
  let lastAt = Number.NEGATIVE_INFINITY
  let lastTenth = 0
  return {
    epoch({ epoch, values }) {
      const done = epoch + 1
      const tenth = of === null ? 0 : Math.floor((10 * done) / of)
      const at = now()
      if (tenth === lastTenth && at - lastAt < LINE_EVERY_MS) return
      lastAt = at
      lastTenth = tenth
      const { values: finite, nonFinite } = epochValues(values)
      write(`epoch ${of === null ? done : `${done}/${of}`}  ${figures(finite, nonFinite)}`)
    },
  }
}

export function endingLine(word: string, training: TrainingReport | null): string {
  if (!training) return `${word} before the first epoch`
  return `${word} after ${training.epochs} epochs in ${training.fitSeconds.toFixed(2)} s  ${figures(training.metrics)}`
}
