// A log that no stream tells: read at its byte offset about once a second. A lost answer is asked again at the same byte, so nothing is missing
// and nothing comes twice.
import type { Job } from '@trotline/contracts'
import type { LogChunk, LogQuery } from '../api/client.ts'
import { pause } from '../api/pause.ts'
import type { Context } from '../context.ts'
import { isTransient } from '../errors.ts'
import { isOver } from '../follow/follow.ts'
import { CHUNK_BYTES } from './log-tail.ts'
import type { ToldLog } from './told-log.ts'

const POLL_MS = 1000
/** Every so many polls without news the record is read: has the job ended? */
const RECORD_EVERY_POLLS = 2

/** Resolves with the job once it is over and its last byte was written. */
export async function pollLog(
  { client, interrupt }: Pick<Context, 'client' | 'interrupt'>,
  start: Job,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  log: ToldLog,
): Promise<Job> {
  const { position, patience } = log
  const { stream } = query
  let job = start
  let over = false
  let quiet = 0

  const read = (attempt: number | undefined): Promise<LogChunk> =>
    client.logs(job.id, { stream, attempt, offset: position.offset, limit: CHUNK_BYTES })
  const take = async (chunk: LogChunk): Promise<boolean> => {
    if (chunk.size < position.offset) {
      await log.cut()
      return true
    }
    position.run = chunk.run
    if (chunk.bytes.length === 0) return false
    await log.bytes(chunk)
    return true
  }
  /** What the earlier run still wrote, then the seam, then the new run from its first byte. */
  const cross = async (run: string): Promise<void> => {
    job = await client.job(job.id)
    const earlier = job.runs.find(one => one.run === position.run)
    const later = job.runs.find(one => one.run === run)
    if (earlier !== undefined) while (await take(await read(earlier.attempt))) {}
    await log.begin({ run, attempt: later?.attempt ?? null, node: later?.node ?? null })
  }

  for (;;) {
    try {
      const chunk = await read(query.attempt)
      if (query.attempt === undefined && position.run !== null && chunk.run !== null && chunk.run !== position.run) {
        await cross(chunk.run)
        continue
      }
      log.answered()
      if (await take(chunk)) {
        quiet = 0
        if (position.offset < chunk.size) continue
      } else if (over) {
        await log.finish()
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
    await pause(POLL_MS, interrupt)
  }
}
