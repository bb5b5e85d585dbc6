// Whether a job left what its evaluation is drawn from. Apart from the plots, which are loaded when they are looked at.
import type { Job } from '@trotline/contracts'

export const hasEvaluation = (job: Pick<Job, 'result'>): boolean =>
  job.result?.artifacts.some(file => file.path === 'evaluation.json') ?? false
