// A chart in a sentence, for those who cannot see it and for those who would rather read.
import { count, figure, shortFigure } from '../text/figures.ts'
import { extremesOf } from './extremes.ts'
import type { EpochHistory } from './history.ts'
import { nonFiniteTexts } from './non-finite.ts'

/** "loss fell from 8.1 to 0.42 over 412 epochs, lowest 0.39 at 388". */
export function metricSentence(history: EpochHistory, metric: string): string | null {
  const extremes = extremesOf(history, metric)
  const [stray] = nonFiniteTexts(history, [metric])
  if (extremes === null) return stray ?? null
  const { first, last, best, goal } = extremes
  const end = Number.isFinite(last.value) ? shortFigure(last.value) : figure(last.value)
  const epochs = count(history.line.length, 'epoch')
  const course =
    first.row === last.row
      ? `${metric} is ${end} after ${epochs}`
      : !Number.isFinite(last.value)
        ? `${metric} went from ${shortFigure(first.value)} to ${end} over ${epochs}`
        : first.value === last.value
          ? `${metric} is at ${end} as at first, after ${epochs}`
          : `${metric} ${last.value < first.value ? 'fell' : 'rose'} from ${shortFigure(first.value)} to ${end} over ${epochs}`
  const record =
    best.row === first.row && first.row === last.row
      ? ''
      : `, ${goal} ${shortFigure(best.value)} at ${count(history.epochOf(best.row) + 1)}`
  return `${course}${record}${stray === undefined ? '' : `; ${stray}`}`
}

/** Of a whole chart. */
export function chartSentence(history: EpochHistory, metrics: readonly string[]): string {
  const sentences = metrics.flatMap(metric => metricSentence(history, metric) ?? [])
  return sentences.length === 0 ? 'No epoch has finished yet.' : `${sentences.join('. ')}.`
}
