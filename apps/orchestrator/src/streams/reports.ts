// Takes the runs' signed reports from the queue and stores what they say. Delivery is at least once and in any order;
// every step here is idempotent, and epochs.jsonl remains the truth that `finish` reads.
import { EPOCH_REPORTS_QUEUE, type Report, SignedReport } from '@trotline/contracts'
import { openReport } from '@trotline/contracts/signature'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { isCoded } from '../errors.ts'
import { reported, runSeen } from '../lifecycle/machine.ts'
import type { EpochStore } from '../store/epoch-store.ts'
import type { JobStore } from '../store/job-store.ts'
import { createKept, type Kept } from './kept.ts'

export interface ReportsConsumer {
  /** @param away Redis cannot be reached: leave without a goodbye, which would wait for it */
  stop(away?: boolean): Promise<void>
}

interface Settings {
  connection: Redis
  prefix: string
  jobs: JobStore
  epochs: EpochStore
  log: Logger
}

/**
 * A message spends its time waiting for Redis to sync: some 3 ms for each of two round trips. Those that wait at the same time
 * share a sync, so what bounds the rate is how many may wait.
 */
const CONCURRENCY = 64

/** What the messages of a run have in common. A job's key never changes, nor does a run's number. */
export interface Known {
  keys: Kept<string>
  attempts: Kept<number>
}

/** A minute, so that a store that was put back to an older state is believed again soon. */
const KEPT = { most: 20_000, ageMs: 60_000 }

export const createKnown = (): Known => ({ keys: createKept(KEPT), attempts: createKept(KEPT) })

export function consumeReports({ connection, prefix, jobs, epochs, log }: Settings): ReportsConsumer {
  const known = createKnown()
  const worker = new Worker(EPOCH_REPORTS_QUEUE, message => take(message.data, { jobs, epochs, log, known }), {
    connection,
    prefix,
    concurrency: CONCURRENCY,
  })
  worker.on('error', error => log.debug({ err: error }, 'reports: waiting for Redis'))
  worker.on('failed', (_message, error) =>
    log.warn({ err: error }, 'reports: a message could not be stored; epochs.jsonl has it'),
  )
  return { stop: (away = false) => worker.close(away) }
}

export async function take(
  data: unknown,
  { jobs, epochs, log, known = createKnown() }: Pick<Settings, 'jobs' | 'epochs' | 'log'> & { known?: Known },
): Promise<void> {
  const report = await believe(data, jobs, known)
  if (report === null) {
    log.warn('reports: a message without a valid signature was dropped')
    return
  }
  const run = `${report.jobId} ${report.run}`
  const attempt = (report.kind === 'epochs' ? known.attempts.get(run) : undefined) ?? (await attemptOf(report, jobs))
  if (attempt === null) return
  known.attempts.set(run, attempt)
  if (report.kind !== 'epochs') return
  await epochs.put(
    report.jobId,
    report.epochs.map(line => ({ ...line, run: report.run, attempt })),
  )
}

/** The job is named by the message itself, so its key is looked up before anything in it is believed. */
async function believe(data: unknown, jobs: JobStore, known: Known): Promise<Report | null> {
  const signed = SignedReport.safeParse(data)
  if (!signed.success) return null
  const claimed = /"jobId":"([a-z0-9]{12})"/.exec(signed.data.body)?.[1]
  if (claimed === undefined) return null
  const key = known.keys.get(claimed) ?? (await jobs.secret(claimed))
  if (key === null) return null
  known.keys.set(claimed, key)
  const report = openReport(signed.data, key)
  return report?.jobId === claimed ? report : null
}

const TRIES = 5

/** The run's number; the run enters the record with its first word. null: the job is gone. */
async function attemptOf(report: Report, jobs: JobStore): Promise<number | null> {
  for (let tries = 0; ; tries++) {
    try {
      const job = await jobs.read(report.jobId)
      // No sbatch of ours has this number yet: whoever holds the job's key, this is no run of it.
      if (Number(report.run.split('-')[0]) > job.submission) return null
      const known = job.runs.find(run => run.run === report.run)
      if (known && report.kind !== 'started') return known.attempt
      const started = report.kind === 'started' ? report : null
      const at = new Date().toISOString()
      const trains =
        report.kind === 'ended' ? null : reported(job, at, { run: report.run, node: started?.node ?? null })
      const found = runSeen(trains?.next ?? job, at, {
        run: report.run,
        slurmJobId: started?.slurmJobId ?? job.slurm?.jobId ?? '',
        node: started?.node ?? null,
        resumed: started?.resumed ?? null,
        startedAt: started?.at ?? null,
        endedAt: null,
        ending: null,
      })
      let next = found?.next ?? trains?.next ?? job
      const events = [...(trains?.events ?? []), ...(found?.events ?? [])]
      if (started && next.worker && next.worker.runtime !== started.runtime) {
        next = { ...next, worker: { ...next.worker, runtime: started.runtime } }
      }
      if (next !== job) await jobs.commit(job, next, events, null)
      return next.runs.find(run => run.run === report.run)?.attempt ?? null
    } catch (error) {
      if (isCoded(error) && error.code === 'JOB_NOT_FOUND') return null
      if (tries >= TRIES || !isCoded(error) || error.code !== 'JOB_STALE_REVISION') throw error
    }
  }
}
