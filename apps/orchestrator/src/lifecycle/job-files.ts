// The files of a job directory that the server writes: what to do, how to report, the script, and what makes the record anew.
// The same record gives the same bytes, so their hashes can be asked for again.
import { createHash } from 'node:crypto'
import { FILES, type JobSpec, type ReportAccess, type RunEnvironment } from '@trotline/contracts'
import type { JobFile } from '../clusters/bring.ts'
import { runEnvironmentOf } from '../clusters/environment-directory.ts'
import { releaseOf, slurmNameOf } from '../clusters/layout.ts'
import { releaseIdOf } from '../clusters/release-of.ts'
import { OrchestratorError } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'
import { presentOf } from './machine.ts'
import { jobFileOf } from './recover.ts'
import { renderScript } from './script.ts'

/** Of the present submission. */
export async function jobFiles(job: JobRecord, context: StageContext): Promise<JobFile[]> {
  const { directory } = placeOf(job, context)
  const { training, resources } = job.request
  const [key, idempotency] = await Promise.all([context.jobs.secret(job.id), context.jobs.idempotencyOf(job.id)])
  if (key === null)
    throw new OrchestratorError('STORE_RECORD_UNREADABLE', `The signing key of job ${job.id} is not in the store`)
  const { settings } = context.cluster
  const release = releaseIdOf(job, context.releases)
  const environment = await environmentOf(job, context)
  const expectData = job.rerunOf?.data ?? []
  const slurmName = slurmNameOf(job.id, job.submission)
  // Left out where they say nothing: a rerun may be of a release that does not know them and refuses what it does not know.
  const spec: Omit<JobSpec, 'environment' | 'expectData'> & Partial<JobSpec> = {
    v: 1,
    jobId: job.id,
    submission: job.submission,
    slurmName,
    training,
    ...(environment === null ? {} : { environment }),
    ...(expectData.length === 0 ? {} : { expectData }),
    gpus: resources.gpus,
    cpus: resources.cpus,
    checkpointEverySeconds: settings.checkpointEverySeconds,
    release,
  }
  const report: ReportAccess = { v: 1, key, queue: context.queue }
  const { timeLimitMinutes, warnSeconds } = presentOf(job)
  const script = renderScript({
    request: job.request,
    slurmName,
    submission: job.submission,
    jobDirectory: directory,
    releaseDirectory: releaseOf(settings.workDir, release),
    node: settings.node,
    prologue: settings.prologue,
    timeLimitMinutes,
    warnSeconds,
  })
  return [
    { path: FILES.spec, content: `${JSON.stringify(spec, null, 2)}\n`, mode: 0o600 },
    { path: FILES.report, content: `${JSON.stringify(report)}\n`, mode: 0o600 },
    { path: FILES.script, content: script, mode: 0o600 },
    { path: FILES.job, content: `${JSON.stringify(jobFileOf(job, idempotency))}\n`, mode: 0o600 },
  ]
}

/** In the form that it was made in, whatever the configuration has asked for since. */
async function environmentOf({ environment }: JobRecord, context: StageContext): Promise<RunEnvironment | null> {
  if (environment === null) return null
  const { settings } = context.cluster
  const made = await context.environments.stateOf(environment.lock)
  return runEnvironmentOf(settings, environment.lock, made?.form ?? settings.environments.form, made?.prefix)
}

/** What must have arrived before sbatch may run: all that the run reads. */
export const hashesOf = (files: readonly JobFile[]): { path: string; sha256: string }[] =>
  files.filter(file => file.path !== FILES.job).map(file => ({ path: file.path, sha256: sha256Of(file.content) }))

const sha256Of = (content: string): string => createHash('sha256').update(content).digest('hex')
