// What Slurm says of the waiting jobs of one identity in one partition, asked on demand and kept for ten seconds, so that a
// thousand people who ask why their jobs wait cost the cluster one question.
import { Timestamp } from '@trotline/contracts'
import { z } from 'zod'
import type { ClusterAccess, IdentityAccess } from '../clusters/access.ts'

const KEPT_MS = 10_000

const WaitingJob = z.strictObject({
  slurmJobId: z.string(),
  name: z.string(),
  reason: z.string().nullable(),
  /** By the cluster's clock; null: Slurm has no estimate. */
  expectedStart: z.string().nullable(),
  /** null: it cannot be known. */
  jobsAhead: z.int().min(0).nullable(),
})
export type WaitingJob = z.infer<typeof WaitingJob>

export const QueueLook = z.strictObject({ askedAt: Timestamp, jobs: z.array(WaitingJob) })
export type QueueLook = z.infer<typeof QueueLook>

export interface QueueLooks {
  /** @throws what the scheduler throws when it could not ask; that is not kept */
  look(access: ClusterAccess, about: { identity: string; partition: string }): Promise<QueueLook>
}

export function createQueueLooks(now: () => number = Date.now): QueueLooks {
  const kept = new Map<string, { atMs: number; look: Promise<QueueLook> }>()
  return {
    look(access, { identity, partition }) {
      const nowMs = now()
      for (const [key, { atMs }] of kept) if (nowMs - atMs >= KEPT_MS) kept.delete(key)
      const key = `${access.settings.name} ${identity} ${partition}`
      const known = kept.get(key)
      if (known) return known.look
      const look = ask(access.identity(identity), partition, nowMs)
      kept.set(key, { atMs: nowMs, look })
      look.catch(() => {
        if (kept.get(key)?.look === look) kept.delete(key)
      })
      return look
    },
  }
}

async function ask({ scheduler }: IdentityAccess, partition: string, nowMs: number): Promise<QueueLook> {
  const jobs = (await scheduler.listPending()).filter(job => job.partition === partition)
  return {
    askedAt: new Date(nowMs).toISOString(),
    jobs: jobs.map(({ slurmJobId, name, reason, expectedStartAt, ahead }) => ({
      slurmJobId,
      name,
      reason,
      expectedStart: expectedStartAt,
      jobsAhead: ahead,
    })),
  }
}
