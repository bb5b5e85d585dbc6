// What a follower tells a person, in three voices: a live line on a terminal, plain lines elsewhere, objects with --json.
import { isTerminal, type Job, type JobEvent, type JobState, type Materialisation } from '@trotline/contracts'
import type { CliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { duration } from '../text/durations.ts'
import { buildView, isBuilt, shortId } from '../text/environment-text.ts'
import { localClock } from '../text/local-time.ts'
import { type Style, shownState, stateText } from '../text/style.ts'
import type { EpochTrack } from './epoch-track.ts'
import { limitStrikesAt } from './pace.ts'
import { type ProgressView, progressLine } from './progress-line.ts'
import { createStepTeller } from './step-reporter.ts'
import { beganAt, newsOf, viewOf, whyWaiting } from './view.ts'

export type Seen = { job: Job; track: EpochTrack /** News, not replayed history. */; told: boolean; seq: number }

export type Reporter = {
  snapshot(job: Job, track: EpochTrack): void
  event(event: JobEvent, seen: Seen): void
  /** How far its environment is, while the job waits for it. */
  environment(one: Materialisation): void
  lost(attempt: number, error: CliError, leftMs: number): void
  back(awayMs: number): void
  end(): void
}

const REDRAW_MS = 250
/** Where nobody watches: a line per 10 % of the epochs, and at least one a minute. */
const PLAIN_STEPS = 10
const PLAIN_MS = 60_000

/** @param serverNow the server's time when the job was read: ages are counted on from there, never from this clock. */
export function createReporter(
  out: Output,
  { serverNow = null, now = () => performance.now() }: { serverNow?: number | null; now?: () => number } = {},
): Reporter {
  const style = out.sayStyle
  let job: Job | null = null
  let track: EpochTrack | null = null
  let state: JobState | 'held' | null = null
  let stateSince = now()
  let over = false
  let outage: { attempt: number; reason: string } | null = null
  let plainStep = 0
  let plainAt = now()
  let limitSaid = false
  let environment: string | null = null
  const tellEnvironment = createStepTeller({ dash: style.dash })
  const ticking = out.sayIsTerminal && !out.quiet
  const timer = ticking ? setInterval(() => draw(), REDRAW_MS) : null
  timer?.unref()

  const tell = (at: string, text: string) => out.say(`${style.dim(localClock(at))}  ${text}`)
  const moved = (to: JobState | 'held', at: string, detail: string) => {
    if (to === state) return
    state = to
    stateSince = now()
    tell(at, `${padded(to, style)}  ${detail}`.trimEnd())
  }
  const view = (): ProgressView | null => {
    // What was told counts, not the record: it may be ahead of events that are still on their way.
    if (job === null || track === null || state === null || over) return null
    return viewOf(job, track, state, (now() - stateSince) / 1000, outage, environment)
  }
  const draw = () => {
    const shown = view()
    // One column is kept free: a line that fills the last one wraps on some terminals.
    out.live(shown === null ? null : progressLine(shown, out.width() - 1, style))
  }
  const plain = () => {
    const shown = view()
    if (out.sayIsTerminal || shown === null || shown.epochs === 0 || shown.state !== 'running') return
    const share = shown.epochs / shown.of
    const step = Math.floor((PLAIN_STEPS * shown.epochs) / shown.of)
    if (step <= plainStep && now() - plainAt < PLAIN_MS) return
    plainStep = step
    plainAt = now()
    const best = shown.best === null ? '' : `(best ${shown.best.value} @${shown.best.epoch})`
    const values = [
      `epoch ${shown.epochs}/${shown.of}`,
      `${Math.floor(100 * share)} %`,
      shown.loss === null ? '' : `loss ${shown.loss}`,
      best,
      shown.valLoss === null ? '' : `val_loss ${shown.valLoss}`,
      shown.left ?? '',
    ]
    tell(new Date().toISOString(), `${padded('running', style)}  ${values.filter(part => part !== '').join('  ')}`)
  }
  const warnOfLimit = () => {
    const pace = track?.pace() ?? null
    if (limitSaid || job === null || pace === null || state !== 'running') return
    const limitLeftSeconds = job.request.resources.timeLimitMinutes * 60 - (now() - stateSince) / 1000
    const epochs = (track?.last()?.epoch ?? -1) + 1
    const strikes = limitStrikesAt(pace, { epochs, of: job.progress.of, limitLeftSeconds })
    if (strikes === null) return
    limitSaid = true
    out.say(
      style.warn(
        `At this pace the time limit comes at epoch ${strikes} of ${job.progress.of} (in ${duration(limitLeftSeconds)}).`,
      ),
    )
  }

  return {
    snapshot: (fresh, seen) => {
      const firstTime = job === null
      job = fresh
      track = seen
      if (firstTime && !isTerminal(fresh.state)) {
        // "Accepted" was said by whoever submitted it.
        if (fresh.state === 'accepted' && whyWaiting(fresh) === null) state = 'accepted'
        else moved(shownState(fresh), fresh.updatedAt, whyWaiting(fresh) ?? '')
        const began = beganAt(fresh)
        if (began !== null && serverNow !== null) stateSince = now() - Math.max(0, serverNow - Date.parse(began))
      }
      draw()
    },
    event: (event, seen) => {
      job = seen.job
      track = seen.track
      over ||= event.type === 'state' && isTerminal(event.to)
      if (out.json && seen.told) void out.answerLine({ seq: seen.seq, ...event })
      if (seen.told) {
        const text = newsOf(event)
        if (event.type === 'state' && !isTerminal(event.to)) moved(event.to, event.at, event.detail)
        else if (text !== null) tell(event.at, text)
        if (event.type === 'reset') moved(shownState(seen.job), seen.job.updatedAt, '')
      }
      if (event.type === 'epochs') {
        warnOfLimit()
        plain()
      }
    },
    environment: one => {
      const name = `environment ${job?.environment?.name ?? shortId(one.lock)}`
      const text = tellEnvironment(buildView(one))
      environment = isBuilt(one) ? null : `${name}: ${text ?? environmentText(one)}`
      // A terminal has its line for what goes on; what has ended is told everywhere.
      if (text !== null && (isBuilt(one) || !out.sayIsTerminal)) tell(one.at, `${name}: ${text}`)
      draw()
    },
    lost: (attempt, error, leftMs) => {
      const reason = error.problem?.title ?? error.message.replace(/^Could not ask [^(]*\((.*)\)\.$/, '$1')
      if (outage === null) {
        const dots = style.dots
        out.say(
          style.warn(
            `Connection lost (${reason}). The job goes on; trying again for ${duration(leftMs / 1000)} ${dots}`,
          ),
        )
      }
      outage = { attempt, reason }
      draw()
    },
    back: awayMs => {
      outage = null
      out.say(style.good(`Connected again after ${duration(awayMs / 1000)}; nothing is missing.`))
    },
    end: () => {
      if (timer !== null) clearInterval(timer)
      out.live(null)
    },
  }
}

function environmentText(one: Materialisation): string {
  const { step, detail } = buildView(one)
  return detail === '' ? step : `${step}  ${detail}`
}

// As wide as "finishing", so that the details stand in one column.
const padded = (state: JobState | 'held', style: Style): string => {
  const { plain, painted } = stateText(state, style)
  return painted + ' '.repeat(Math.max(0, 11 - plain.length))
}
