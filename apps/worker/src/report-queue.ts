// The queue as BullMQ over Redis, on the report thread. Loaded only where reports go by queue: it costs a directory run neither time nor memory.
// The report user may only add: no version check (INFO), no meta update (HSET on the queue's own settings).
import type { Report, ReportAccess, SignedReport } from '@trotline/contracts'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { ReportQueue } from './reporter.ts'

const OPTIONS = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1000 },
  // A repeated id is dropped only while the earlier message is kept: long enough for a retry, few enough for memory.
  removeOnComplete: { age: 600, count: 500 },
  removeOnFail: { age: 86_400, count: 1000 },
}

/**
 * Answers before the connection stands; messages wait for it, however long Redis is away.
 * Of an error only the message is said: ioredis hangs the command with its arguments on it, HELLO's password among them.
 */
export function openReportQueue(access: NonNullable<ReportAccess['queue']>, say: (line: string) => void): ReportQueue {
  let away = false
  const lost = (error: Error): void => {
    if (!away) say(`no connection to the report queue (${error.message || error.name}); training goes on`)
    away = true
  }
  const redis = new Redis(access.url, {
    username: access.user,
    password: access.password,
    maxRetriesPerRequest: null,
    // INFO is what a ready check asks; a server that still loads answers LOADING, and the message is tried again.
    enableReadyCheck: false,
    retryStrategy: times => Math.min(100 * 2 ** Math.min(times, 5), 2000),
  })
  redis.on('error', lost)
  redis.on('ready', () => {
    if (away) say('the connection to the report queue stands again')
    away = false
  })
  const queue = new Queue<SignedReport>(access.name, {
    connection: redis,
    prefix: access.prefix,
    skipVersionCheck: true,
    skipMetasUpdate: true,
  })
  queue.on('error', lost)
  return {
    async add(kind: Report['kind'], id, message) {
      await queue.add(kind, message, { ...OPTIONS, jobId: id })
    },
    close() {
      redis.disconnect()
    },
  }
}
