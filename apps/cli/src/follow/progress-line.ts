// The one line at the bottom while a job is followed, for any width: what matters least goes first when it is narrow.
// Pure: the caller redraws it.
import type { JobState } from '@trotline/contracts'
import { clock } from '../text/durations.ts'
import { type Style, stateText } from '../text/style.ts'

export type ProgressView = {
  state: JobState | 'held'
  /** Since the state began; null where that is not known. */
  seconds: number | null
  /** Epochs done; the line counts them from 1. */
  epochs: number
  of: number
  loss: string | null
  best: { value: string; epoch: number } | null
  valLoss: string | null
  left: string | null
  /** Why nothing moves: Slurm's reason, a lost connection. Takes the place of bar and figures. */
  waiting: string | null
}

const MIN_BAR = 8
const MAX_BAR = 24
const GAP = '  '
const FIGURE = 6
/** "~17–19 min left" */
const LEFT = 15

type Part = { text: string; paint?: (text: string) => string /** Lower goes first. */; weight: number }

export function progressLine(view: ProgressView, width: number, style: Style): string {
  const state = stateText(view.state, style)
  const always = 9
  const parts: Part[] = [{ text: state.plain, paint: () => state.painted, weight: always }]
  const add = (weight: number, text: string | null, paint?: (text: string) => string) => {
    if (text !== null) parts.push({ text, weight, ...(paint === undefined ? {} : { paint }) })
  }
  add(2, view.seconds === null ? null : clock(view.seconds), style.dim)
  if (view.waiting !== null) {
    add(4, view.waiting, style.dim)
    return fit(parts, width).map(painted).join(GAP)
  }
  if (view.epochs === 0) {
    add(4, view.state === 'running' ? `first of ${view.of} epochs not finished` : null, style.dim)
    return fit(parts, width).map(painted).join(GAP)
  }
  const epochs = String(view.epochs).padStart(String(view.of).length)
  add(8, `epoch ${epochs}/${view.of}`)
  const barAt = parts.length
  add(2.5, `${Math.floor((100 * view.epochs) / view.of)} %`.padStart(5))
  // Figures keep their room, so that the bar between them does not dance.
  const steady = (value: string) => value.padEnd(FIGURE)
  add(7, view.loss === null ? null : `loss ${steady(view.loss)}`)
  const best = view.best === null ? null : `(best ${view.best.value} @${view.best.epoch})`
  add(1, best === null ? null : best.padEnd('(best  @)'.length + FIGURE + String(view.of).length), style.dim)
  add(3, view.valLoss === null ? null : `val ${steady(view.valLoss)}`)
  add(4, view.epochs < view.of ? (view.left ?? '').padEnd(LEFT) : null)
  const kept = fit(parts, width, MIN_BAR + GAP.length)
  const room = width - lengthOf(kept) - GAP.length
  const share = view.epochs / view.of
  if (room >= MIN_BAR) {
    const size = Math.min(MAX_BAR, room)
    const place = Math.min(kept.length, kept.findIndex(part => part.weight === 8) + 1 || barAt)
    kept.splice(place, 0, { text: bar(share, size, style), weight: 3, paint: style.info })
  }
  return fit(kept, width).map(painted).join(GAP)
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** Always `size` characters; full only when it is done. */
export function bar(share: number, size: number, { utf8 }: Pick<Style, 'utf8'>): string {
  if (!utf8) {
    const done = Math.floor(share * (size - 2))
    return `[${'#'.repeat(done)}${'-'.repeat(size - 2 - done)}]`
  }
  const eighths = Math.floor(share * size * 8)
  const text = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
  // The unfilled rest is drawn too, so that the end of the bar can be seen.
  return text + '░'.repeat(size - text.length)
}

const painted = ({ text, paint }: Part): string => (paint === undefined ? text : paint(text))
const lengthOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, part) => sum + part.text.length + GAP.length, -GAP.length)

/** Drops the lightest parts until the rest fits beside what is reserved. A line that wraps could not be redrawn. */
function fit(parts: readonly Part[], width: number, reserved = 0): Part[] {
  const kept = [...parts]
  while (kept.length > 1 && lengthOf(kept) + reserved > width) {
    const lightest = kept.reduce((least, part) => (part.weight < least.weight ? part : least))
    // The bar's room is given up before loss, epoch and state are.
    if (reserved > 0 && lightest.weight > 5) return fit(kept, width)
    kept.splice(kept.indexOf(lightest), 1)
  }
  const [only] = kept
  if (kept.length === 1 && only !== undefined && only.text.length > width) {
    return [{ text: only.text.slice(0, Math.max(0, width)), weight: only.weight }]
  }
  return kept
}
