// Fills a log's screen: first its end or the place that was asked for, then what is told live from that very byte, and earlier parts, also
// of earlier attempts, when somebody scrolls up to them.
import type { Job } from '@trotline/contracts'
import { inWords, Refused } from '../api/client.ts'
import { causeOf } from '../chart/attempt-bands.ts'
import { clockTime } from '../job/age.tsx'
import { follow } from '../live/live.ts'
import { logTopic, type Told } from '../live/topics.ts'
import { type Before, beforeOf } from '../log/reach.ts'
import type { LogScreen, Place } from '../log/screen.ts'
import { type AttemptSeam, attemptSeam, openAt, openAtEnd } from './open-log.ts'
import { type LogSource, readBytes, readLog } from './read-log.ts'

const EARLIER_BYTES = 262_144
const DRAW_EVERY_MS = 100
/** Of what was missed: what is longer is said, and can be had. */
const MOST_READ_ON = 4_194_304

export interface LogFeed {
  /** null: nothing was answered yet. */
  readonly screen: LogScreen | null
  /** All that was written is here. */
  readonly ended: boolean
  readonly trouble: string | null
  /** Whether there is something before the first line; 'full': there is, and this page keeps as much as it can. */
  readonly before: 'more' | 'full' | 'nothing'
  /** Done when it is on the screen, or could not be had. */
  earlier(): Promise<void>
  stop(): void
}

interface Wanted {
  job: Pick<Job, 'id' | 'runs' | 'submissions'>
  source: LogSource
  raw: boolean
  /** null: the end. */
  at: Place | null
  /** Something is to be drawn anew: told at most ten times a second. */
  onChange(): void
}

