// Tells a person how far something of several steps is (a solve, the making of an environment): one line at the bottom of a
// terminal; elsewhere a line per step, per 10 % of it, and at least one a minute.
import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../output.ts'
import { clock } from '../text/durations.ts'
import { localClock } from '../text/local-time.ts'
import { bar } from './progress-line.ts'
import { createTimeLeft } from './time-left.ts'

export type StepView = {
  /** "download", "solving": a new one is told. */
  step: string
  /** "12 of 38 packages"; '' for nothing. */
  detail: string
  /** null: it does not count, or nobody knows up to what. */
  done: number | null
  of: number | null
}

export type StepReporter = {
  show(view: StepView): void
  /** A line that stays. */
  tell(text: string): void
  end(): void
}

const REDRAW_MS = 250
const PLAIN_STEPS = 10
const PLAIN_MS = 60_000
const BAR = 20

/** @param head what is going on, such as "making ml@3 on local" */
export function createStepReporter(
  out: Output,
  head: string,
  { now = () => performance.now() }: { now?: () => number } = {},
): StepReporter {
  const style = out.sayStyle
  const left = createTimeLeft({ now, dash: style.dash })
  const plainly = createStepTeller({ now, dash: style.dash })
  const began = now()
  let view: StepView | null = null
  const timer = out.sayIsTerminal && !out.quiet ? setInterval(() => draw(), REDRAW_MS) : null
  timer?.unref()

  const draw = (): void => {
    if (view === null) return
    const share = shareOf(view)
    const { step, done, of, detail } = view
    const parts = [
      head,
      style.dim(clock((now() - began) / 1000)),
      step,
      ...(share === null ? [] : [style.info(bar(share, BAR, style)), percent(share).padStart(5)]),
      detail,
      done === null ? '' : (left.of(step, done, of) ?? ''),
    ].filter(part => part !== '')
    out.live(fitted(parts, out.width() - 1))
  }
  const tell = (text: string): void => out.say(`${style.dim(localClock(new Date().toISOString()))}  ${text}`)

  return {
    show: next => {
      view = next
      if (out.sayIsTerminal) {
        draw()
        return
      }
      const text = plainly(next)
      if (text !== null) tell(text)
    },
    tell,
    end: () => {
      if (timer !== null) clearInterval(timer)
      out.live(null)
    },
  }
}

const shareOf = ({ done, of }: StepView): number | null =>
  done === null || of === null || of === 0 ? null : Math.min(1, done / of)
const percent = (share: number): string => `${Math.floor(100 * share)} %`

/** What to tell of a view where nobody watches; null: nothing that was not told a moment ago. */
export function createStepTeller({
  now = () => performance.now(),
  dash = '–',
}: {
  now?: () => number
  dash?: string
} = {}): (view: StepView) => string | null {
  const left = createTimeLeft({ now, dash })
  let toldStep = ''
  let toldTenth = 0
  let toldAt = now()
  return view => {
    const { step, detail, done, of } = view
    const share = shareOf(view)
    const tenth = share === null ? 0 : Math.floor(PLAIN_STEPS * share)
    const remaining = done === null ? null : left.of(step, done, of)
    if (step === toldStep && tenth <= toldTenth && now() - toldAt < PLAIN_MS) return null
    toldStep = step
    toldTenth = tenth
    toldAt = now()
    return [step, share === null ? '' : percent(share), detail, remaining ?? ''].filter(part => part !== '').join('  ')
  }
}

const lengthOf = (text: string): number => stripVTControlCharacters(text).length

/** Drops from the end what does not fit: a line that wraps could not be redrawn. */
export function fitted(parts: readonly string[], width: number): string {
  const kept = [...parts]
  while (kept.length > 1 && lengthOf(kept.join('  ')) > width) kept.pop()
  const line = kept.join('  ')
  return lengthOf(line) > width ? stripVTControlCharacters(line).slice(0, Math.max(0, width)) : line
}
