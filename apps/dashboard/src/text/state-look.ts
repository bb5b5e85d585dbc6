// How a job's state looks: a shape, a word and a colour that say the same. Ended is not succeeded, and held is said before anything else.
import type { FailureReason, JobState, JobSummary } from '@trotline/contracts'
import { STATE_ICONS, type StateLook } from '../colour/palette.ts'

const LOOKS: Readonly<Record<JobState, StateLook>> = {
  accepted: 'queued',
  prepared: 'queued',
  pending: 'queued',
  running: 'running',
  finishing: 'running',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
}

const FAILURES: Readonly<Record<FailureReason, string>> = {
  'exit-code': 'the program ended with an error',
  signal: 'killed by a signal',
  'out-of-memory': 'out of memory',
  'time-limit': 'time limit reached',
  'node-fail': 'its node failed',
  'boot-fail': 'its node did not boot',
  'launch-failed': 'it could not be started',
  preempted: 'preempted',
  deadline: 'deadline passed',
  'incompatible-node': 'its node does not fit',
  environment: 'its environment is not usable',
  'submission-refused': 'Slurm refused it',
  training: 'the training failed',
  'no-result': 'it left no result',
  lost: 'Slurm lost it',
}

export interface ShownState {
  look: StateLook
  icon: string
  /** As in the API. */
  word: JobState | 'held'
  /** The same with its reason, as a sentence's end: "failed: out of memory". */
  text: string
}

type Seen = Pick<JobSummary, 'state' | 'hold' | 'failure'>

export function shownState({ state, hold, failure }: Seen): ShownState {
  const look = LOOKS[state]
  if (hold !== null && (look === 'queued' || look === 'running'))
    return { look: 'held', icon: STATE_ICONS.held, word: 'held', text: `held: ${hold}` }
  const text = state === 'failed' && failure !== null ? `failed: ${FAILURES[failure]}` : state
  return { look, icon: STATE_ICONS[look], word: state, text }
}

/** 412 of 1 000 is a part; a training that stopped early has ended all the same. null: there is nothing to show of it. */
export function progressShare({
  state,
  epochs,
  ofEpochs,
}: Pick<JobSummary, 'state' | 'epochs' | 'ofEpochs'>): number | null {
  if (ofEpochs <= 0) return null
  if (state === 'completed') return 1
  return Math.min(1, epochs / ofEpochs)
}
