// What a job was, as far as its repetition has to know: of a record that is kept here, or of a bundle from anywhere.
import type { Bundle, DataDigest, JobRequest } from '@trotline/contracts'
import type { JobRecord } from '../store/record.ts'

export interface Original {
  job: string
  /** Its record is not kept here. */
  elsewhere: boolean
  /** Where finding pointers begin: of a bundle in a request `/bundle`, else empty. What follows is a place in the bundle. */
  pointer: '' | '/bundle'
  /** Its environment, where it had one, is `{lock}`. */
  request: JobRequest
  lock: string | null
  /** null: it never came as far as that. */
  release: string | null
  runtime: string | null
  /** null: nobody knew. */
  gpu: string | null
  driver: string | null
  data: DataDigest[]
}

/** Of a rerun that has not run itself, what it was to be fed with is what counts. */
export const dataOf = ({ data, rerunOf }: Pick<JobRecord, 'data' | 'rerunOf'>): DataDigest[] =>
  data.length > 0 ? data : (rerunOf?.data ?? [])

/** A name may mean another version by now, and a spec another solution: the lock is what it was. */
export function pinnedRequest({ request, environment }: Pick<JobRecord, 'request' | 'environment'>): JobRequest {
  return { ...request, environment: environment === null ? null : { lock: environment.lock } }
}

export const originalOf = (job: JobRecord): Original => ({
  job: job.id,
  elsewhere: false,
  pointer: '',
  request: pinnedRequest(job),
  lock: job.environment?.lock ?? null,
  release: job.worker?.release ?? job.rerunOf?.release ?? null,
  runtime: job.worker?.runtime ?? null,
  gpu: job.compatibility.facts?.gpu ?? null,
  driver: job.compatibility.facts?.driver ?? null,
  data: dataOf(job),
})

/** @param elsewhere the job is not kept here */
export const originalOfBundle = (bundle: Bundle, lock: string | null, elsewhere: boolean): Original => ({
  job: bundle.job,
  elsewhere,
  pointer: '/bundle',
  request: bundle.request,
  lock,
  release: bundle.versions.release,
  runtime: bundle.versions.runtime,
  gpu: bundle.hardware.gpu,
  driver: bundle.hardware.driver,
  data: bundle.data,
})
