// A log as the server's stream tells it. A stream that broke is taken up again where the reader stands (Last-Event-ID, `attempt:offset`), so
// nothing is missing and nothing comes twice.
import type { Job } from '@trotline/contracts'
import type { LogQuery } from '../api/client.ts'
import { type LogEvent, unreadable } from '../api/log-events.ts'
import type { Context } from '../context.ts'
import { CliError, isRefusedStream, isTransient } from '../errors.ts'
import { CHUNK_BYTES } from './log-tail.ts'
import type { LogPosition, ToldLog } from './told-log.ts'

/** The server says at once that it follows. Where nothing of that comes, something in between keeps what it ought to pass on. */
const FIRST_SIGN_MS = 15_000
/** A log does not tell that its job is held for a person: the record is read where so long nothing came. */
const RECORD_AFTER_MS = 3_000
/** So many connections one after the other that brought no more than their beginning: something in between ends what it ought to pass on. */
const MOST_BARREN = 3

/**
 * @returns the job once it is over, or held, and its last byte was written; null: no stream is to be had, and nothing was told that is not
 * in the position
 */
export async function streamLog(
  { client, interrupt }: Pick<Context, 'client' | 'interrupt'>,
  start: Job,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  log: ToldLog,
): Promise<Job | null> {
  const { position, patience } = log
  let job = start
  let broke = false
  let barren = 0
  const here = () => ({ stream: query.stream, attempt: position.attempt ?? query.attempt, offset: position.offset })

  /** Of a held job, whose stream does not end. */
  const rest = async (): Promise<Job> => {
    for (;;) {
      const chunk = await client.logs(job.id, { ...here(), limit: CHUNK_BYTES })
      if (chunk.bytes.length === 0) break
      await log.bytes(chunk)
    }
    await log.finish()
    return job
  }

  const take = async (event: Exclude<LogEvent, { name: 'end' }>): Promise<void> => {
    if (event.name === 'attempt') return log.begin(event)
    if (event.attempt !== position.attempt) throw unreadable()
    if (event.name === 'cut') return log.cut()
    if (event.offset !== position.offset) throw unreadable()
    await log.bytes({ ...event, run: position.run })
  }

  /** One connection. null: something keeps it from us. @throws CliError COULD_NOT_ASK where it broke */
  const once = async (): Promise<Job | null> => {
    const leaving = new AbortController()
    const line = AbortSignal.any([interrupt, leaving.signal])
    const events = client.followLog(job.id, query, lastIdOf(position), line)
    const ask = () => {
      const next = events.next()
      // Whoever is busy with what was told hears of a lost line when it waits for more.
      next.catch(() => {})
      return next
    }
    try {
      let signs = 0
      let next = ask()
      for (;;) {
        const found = await orQuiet(next, signs > 0 ? RECORD_AFTER_MS : FIRST_SIGN_MS)
        if (found === 'quiet') {
          if (signs === 0) return null
          job = await client.job(job.id)
          if (job.hold !== null) return await rest()
          continue
        }
        if (found.done === true) throw new CliError('COULD_NOT_ASK', 'The server closed the connection.')
        signs += 1
        if (signs > 1) barren = 0
        const event = found.value
        if (event !== 'alive' && event.name === 'end') {
          job = await client.job(job.id)
          await log.finish()
          return job
        }
        if (event !== 'alive') await take(event)
        next = ask()
      }
    } finally {
      leaving.abort()
    }
  }

  for (;;) {
    try {
      if (broke) {
        // A stream is opened before a byte of the log is read. That the log can be read again, only a reading tells.
        await client.logs(job.id, { ...here(), limit: 1 })
        log.answered()
      }
      job = await placed(client, job, position, query.attempt)
      if (job.hold !== null) return await rest()
      if (barren === MOST_BARREN) return null
      barren += 1
      return await once()
    } catch (error) {
      if (isRefusedStream(error)) return null
      if (!isTransient(error)) throw error
      broke = true
      await patience.again(error)
    }
  }
}

/** Completes the position: the attempt of its run, or the run that is read. A run may be younger than the record that is known. */
async function placed(
  client: Context['client'],
  known: Job,
  position: LogPosition,
  pinned: number | undefined,
): Promise<Job> {
  if (position.attempt !== null) return known
  const isNew = position.run !== null && !known.runs.some(({ run }) => run === position.run)
  const job = isNew ? await client.job(known.id) : known
  const isIt = (attempt: number): boolean => pinned === undefined || attempt === pinned
  const run = job.runs.findLast(one => (position.run === null ? isIt(one.attempt) : one.run === position.run))
  Object.assign(position, { run: run?.run ?? position.run, attempt: run?.attempt ?? null })
  return job
}

/** null: no run has begun, and there is nothing that was told. */
const lastIdOf = ({ attempt, offset }: LogPosition): string | null => (attempt === null ? null : `${attempt}:${offset}`)

async function orQuiet<T>(coming: Promise<T>, ms: number): Promise<T | 'quiet'> {
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<'quiet'>(resolve => {
    timer = setTimeout(resolve, ms, 'quiet')
  })
  return Promise.race([coming, quiet]).finally(() => clearTimeout(timer))
}
