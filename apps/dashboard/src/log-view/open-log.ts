// Where a log is opened: at its end, or around a line that a link points at, with what lies between there and the end left out and said.
import type { Job } from '@trotline/contracts'
import { causeOf } from '../chart/attempt-bands.ts'
import { LogScreen, type Place } from '../log/screen.ts'
import type { Seam } from '../log/seams.ts'
import { type LogSource, readBytes, readLog } from './read-log.ts'

const TAIL_BYTES = 65_536
/** Before the line, and from there on. */
const [ABOVE_BYTES, BELOW_BYTES] = [65_536, 196_608]
/** So much more is read as well; of what is longer only the end. */
const NEAR_BYTES = 1_048_576
/** Between the line's attempt and the newest: each costs a question. */
const MOST_ATTEMPTS = 20

interface Opened {
  job: Pick<Job, 'id' | 'runs' | 'submissions'>
  source: LogSource
  raw: boolean
  signal: AbortSignal
}

/** What follows is told from the screen's place on. */
export async function openAtEnd({ job, source, raw, signal }: Opened): Promise<LogScreen> {
  const newest = job.runs.at(-1)
  if (newest === undefined) return new LogScreen({ attempt: 1, offset: 0 }, { raw })
  const { bytes, offset, run } = await readLog(job, source, { tail: TAIL_BYTES }, signal)
  const named = job.runs.find(one => one.run === run) ?? newest
  const screen = new LogScreen({ attempt: source === 'slurm' ? 1 : named.attempt, offset }, { raw })
  screen.feed(bytes)
  screen.dropPartial()
  return screen
}

/** null: there is no such place; the job has not come so far, or its file is shorter now. */
export async function openAt(at: Place, opened: Opened): Promise<LogScreen | null> {
  const { job, source, raw, signal } = opened
  const attempt = source === 'slurm' ? 1 : at.attempt
  const newest = source === 'slurm' ? 1 : (job.runs.at(-1)?.attempt ?? 0)
  if (attempt > newest) return null
  const from = Math.max(0, at.offset - ABOVE_BYTES)
  const limit = ABOVE_BYTES + BELOW_BYTES
  const { bytes, size } = await readLog(job, source, { attempt, offset: from, limit }, signal)
  if (at.offset > 0 && at.offset >= size) return null
  const screen = new LogScreen({ attempt, offset: from }, { raw })
  screen.feed(bytes)
  screen.dropPartial()
  await leaveOut(screen, size, attempt === newest, opened)
  for (let next = Math.max(attempt + 1, newest - MOST_ATTEMPTS); next <= newest; next++) {
    screen.seam(attemptSeam(job, next))
    const { size: own } = await readLog(job, source, { attempt: next, offset: 0, limit: 1 }, signal)
    await leaveOut(screen, own, next === newest, opened)
  }
  return screen
}

/** From the screen's place to the end of the attempt's file. */
async function leaveOut(screen: LogScreen, size: number, newest: boolean, opened: Opened): Promise<void> {
  const { job, source, signal } = opened
  const { attempt, offset } = screen.place
  if (newest && size - offset <= NEAR_BYTES) {
    // Read and not followed from here: where another tab follows from this very byte, nothing before now is told again.
    screen.feed(await readBytes(job, source, { attempt, offset, length: Math.max(0, size - offset) }, signal))
    return
  }
  const until = newest ? size - TAIL_BYTES : size
  if (until > offset) screen.seam(farSeam(offset, until - offset))
  if (newest) screen.feed((await readLog(job, source, { attempt, offset: until, limit: TAIL_BYTES }, signal)).bytes)
}

export type AttemptSeam = Extract<Seam, { kind: 'attempt' }>

/** Where it ran and why there was another: as far as the record tells. */
export function attemptSeam({ runs, submissions }: Pick<Job, 'runs' | 'submissions'>, attempt: number): AttemptSeam {
  const run = runs.find(one => one.attempt === attempt)
  const cause = run === undefined ? null : causeOf(run, submissions)
  return { kind: 'attempt', attempt, node: run?.node ?? null, cause }
}

const farSeam = (from: number, bytes: number): Extract<Seam, { kind: 'skipped' }> => ({
  kind: 'skipped',
  from,
  bytes,
  why: 'far',
})
