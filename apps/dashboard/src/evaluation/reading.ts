// What an evaluation's plots say, in figures and sentences. Pure.
import type { Evaluation } from '@trotline/contracts'
import { count, figure, shortFigure } from '../text/figures.ts'

export type Classification = Extract<Evaluation, { kind: 'classification' }>
export type Regression = Extract<Evaluation, { kind: 'regression' }>
export type Sample = Classification['samples'][number]
type Output = Regression['outputs'][number]

/** "92 %", "0.4 %": one decimal only where the whole number would be 0. */
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0095 && share > 0 ? 1 : 0)} %`

export interface Cell {
  truth: string
  predicted: string
  rows: number
  /** Of the rows of that true class; 0 where there are none. */
  share: number
  right: boolean
}

/** By true class, then by predicted class. */
export function cellsOf(confusion: readonly (readonly number[])[], names: readonly string[]): Cell[] {
  return confusion.flatMap((row, truth) => {
    const all = row.reduce((sum, rows) => sum + rows, 0)
    return row.map((rows, predicted) => ({
      truth: names[truth] ?? String(truth),
      predicted: names[predicted] ?? String(predicted),
      rows,
      share: all === 0 ? 0 : rows / all,
      right: truth === predicted,
    }))
  })
}

/** What is most often taken for something else; the most rows first. */
export const mistakes = (cells: readonly Cell[], most: number): Cell[] =>
  cells
    .filter(cell => !cell.right && cell.rows > 0)
    .sort((a, b) => b.rows - a.rows)
    .slice(0, most)

/** "bag is taken for shirt most often: 14 of 100." null: nothing is taken for anything else. */
export function worstText(cells: readonly Cell[]): string | null {
  const [worst] = mistakes(cells, 1)
  if (worst === undefined) return null
  const all = cells.filter(cell => cell.truth === worst.truth).reduce((sum, cell) => sum + cell.rows, 0)
  return `${worst.truth} is taken for ${worst.predicted} most often: ${count(worst.rows)} of ${count(all)}.`
}

/** The best first; classes without rows last. */
export const byAccuracy = (classes: Classification['classes']): Classification['classes'] =>
  [...classes].sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1))

/** Wrong ones first, the surest of them before the others: they say most. */
export function wrongFirst(samples: readonly Sample[]): Sample[] {
  const rank = (sample: Sample): number => (sample.true === sample.predicted ? 1 : 0)
  return [...samples].sort((a, b) => rank(a) - rank(b) || sureness(b) - sureness(a))
}
const sureness = (sample: Sample): number => sample.probabilities[sample.predicted] ?? 0

const nameOf = (names: readonly string[], at: number): string => names[at] ?? `class ${at}`

/** "sandal, taken for sneaker, 71 % sure": the picture in words. */
export function sampleText(sample: Sample, names: readonly string[]): string {
  const truth = nameOf(names, sample.true)
  const told =
    sample.true === sample.predicted ? `${truth}, recognised` : `${truth}, taken for ${nameOf(names, sample.predicted)}`
  const sure = sample.probabilities[sample.predicted]
  if (sample.probabilities.length === 0) return told
  return `${told}, ${sure == null ? 'how sure is not a number' : `${percent(sure)} sure`}`
}

export interface Pairs {
  points: { row: number; truth: number; predicted: number }[]
  /** Rows whose prediction, or whose truth, is not a number. */
  notNumbers: number
  /** Of the points; null: there is none. */
  meanError: number | null
}

export function pairsOf({ pairs }: Pick<Output, 'pairs'>): Pairs {
  const points = pairs.true.flatMap((truth, at) => {
    const predicted = pairs.predicted[at]
    return truth === null || predicted == null ? [] : [{ row: pairs.row[at] ?? at, truth, predicted }]
  })
  const sum = points.reduce((total, one) => total + Math.abs(one.predicted - one.truth), 0)
  return {
    points,
    notNumbers: pairs.true.length - points.length,
    meanError: points.length === 0 ? null : sum / points.length,
  }
}

export function pairsText(
  { points, notNumbers, meanError }: Pairs,
  { rows, part }: Pick<Regression, 'rows' | 'part'>,
): string {
  const of = points.length + notNumbers < rows ? `, ${count(points.length + notNumbers)} of them drawn` : ''
  const error =
    meanError === null ? '' : ` A prediction is off by ${shortFigure(meanError)} on average. On the line both agree.`
  const lost = notNumbers === 0 ? '' : ` ${count(notNumbers, 'prediction is', 'predictions are')} NaN and not drawn.`
  return `${count(rows, 'row')} of the ${part} part${of}.${error}${lost}`
}

export const pairRows = ({ pairs }: Pick<Output, 'pairs'>): string[][] =>
  pairs.true.map((truth, at) => {
    const predicted = pairs.predicted[at]
    const both = truth !== null && predicted != null
    return [
      count((pairs.row[at] ?? at) + 1),
      truth === null ? 'NaN' : figure(truth),
      predicted == null ? 'NaN' : figure(predicted),
      both ? figure(predicted - truth) : 'NaN',
    ]
  })
