// A BullMQ message per job says "look at this one now" to the process that owns its cluster. Only a nudge: tries and
// times live in the record, and the sweep of the due index finds whatever a lost message would have named.
import { Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'

export interface Nudges {
  /** Never throws and never waits long: a nudge that cannot be sent is made up for by the sweep. */
  send(cluster: string, jobId: string): Promise<void>
  /** @param away Redis cannot be reached: leave without a goodbye, which would wait for it */
  close(away?: boolean): Promise<void>
}

interface Settings {
  /** Fails at once, for senders. */
  sending: Redis
  /** Waits, for the consumer. */
  receiving: () => Redis
  prefix: string
  clusters: readonly string[]
  onNudge(cluster: string, jobId: string): void
  /** Takes it where this very process owns the cluster: then no message is needed. Default: it never does. */
  takeHere?(cluster: string, jobId: string): boolean
  log: Logger
}

const queueName = (cluster: string): string => `advance-${cluster}`

export function createNudges({ sending, receiving, prefix, clusters, onNudge, takeHere, log }: Settings): Nudges {
  const queues = new Map(
    clusters.map(cluster => {
      const queue = new Queue(queueName(cluster), {
        connection: sending,
        prefix,
        skipVersionCheck: true,
        defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      })
      queue.on('error', () => {
        // The connection says so itself (store/redis.ts).
      })
      return [cluster, queue] as const
    }),
  )
  // Every process listens; onNudge does nothing in one that does not own the cluster, and the sweep makes up for it.
  const workers = clusters.map(cluster => {
    const worker = new Worker(
      queueName(cluster),
      async message => {
        onNudge(cluster, String(message.data))
      },
      { connection: receiving(), prefix, concurrency: 16 },
    )
    worker.on('error', error => log.debug({ err: error }, 'nudges: waiting for Redis'))
    return worker
  })
  return {
    async send(cluster, jobId) {
      if (takeHere?.(cluster, jobId)) return
      try {
        await queues.get(cluster)?.add('advance', jobId)
      } catch (error) {
        log.debug({ err: error, jobId }, 'nudges: not sent; the sweep will find the job')
      }
    },
    async close(away = false) {
      await Promise.allSettled([
        ...workers.map(worker => worker.close(away)),
        ...[...queues.values()].map(queue => queue.close()),
      ])
    },
  }
}
