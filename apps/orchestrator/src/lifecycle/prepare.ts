// accepted -> prepared: the jobs' directories with spec, script and report access, and the worker releases that they run.
// Everything here can run twice: files are written beside and renamed, the release is checked before it is sent.
import { bringJobs } from '../clusters/bring.ts'
import { makeSharedDirectories } from '../clusters/directories.ts'
import { releaseFor, releaseIsWhole, releaseWasWhole, uploadRelease, type WorkerRelease } from '../clusters/release.ts'
import { OrchestratorError } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'
import { jobFiles } from './job-files.ts'
import { cancelledUnsubmitted, prepared } from './machine.ts'
import type { Outcome, Result } from './outcome.ts'

/** All of one identity. */
export async function prepare(jobs: readonly JobRecord[], context: StageContext): Promise<Result[]> {
  const at = context.now().toISOString()
  const troubles = await bring(
    jobs.filter(job => job.cancelRequestedAt === null),
    context,
  )
  const outcomeOf = (job: JobRecord): Outcome => {
    if (job.cancelRequestedAt !== null)
      return cancelledUnsubmitted(job, at, 'It was cancelled before anything was sent to the cluster.')
    if (troubles.has(job.id)) return { failed: troubles.get(job.id) }
    return prepared(job, at, { release: releaseFor(job.request, context.releases).id })
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
  const bundles = (
    await Promise.all(
      jobs.map(job =>
        jobFiles(job, context).then(
          files => ({ jobId: job.id, files, release: releaseFor(job.request, context.releases) }),
          error => void troubles.set(job.id, error),
        ),
      ),
    )
  ).filter(bundle => bundle !== undefined)
  context.crash('prepare:before-directory')
  const provided = new Set<WorkerRelease>()
  for (const release of new Set(bundles.map(bundle => bundle.release)))
    try {
      await provideRelease(access.name, release, context)
      provided.add(release)
    } catch (error) {
      // A quota may take the smaller release and not the larger one: only the jobs that need it wait.
      for (const bundle of bundles) if (bundle.release === release) troubles.set(bundle.jobId, error)
    }
  context.crash('prepare:after-directory')
  const ready = bundles.filter(bundle => provided.has(bundle.release))
  if (ready.length > 0) {
    const { workDir } = context.cluster.settings
    const failed = await bringJobs(access.transport, workDir, access.unixUser, ready)
    for (const [id, error] of failed) troubles.set(id, error)
  }
  context.crash('prepare:after-files')
  return troubles
}

/** The service identity uploads; the job's own identity proves for itself that what it will run is whole. */
async function provideRelease(identity: string, release: WorkerRelease, { cluster }: StageContext): Promise<void> {
  const { workDir } = cluster.settings
  const own = cluster.identity(identity).transport
  if (await releaseWasWhole(own, workDir, release)) return
  const service = cluster.service().transport
  await makeSharedDirectories(service, workDir)
  if (!(await releaseIsWhole(service, workDir, release))) await uploadRelease(service, workDir, release)
  if (own !== service && !(await releaseIsWhole(own, workDir, release))) {
    throw new OrchestratorError(
      'RELEASE_DAMAGED',
      `Identity ${identity} cannot read the worker release under ${workDir}/releases`,
    )
  }
}
