// From how a job ended to why it failed: one reason, a sentence with this job's figures, and one thing to do.
import type { Failure, FailureReason, RunResult } from '@trotline/contracts'
import { WORKER_EXIT } from '@trotline/contracts'
import type { Ending } from '../store/record.ts'

const ACTION: Record<FailureReason, string> = {
  'exit-code': 'Read the end of the log below; it holds what the process said last.',
  signal: 'Ask the cluster staff who sent the signal if it was not you; submit again to try once more.',
  'out-of-memory': 'Ask for more resources.memoryMiB.',
  'time-limit': 'Ask for a longer resources.timeLimitMinutes, or train fewer epochs.',
  'node-fail': 'Submit again; the node is to blame, not the job.',
  'boot-fail': 'Submit again; the node did not boot.',
  'launch-failed': 'Check that the work directory can be reached from the compute nodes, then submit again.',
  preempted: 'Submit again, or choose a partition whose jobs are not preempted.',
  deadline: 'Submit again with a later deadline or a shorter time limit.',
  'incompatible-node':
    'Choose a partition that can run it, ask for no GPU, or say training.backend "any" to take what the node has.',
  environment: 'Mend what the sentence names (disk, quota, environment), then submit again.',
  'submission-refused': 'Change what Slurm refused and submit again.',
  training: 'Change the training as the sentence says and submit again.',
  'no-result': 'Read the log below; if the work directory is on a shared file system, check that it is healthy.',
  lost: 'Ask the cluster staff what happened to the Slurm job; submit again to run it once more.',
}

export const failure = (reason: FailureReason, detail: string, evidence: readonly string[], logTail = ''): Failure => ({
  reason,
  detail,
  action: ACTION[reason],
  evidence: evidence.slice(0, 32),
  logTail,
})

/** Slurm's endings that mean one thing, whatever the process left. */
const BY_STATE: Readonly<Record<string, { reason: FailureReason; detail: string }>> = {
  TIMEOUT: { reason: 'time-limit', detail: 'The job reached its time limit.' },
  OUT_OF_MEMORY: { reason: 'out-of-memory', detail: 'The job used more memory than it asked for.' },
  NODE_FAIL: { reason: 'node-fail', detail: 'The node it ran on failed.' },
  BOOT_FAIL: { reason: 'boot-fail', detail: 'Its node could not be booted.' },
  LAUNCH_FAILED: { reason: 'launch-failed', detail: 'Slurm could not start it on its node, and held or ended it.' },
  PREEMPTED: { reason: 'preempted', detail: 'Another job with a higher claim took its place.' },
  DEADLINE: { reason: 'deadline', detail: 'Slurm ended it at its deadline.' },
  LOST: {
    reason: 'lost',
    detail: 'The job started, left no result, and Slurm no longer knows it; its time limit has passed.',
  },
  REVOKED: { reason: 'lost', detail: 'A sibling cluster took it over.' },
}

/** Slurm's 0:53 is written when the batch script could not be started at all (22.05: a bad --output folder, a bad --chdir; fixtures: sacct-no-output-file). */
const LAUNCH_FAILED_SIGNAL = 53

export function isLaunchFailure(ending: Ending): boolean {
  const { code, signal } = exitOf(ending)
  return wordOf(ending) === 'LAUNCH_FAILED' || (code === 0 && signal === LAUNCH_FAILED_SIGNAL)
}

/** Can this ending be explained without the worker's result? If not, `finish` waits for it. */
export function explainedBySlurm(ending: Ending): boolean {
  if (BY_STATE[wordOf(ending)] || wordOf(ending) === 'CANCELLED') return true
  const { code, signal } = exitOf(ending)
  if (signal !== 0) return true
  return (
    wordOf(ending) === 'FAILED' &&
    // squeue alone tells no exit code: it may be one that promises a result.
    code !== null &&
    code !== WORKER_EXIT.completed &&
    code !== WORKER_EXIT.failed &&
    // It found that another run has ended the job: that run's result will show.
    code !== WORKER_EXIT.fenced &&
    code !== WORKER_EXIT.stopped
  )
}

/**
 * Why the job failed. The worker's own reason wins where it left one; else Slurm's word; else the exit code.
 * @param retries further submissions that failures of the cluster have cost before this one
 */
export function explain(ending: Ending, result: RunResult | null, logTail: string, retries = 0): Failure {
  const evidence = [
    ...ending.evidence,
    ...(result ? [`result.json of run ${result.run}: ${result.outcome}`] : []),
    ...(result?.failure?.evidence ?? []),
  ]
  const again =
    retries === 0
      ? ''
      : ` It had been submitted again ${retries === 1 ? 'once' : `${retries} times`} after failures of the cluster.`
  const because = (reason: FailureReason, detail: string): Failure =>
    failure(reason, `${detail}${again}`, evidence, logTail)
  // Slurm ended it, and the command's own end is only what came of that: 137 where it had used up its memory.
  const ownEnd = result?.failure?.reason === 'exit-code' || result?.failure?.reason === 'signal'
  if (result?.failure && !(ownEnd && BY_STATE[wordOf(ending)]))
    return because(result.failure.reason, result.failure.detail)
  const known = BY_STATE[wordOf(ending)]
  if (known) return because(known.reason, known.detail)
  const { code, signal } = exitOf(ending)
  if (isLaunchFailure(ending)) {
    return because(
      'launch-failed',
      'Slurm could not start the batch script (exit 0:53): the job directory was not to be written or entered on the node.',
    )
  }
  if (signal !== 0) return because('signal', `Its process was killed by signal ${signal}.`)
  if (code === WORKER_EXIT.unusable) {
    return because(
      'launch-failed',
      'The worker found no usable job description in its directory, or could not ask whether it may train (exit 13).',
    )
  }
  if (code === WORKER_EXIT.unwritable) {
    return because(
      'environment',
      'The run’s files could not be written: the disk is full, a quota is used up, or the job directory is gone (exit 14).',
    )
  }
  if (code === WORKER_EXIT.fenced) {
    return because(
      'exit-code',
      'It left at its fence, because another run has the job, and that run left no result (exit 11).',
    )
  }
  if (code !== null && code !== 0) return because('exit-code', `Its process ended with exit code ${code}.`)
  if (ending.state === 'RESULT' && result?.outcome === 'stopped') {
    return because('lost', 'The run was stopped before its last epoch, and Slurm no longer knows the job.')
  }
  if (result?.outcome === 'completed') {
    return because('no-result', 'The run completed, but not all of its epochs are there to be collected.')
  }
  return because('no-result', `Slurm says ${ending.state}, but the run left no result.json.`)
}

export const wordOf = (ending: Ending): string => ending.state.split(' ')[0] ?? ''

function exitOf(ending: Ending): { code: number | null; signal: number } {
  const [code, signal] = (ending.exitCode ?? '').split(':')
  return { code: code ? Number(code) : null, signal: Number(signal ?? 0) }
}
