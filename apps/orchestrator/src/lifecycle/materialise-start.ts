// The maker is started, once, on the login node or as a Slurm job. What an earlier call, or another process, has started is found by its
// claim or its receipt; two makers of one lock would be kept apart by its lock file.
import { createHash } from 'node:crypto'
import { FILES } from '@trotline/contracts'
import { buildOf } from '../clusters/environment-directory.ts'
import { startRun } from '../clusters/environment-run.ts'
import { BUILD_SCRIPT_FILE } from '../clusters/environment-script.ts'
import { pauseInWords } from '../clusters/paused.ts'
import { provideRelease } from '../clusters/provide-release.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import { buildScript } from './materialise-bring.ts'
import { type MaterialiseContext, programOf } from './materialise-context.ts'
import { cancelledBy, doing, into, later } from './materialise-moves.ts'
import { fail, refused } from './materialise-trouble.ts'

type Record = MaterialisationRecord

const LIMITED_AGAIN_MS = 60_000
const PAUSED_AGAIN_MS = 5_000

/** @param again another call of this, or an owner before us, may have started it */
export async function start(record: Record, context: MaterialiseContext, again: boolean): Promise<Record | null> {
  const { cluster, now } = context
  const { workDir } = cluster.settings
  const { transport, scheduler, reserveSubmissions, name } = cluster.service()
  const job = record.inner.doing
  if (job === null) return record
  const directory = buildOf(workDir, record.lock)
  const follow = (detail: string, slurmJobId: string | null = null): Promise<Record | null> =>
    context.change(record.lock, current => {
      if (current.inner.doing?.phase !== 'start') return current
      const at = now().toISOString()
      const { slurm, run } = current.inner.doing
      return into(current, at, doing('follow', at, run, slurm === null ? null : { ...slurm, id: slurmJobId }), detail)
    })
  const cancel = record.inner.wish?.kind === 'cancel'
  // The one before us may have been of another version, with another release in its script.
  if (again && !cancel) await provideRelease(cluster, name, context.releases.plain)
  if (job.slurm === null) {
    const paused = await cluster.paused()
    if (paused !== null && !cancel)
      return wait(record, context, PAUSED_AGAIN_MS, `It waits: the cluster is ${pauseInWords(paused)}.`)
    await startRun(transport, directory, job.run, programOf(context, 'make', directory))
    context.crash('environment:after-start')
    return follow('Its maker was started on the login node.')
  }
  // A look submits nothing, and finds what an earlier call may have submitted.
  if (cancel) await transport.put(`${directory}/${FILES.cancelled}`, `${job.since}\n`, { mode: 0o600 })
  else await reserveSubmissions(1)
  const script = buildScript(record, context) ?? ''
  if (again && !cancel) await transport.put(`${directory}/${BUILD_SCRIPT_FILE}`, script, { mode: 0o600 })
  const agoMs = now().getTime() - Date.parse(job.slurm.meantAt)
  const outcome = await scheduler.submitOnce({
    directory,
    submission: record.attempt,
    name: job.slurm.name,
    scriptFile: BUILD_SCRIPT_FILE,
    files: [{ path: BUILD_SCRIPT_FILE, sha256: createHash('sha256').update(script).digest('hex') }],
    mode: cancel ? 'look' : 'submit',
    ...(again ? { triedSecondsAgo: Math.max(0, Math.floor(agoMs / 1000)) } : {}),
  })
  context.crash('environment:after-start')
  switch (outcome.kind) {
    case 'submitted':
      return follow(`Its maker waits in Slurm as job ${outcome.slurmJobId}.`, outcome.slurmJobId)
    case 'refused':
      return fail(record, context, refused(`Slurm does not take the job that was to make it: ${outcome.message}`))
    case 'limited':
      return wait(
        record,
        context,
        LIMITED_AGAIN_MS,
        `Slurm takes no more for now (${outcome.limit}); it is tried again.`,
      )
    case 'wait':
      return wait(record, context, outcome.waitMs, 'An earlier try may still reach Slurm.')
    case 'unknowable':
      return fail(record, context, {
        ...refused(`Nobody can tell whether Slurm has the job that makes it: ${outcome.message}`),
        transient: true,
      })
    case 'cancelled':
    case 'absent':
      if (cancel) return cancelUnstarted(record, context)
      return fail(record, context, {
        ...refused('The job that was to make it was cancelled before Slurm had it.'),
        transient: true,
      })
  }
}

const wait = (record: Record, context: MaterialiseContext, ms: number, detail: string): Promise<Record | null> =>
  context.change(record.lock, current =>
    later(current, context.now().toISOString(), context.now().getTime() + ms, detail),
  )

/** Wished away before its maker was started. */
export const cancelUnstarted = (record: Record, context: MaterialiseContext): Promise<Record | null> =>
  context.change(record.lock, current =>
    cancelledBy(current, context.now().toISOString(), current.inner.wish?.by ?? 'somebody'),
  )
