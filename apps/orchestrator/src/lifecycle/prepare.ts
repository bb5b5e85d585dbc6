// accepted -> prepared: the environment that a job runs in, its directory with spec, script and report access, and the worker release.
// Everything here can run twice: files are written beside and renamed, the release is checked before it is sent.
import { bringJobs } from '../clusters/bring.ts'
import { provideRelease } from '../clusters/provide-release.ts'
import type { WorkerRelease } from '../clusters/release.ts'
import { releaseIdOf, releaseOfJob } from '../clusters/release-of.ts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'
import { jobFiles } from './job-files.ts'
import { cancelledUnsubmitted, prepared } from './machine.ts'
import { environmentGate } from './materialise-jobs.ts'
import type { Outcome, Result } from './outcome.ts'

/** All of one identity. */
export async function prepare(jobs: readonly JobRecord[], context: StageContext): Promise<Result[]> {
  const at = context.now().toISOString()
  const wanted = jobs.filter(job => job.cancelRequestedAt === null)
  const waits = await environmentGate(wanted, context)
  const ready = wanted.filter(job => !waits.has(job.id))
  const troubles = await bring(ready, context)
  const locks = new Set(ready.flatMap(job => job.environment?.lock ?? []))
  for (const lock of locks) await context.environments.used(lock)
  const outcomeOf = (job: JobRecord): Outcome => {
    if (job.cancelRequestedAt !== null)
      return cancelledUnsubmitted(job, at, 'It was cancelled before anything was sent to the cluster.')
    const waiting = waits.get(job.id)
    if (waiting !== undefined) return waiting
    if (troubles.has(job.id)) return { failed: troubles.get(job.id) }
    return prepared(job, at, { release: releaseIdOf(job, context.releases) })
  }
  return jobs.map(job => ({ job, outcome: outcomeOf(job) }))
}

/**
 * Everything that `prepared` promises to be on the cluster, for jobs of one identity, in one remote step.
 * Answers what went wrong with single jobs, by their ids. @throws what went wrong with all
 */
export async function bring(jobs: readonly JobRecord[], context: StageContext): Promise<Map<string, unknown>> {
  const troubles = new Map<string, unknown>()
  const [first] = jobs
  if (first === undefined) return troubles
  const { access } = placeOf(first, context)
  const { workDir } = context.cluster.settings
  const bundles = (
    await Promise.all(
      jobs.map(job =>
        jobFiles(job, context).then(
          files => ({ jobId: job.id, files, job, release: releaseIdOf(job, context.releases) }),
          error => void troubles.set(job.id, error),
        ),
      ),
    )
  ).filter(bundle => bundle !== undefined)
  context.crash('prepare:before-directory')
  const provided = new Set<string>()
  for (const [release, one] of new Map(bundles.map(bundle => [bundle.release, bundle])))
    try {
      await provideRelease(context.cluster, access.name, await found(one.job))
      provided.add(release)
    } catch (error) {
      // A quota may take the smaller release and not the larger one: only the jobs that need it wait.
      for (const bundle of bundles) if (bundle.release === release) troubles.set(bundle.jobId, error)
    }
  context.crash('prepare:after-directory')
  const ready = bundles.filter(bundle => provided.has(bundle.release))
  if (ready.length > 0) {
    const failed = await bringJobs(access.transport, workDir, access.unixUser, ready)
    for (const [id, error] of failed) troubles.set(id, error)
  }
  context.crash('prepare:after-files')
  return troubles

  function found(job: JobRecord): Promise<WorkerRelease> {
    return releaseOfJob(job, context.releases, { transport: access.transport, workDir })
  }
}
