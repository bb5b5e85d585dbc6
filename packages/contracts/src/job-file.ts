// job.json of a job directory: what a record needs to be made anew when the store has lost it. Written before each submission,
// so that whatever may stand in Slurm can be traced back to who asked for it. What happened since is in the files beside it.
import { z } from 'zod'
import { Job, MOST_SUBMISSIONS, Submission } from './job.ts'
import { ClusterName, IdentityName, JobId, JobName, OwnerId, Sha256, Timestamp, UnixUser } from './names.ts'
import { JobRequest } from './request.ts'

export const JobFile = z.strictObject({
  v: z.literal(1),
  id: JobId,
  name: JobName,
  owner: z.strictObject({ id: OwnerId, name: z.string() }),
  identity: z.strictObject({ name: IdentityName, unixUser: UnixUser }),
  cluster: ClusterName,
  request: JobRequest,
  createdAt: Timestamp,
  compatibility: Job.shape.compatibility,
  submission: z.int().min(1),
  submissions: z.array(Submission).min(1).max(MOST_SUBMISSIONS),
  environment: Job.shape.environment,
  rerunOf: Job.shape.rerunOf,
  /** Of the POST that made the job, so that the same POST sent again still gets this job; null: it had no Idempotency-Key. */
  idempotency: z.strictObject({ keySha256: Sha256, bodySha256: Sha256 }).nullable(),
})
export type JobFile = z.infer<typeof JobFile>
