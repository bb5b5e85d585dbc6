// Why a job failed: `failure.reason`. The job's own sentence and evidence say more; this is what all of one reason share.
import type { FailureReason } from '../failure.ts'
import type { Told } from './explain.ts'

export const FAILURES: Readonly<Record<FailureReason, Told>> = {
  'exit-code': {
    title: 'The process ended with an exit code',
    cause: 'The program or the worker gave up by itself. Its last lines stand in the log.',
    cure: 'Read the end of stderr: trotline logs JOB --stderr. Mend what it names and submit again.',
  },
  signal: {
    title: 'The process was killed by a signal',
    cause: 'Somebody or something on the node sent it: a person, a limit of the system, or a crash (SIGSEGV, SIGBUS).',
    cure: 'If it was SIGSEGV or SIGABRT look at the native library that the log names. Else ask the cluster staff, or submit again.',
  },
  'out-of-memory': {
    title: 'It used more memory than it asked for',
    cause: 'Slurm holds a job to its resources.memoryMiB and ends what goes above it.',
    cure: 'Ask for more memory, or take smaller batches. This is about the memory of the node; a full GPU is told in the log as "CUDA out of memory".',
  },
  'time-limit': {
    title: 'It reached its time limit',
    cause:
      'The training needed longer than resources.timeLimitMinutes. Before the limit the worker is warned and leaves a checkpoint where it can.',
    cure: 'Ask for more time or fewer epochs, or let it be continued over several submissions.',
  },
  'node-fail': {
    title: 'The node failed',
    cause: 'The machine went away under the job. Trotline had submitted it again as often as the cluster allows.',
    cure: 'Submit again: the node is to blame and not the job. If it is always the same node, name it in resources.excludeNodes.',
  },
  'boot-fail': {
    title: 'The node could not be booted',
    cause: 'Slurm starts nodes when they are needed, and this one did not come up.',
    cure: 'Submit again.',
  },
  'launch-failed': {
    title: 'The batch script or the worker could not start',
    cause: 'The job directory was not to be reached or written on the node, or Slurm could not start the script.',
    cure: 'Check that workDir is mounted on the compute nodes and that the quota is not used up; then submit again.',
  },
  preempted: {
    title: 'Another job took its place',
    cause:
      'The partition lets jobs of higher priority push this one out, and it happened more often than the job is submitted again.',
    cure: 'Submit again, or choose a partition whose jobs are not preempted. With checkpoints nothing has to be trained twice.',
  },
  deadline: {
    title: 'Slurm ended it at its deadline',
    cause: 'It could not have ended before the deadline that was asked for.',
    cure: 'Ask for a later deadline or a shorter time limit.',
  },
  'incompatible-node': {
    title: 'The node cannot run what the job needs',
    cause:
      'The worker looked before the training: driver, GPU, glibc or processor are others than were known, or no backend that the job may use works there.',
    cure: 'Choose another partition, ask for no GPU, or say training.backend "any". What was found is kept, and the next request is judged by it.',
  },
  environment: {
    title: 'What the job needed on the node was not usable',
    cause:
      'A disk that could not be written, a quota, or an environment whose files are not those of its lock; it is set aside then.',
    cure: 'Mend what the sentence names. A damaged environment is made anew by the next job; trotline env verify ENV looks at every file.',
  },
  'submission-refused': {
    title: 'sbatch refused it',
    cause: 'Slurm said no, in the words that stand in the evidence: account, QOS, limit or an option.',
    cure: 'Change what Slurm names and submit again.',
  },
  training: {
    title: 'The training could not go on',
    cause:
      'Bad data, a model that does not fit it, or a loss that is no number (NaN). The epoch and the batch are named.',
    cure: 'For NaN: a lower learning rate, scaled inputs, clipnorm; the last checkpoint before it is kept. For data: the file and the line are named.',
  },
  'no-result': {
    title: 'It ended and left no result',
    cause:
      'Slurm says that it is over, and result.json is not there: the file system did not show it in time, or the worker was killed hard.',
    cure: 'Read the log. If the work directory is on a shared file system, check that it is healthy.',
  },
  lost: {
    title: 'It started, left no result, and Slurm no longer knows it',
    cause: 'Nobody can tell how it ended: the accounting has no entry, or the run was stopped before its last epoch.',
    cure: 'Ask the cluster staff for the Slurm job; submit again to run it once more. It is never run again by itself.',
  },
}
