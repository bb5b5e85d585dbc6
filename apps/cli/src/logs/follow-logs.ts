// Follows a job's log: its past, then what comes, across attempts, until the job is over. The server's stream tells it as it is written; where
// there is none (an older server, a proxy that lets none through, too many of them) it is asked for about once a second.
import type { Job } from '@trotline/contracts'
import type { LogQuery } from '../api/client.ts'
import type { Context } from '../context.ts'
import type { LogWriter } from './log-writer.ts'
import { pollLog } from './poll-log.ts'
import { streamLog } from './stream-log.ts'
import { createToldLog, type LogPosition } from './told-log.ts'

/**
 * Resolves with the job once it is over, or waits for a person, and its last byte was written.
 *
 * @param position where to begin; moved along
 */
export async function followLogs(
  context: Context,
  job: Job,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  position: LogPosition,
  writer: LogWriter,
): Promise<Job> {
  const log = createToldLog(context, position, writer)
  return (await streamLog(context, job, query, log)) ?? (await pollLog(context, job, query, log))
}
