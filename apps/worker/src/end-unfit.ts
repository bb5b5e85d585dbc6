// The end of a run that never came to train: its node does not fit, its environment is not what it was, or its data is not. To find that
// may have taken minutes, and only the newest run ends the job: one that was superseded meanwhile leaves no result.
import { type EnvironmentLook, type RunFailure, type RunResult, WORKER_EXIT } from '@trotline/contracts'
import { isFileSystemError } from './durable-file.ts'
import type { Assignment, RunParts } from './parts.ts'
import { writeResult } from './result.ts'
import { standing } from './standing.ts'

export interface Unfit {
  failure: RunFailure
  startedAt: string
  /** What was found of its environment; null: nothing was looked at. */
  environment: EnvironmentLook | null
}

export async function endUnfit(
  duty: Assignment,
  { failure, startedAt, environment }: Unfit,
  { out, err }: Pick<RunParts, 'out' | 'err'>,
): Promise<number> {
  const since = await standing(duty.directory, duty.run)
  if (since !== null) {
    err(`leaving without training: ${since.why}`)
    return WORKER_EXIT[since.leave]
  }
  const result: RunResult = {
    v: 1,
    jobId: duty.spec.jobId,
    run: duty.run,
    slurmJobId: duty.allocation.slurmJobId,
    node: duty.allocation.node,
    outcome: 'failed',
    stoppedBy: null,
    signal: null,
    failure,
    training: null,
    resumed: null,
    checkpoint: null,
    startedAt,
    endedAt: new Date().toISOString(),
    release: duty.release,
    environment,
    data: [],
    command: null,
    runtime: process.version,
    reporting: { messages: 0, secondsInReporter: 0 },
  }
  for (const line of failure.evidence ?? []) err(line)
  err(`${failure.code}: ${failure.detail}`)
  try {
    await writeResult(duty.runDirectory, result)
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`result.json could not be written: ${error.message}. The run failed.`)
    return WORKER_EXIT.unwritable
  }
  out('failed before the training began')
  return WORKER_EXIT.failed
}