export function followLog({ job, source, raw, at, onChange }: Wanted): LogFeed {
  const leaving = new AbortController()
  const { signal } = leaving
  let screen: LogScreen | null = null
  let ended = false
  let trouble: string | null = null
  let full = false
  /** The first attempt wrote nothing. */
  let exhausted = false
  let unfollow = (): void => {}
  let drawing: ReturnType<typeof setTimeout> | undefined
  let asking = false
  let catchingUp = false
  /** What was told meanwhile. */
  const waiting: Told[] = []

  const draw = (): void => {
    drawing ??= setTimeout(() => {
      drawing = undefined
      if (!signal.aborted) onChange()
    }, DRAW_EVERY_MS)
  }
  const seamOf = (attempt: number): AttemptSeam => attemptSeam(job, attempt)

  async function begin(): Promise<void> {
    try {
      const opened = { job, source, raw, signal }
      const found = at === null ? null : await openAt(at, opened)
      const missed = at !== null && found === null
      screen = found ?? (await openAtEnd(opened))
      trouble = missed ? 'The line that the link points at is not there: this is the end.' : null
      unfollow = follow(logTopic(job.id, source, job.runs.length === 0 ? null : screen.place), hear)
    } catch (error) {
      if (signal.aborted) return
      trouble = inWords(error)
      setTimeout(() => !signal.aborted && void begin(), 3_000)
    }
    draw()
  }

  function hear(told: Told): void {
    if (screen === null) return
    if (catchingUp) waiting.push(told)
    else take(told, screen)
  }

  function take(told: Told, into: LogScreen): void {
    // Another tab follows the same and was told the beginning: here it is read.
    if ((told.type === 'log' || told.type === 'end') && isAhead(told, into.place)) {
      catchingUp = true
      void catchUp(told, into)
        .catch((error: unknown) => {
          if (!signal.aborted) trouble = inWords(error)
        })
        .then(() => {
          catchingUp = false
          if (signal.aborted) return
          obey(told, into)
          while (!catchingUp && waiting.length > 0) take(waiting.shift() as Told, into)
        })
    } else obey(told, into)
  }

  async function catchUp(to: Place, into: LogScreen): Promise<void> {
    const { attempt } = into.place
    if (attempt < to.attempt) {
      await readOn(into, (await readLog(job, source, { attempt, offset: 0, limit: 1 }, signal)).size)
      for (let next = attempt + 1; next <= to.attempt; next++) into.seam(seamOf(next))
    }
    await readOn(into, to.offset)
  }
  async function readOn(into: LogScreen, end: number): Promise<void> {
    const { attempt, offset: from } = into.place
    const near = Math.max(from, end - MOST_READ_ON)
    if (near > from) into.seam({ kind: 'skipped', from, bytes: near - from, why: 'slow' })
    if (end > near) into.feed(await readBytes(job, source, { attempt, offset: near, length: end - near }, signal))
  }

  function obey(told: Told, into: LogScreen): void {
    if (told.type === 'log') write(told, into)
    else if (told.type === 'attempt' && told.attempt > into.place.attempt)
      into.seam({ ...seamOf(told.attempt), node: told.node, cause: causeOf(told, job.submissions) })
    else if (told.type === 'cut') into.seam({ kind: 'cut', at: told.at })
    else if (told.type === 'end') {
      ended = true
      into.end()
    } else if (told.type === 'gone') trouble = told.problem.detail
    else return
    draw()
  }

  /** Bytes come in order, each once; should they not, the screen says so. */
  function write(told: Told & { type: 'log' }, into: LogScreen): void {
    const { attempt, offset } = told
    if (attempt > into.place.attempt) into.seam(seamOf(attempt))
    if (attempt < into.place.attempt) return
    const bytes = bytesOf(told)
    const known = into.place.offset - offset
    if (known < 0) into.seam({ kind: 'lost', clock: clockTime(Date.now()), resumedAt: offset, missing: -known })
    into.feed(known > 0 ? bytes.subarray(known) : bytes)
  }

  /** Slurm's own log is one for all attempts. */
  function known(into: LogScreen): Before {
    const before = beforeOf(into)
    return exhausted || (before.kind === 'attempt' && source === 'slurm') ? { kind: 'nothing' } : before
  }

  async function earlier(): Promise<void> {
    const into = screen
    if (into === null || asking || full) return
    const before = known(into)
    if (before.kind === 'nothing') return
    asking = true
    try {
      if (before.kind === 'attempt') {
        if (!before.seam) into.beginsWith(seamOf(before.attempt + 1))
        await earlierAttempts(into, before.attempt)
      } else {
        const { attempt, end } = before
        const offset = Math.max(0, end - EARLIER_BYTES)
        const bytes = await readBytes(job, source, { attempt, offset, length: end - offset }, signal)
        if (bytes.length === end - offset && !signal.aborted) put(into, { attempt, offset }, bytes)
      }
    } catch (error) {
      if (!signal.aborted) trouble = inWords(error)
    } finally {
      asking = false
      draw()
    }
  }

  /** The end of the newest of them that wrote anything. */
  async function earlierAttempts(into: LogScreen, from: number): Promise<void> {
    for (let attempt = from; attempt >= 1; attempt--) {
      const { bytes, offset } = await endOf(attempt)
      if (signal.aborted) return
      if (bytes.length > 0) return put(into, { attempt, offset }, bytes)
      // It wrote nothing: its own beginning is above it all the same.
      if (attempt > 1) into.beginsWith(seamOf(attempt))
      else exhausted = true
    }
  }
  async function endOf(attempt: number): Promise<{ bytes: Uint8Array; offset: number }> {
    try {
      return await readLog(job, source, { attempt, tail: EARLIER_BYTES }, signal)
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return { bytes: new Uint8Array(0), offset: 0 }
      throw error
    }
  }
  function put(into: LogScreen, place: Place, bytes: Uint8Array): void {
    const before = beforeOf(into)
    const added = into.prepend(place, bytes)
    const now = beforeOf(into)
    full = added === 0 && JSON.stringify(before) === JSON.stringify(now)
  }

  void begin()
  return {
    get screen() {
      return screen
    },
    get ended() {
      return ended
    },
    get trouble() {
      return trouble
    },
    get before() {
      return screen === null || known(screen).kind === 'nothing' ? 'nothing' : full ? 'full' : 'more'
    },
    earlier,
    stop() {
      leaving.abort()
      clearTimeout(drawing)
      unfollow()
    },
  }
}

const isAhead = (told: Place, place: Place): boolean =>
  told.attempt > place.attempt || (told.attempt === place.attempt && told.offset > place.offset)

const encoder = new TextEncoder()
function bytesOf({ text, base64 }: { text?: string | undefined; base64?: string | undefined }): Uint8Array {
  if (base64 === undefined) return encoder.encode(text ?? '')
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
}
