// A training through fit(), the one door of the trainer: what a job's worker calls.
import type { TrainingReport, WorkerTraining } from '@trotline/contracts'
import type { Subject } from './trainer-bundle.ts'

export interface Fitted {
  report: TrainingReport
  /** The last epoch's. */
  values: Record<string, number>
}

/** Trains from its first epoch to its last. */
export async function fitted(training: WorkerTraining, { fit, assets }: Subject): Promise<Fitted> {
  let values: Record<string, number> = {}
  const outcome = await fit({
    training,
    gpus: 0,
    cpus: 1,
    assets,
    signal: new AbortController().signal,
    resume: [],
    onBackend() {},
    onStart() {},
    onEpoch(epoch) {
      values = epoch.values
    },
  })
  if (outcome.kind !== 'completed')
    throw new Error(outcome.kind === 'failed' ? outcome.failure.detail : 'the training was stopped')
  return { report: outcome.report, values }
}
