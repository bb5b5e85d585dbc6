// Follows a job's log by byte offset: its past, then what comes, across attempts, until the job is over.
// Polls about once a second; a lost answer is asked again at the same byte, so nothing is missing and nothing comes twice.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trotline/contracts'
import type { LogChunk, LogQuery } from '../api/client.ts'
import { interrupted } from '../api/exchange.ts'
import { createPatience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { isTransient } from '../errors.ts'
import { isOver } from '../follow/follow.ts'
import { duration } from '../text/durations.ts'
import { CHUNK_BYTES } from './log-tail.ts'
import type { LogWriter } from './log-writer.ts'

const POLL_MS = 1000
/** Every so many polls without news the record is read: has the job ended? */
const RECORD_EVERY_POLLS = 2

export type LogPosition = { run: string | null; offset: number }

/**
 * Resolves with the job once it is over and its last byte was written.
 *
 * @param position where to begin; moved along, so that an interrupted caller knows where it stood.
 */
export async function followLogs(
  context: Context,
  start: Job,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  position: LogPosition,
  writer: LogWriter,
): Promise<Job> {
  const { client, out, interrupt, patienceMs } = context
  const style = out.sayStyle
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error, leftMs) => {
      const why = error.problem?.title ?? error.message
      if (attempt === 1) out.say(style.warn(`${why} Trying again for ${duration(leftMs / 1000)} ${style.dots}`))
    },
  })
  const { stream } = query
  let job = start
  let over = false
  let quiet = 0

  const read = (attempt: number | undefined): Promise<LogChunk> =>
    client.logs(job.id, { stream, attempt, offset: position.offset, limit: CHUNK_BYTES })
  const take = async (chunk: LogChunk): Promise<boolean> => {
    if (chunk.size < position.offset) {
      out.say(style.dim(`${style.dash} the log was cut short by the job; reading it from its beginning ${style.dash}`))
      position.offset = 0
      return true
    }
    position.run = chunk.run
    if (chunk.bytes.length === 0) return false
    await writer.write(chunk)
    position.offset = chunk.next
    return true
  }
  /** What the earlier run still wrote, then the seam, then the new run from its first byte. */
  const cross = async (run: string): Promise<void> => {
    job = await client.job(job.id)
    const earlier = job.runs.find(one => one.run === position.run)
    const later = job.runs.find(one => one.run === run)
    if (earlier !== undefined) while (await take(await read(earlier.attempt))) {}
    await writer.flush()
    const node = later?.node == null ? '' : ` on ${later.node}`
    out.say(style.dim(`${style.dash} attempt ${later?.attempt ?? '?'} (run ${run}) began${node} ${style.dash}`))
    position.run = run
    position.offset = 0
  }

  for (;;) {
    try {
      const chunk = await read(query.attempt)
      if (query.attempt === undefined && position.run !== null && chunk.run !== null && chunk.run !== position.run) {
        await cross(chunk.run)
        continue
      }
      const awayMs = patience.answered()
      if (awayMs !== null) {
        out.say(
          style.good(
            `Connected again after ${duration(awayMs / 1000)}, at byte ${position.offset}; nothing is missing.`,
          ),
        )
      }
      if (await take(chunk)) {
        quiet = 0
        if (position.offset < chunk.size) continue
      } else if (over) {
        await writer.flush()
        return job
      } else quiet += 1
      if (!over && quiet > 0 && quiet % RECORD_EVERY_POLLS === 1) {
        job = await client.job(job.id)
        const run = job.runs.find(one => one.attempt === query.attempt)
        over = isOver(job) || (query.attempt !== undefined && run?.endedAt != null)
        // What was written between the last read and the end is read once more.
        if (over) continue
      }
    } catch (error) {
      if (!isTransient(error)) throw error
      await patience.again(error)
      continue
    }
    await sleep(POLL_MS, undefined, { signal: interrupt }).catch(cause => {
      throw interrupted(cause)
    })
  }
}
