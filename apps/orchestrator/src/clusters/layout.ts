// Where things lie under a cluster's workDir. contracts/job-directory.ts says what is in them.
import { FILES, type RunId } from '@trotline/contracts'

export const releasesOf = (workDir: string): string => `${workDir}/releases`
export const releaseOf = (workDir: string, id: string): string => `${workDir}/releases/${id}`
export const jobsOf = (workDir: string, unixUser: string): string => `${workDir}/jobs/${unixUser}`
export const jobDirectoryOf = (workDir: string, unixUser: string, jobId: string): string =>
  `${jobsOf(workDir, unixUser)}/${jobId}`
export const runOf = (jobDirectory: string, run: RunId): string => `${jobDirectory}/${FILES.runs}/${run}`

/** Our key in Slurm: squeue, sacct and scancel find the job by it. One name per submission, so a look-up can find one job only. */
export const slurmNameOf = (jobId: string, submission: number): string => `tl-${jobId}-${submission}`

/** The job and the submission that a Slurm job name belongs to; null: a name that we do not give. */
export function ownerOfName(name: string): { jobId: string; submission: number } | null {
  const [, jobId, submission] = /^tl-([a-z0-9]{12})-([1-9][0-9]{0,5})$/.exec(name) ?? []
  return jobId === undefined ? null : { jobId, submission: Number(submission) }
}
