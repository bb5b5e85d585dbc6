// Every job state that Slurm can print, and what it says about the life of the job.
// Total over job_states and the state flags of Slurm 20.11 to 25.11 (man squeue, JOB STATE CODES; doc job_state_codes).
// The raw word always travels beside our reading of it.

/** 'waiting': nothing of the job runs yet (or any more, and it will start again). 'live': something may run. 'over': nothing will. */
export type Phase = 'waiting' | 'live' | 'over'

/** How a job ended; never merged, each means another thing to a person. */
export type Ending =
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'time-limit'
  | 'out-of-memory'
  | 'node-fail'
  | 'boot-fail'
  | 'preempted'
  | 'deadline'
  | 'revoked'

interface StateMeaning {
  readonly phase: Phase
  /** Set exactly where phase is 'over'. */
  readonly ending: Ending | null
}

const waiting: StateMeaning = { phase: 'waiting', ending: null }
const live: StateMeaning = { phase: 'live', ending: null }
const over = (ending: Ending): StateMeaning => ({ phase: 'over', ending })

const STATES = {
  // Base states.
  PENDING: waiting,
  RUNNING: live,
  SUSPENDED: live,
  COMPLETED: over('completed'),
  CANCELLED: over('cancelled'),
  FAILED: over('failed'),
  TIMEOUT: over('time-limit'),
  NODE_FAIL: over('node-fail'),
  PREEMPTED: over('preempted'),
  BOOT_FAIL: over('boot-fail'),
  DEADLINE: over('deadline'),
  OUT_OF_MEMORY: over('out-of-memory'),
  // Flags, printed in place of the base state while they are set.
  LAUNCH_FAILED: waiting, // could not be launched on the chosen nodes: requeued and held
  RECONFIG_FAIL: waiting, // a node could not be reconfigured for the job: requeued and held
  REQUEUED: waiting, // in sacct -D the end of one run; the job itself waits again
  REQUEUE_HOLD: waiting,
  REQUEUE_FED: waiting,
  SPECIAL_EXIT: waiting, // requeued in special exit state, held
  RESV_DEL_HOLD: waiting, // its reservation was deleted: held
  EXPEDITING: waiting, // 25.11: is being looked at for an expedited requeue
  CONFIGURING: waiting, // has nodes, they boot
  POWER_UP_NODE: waiting,
  COMPLETING: live, // up to KillWait (30 s by default) processes may still run
  RESIZING: live,
  SIGNALING: live,
  STAGE_OUT: live,
  STOPPED: live, // stopped by a signal, keeps its cpus
  UPDATE_DB: live,
  REVOKED: over('revoked'), // a sibling cluster of a federation runs it
} as const satisfies Record<string, StateMeaning>

export type SlurmState = keyof typeof STATES

export const SLURM_STATES = Object.keys(STATES) as readonly SlurmState[]

export interface JobState {
  /** The first word, upper case as Slurm prints it. Not a SlurmState when this Slurm is newer than the table. */
  readonly word: string
  /** What follows the word: 'by 1001' after CANCELLED; null when nothing does. */
  readonly decoration: string | null
  /** Never seen words are 'unknown': treat as not over, and warn. */
  readonly phase: Phase | 'unknown'
  readonly ending: Ending | null
  readonly raw: string
}

export const isSlurmState = (word: string): word is SlurmState => Object.hasOwn(STATES, word)

export const phaseOf = (word: string): Phase | 'unknown' => (isSlurmState(word) ? STATES[word].phase : 'unknown')

export const endingOf = (word: string): Ending | null => (isSlurmState(word) ? STATES[word].ending : null)

/** 'CANCELLED by 1001' (sacct, with the uid of who cancelled) becomes word and decoration. null for an empty text. */
export function parseJobState(raw: string): JobState | null {
  const match = /^([A-Z][A-Z_]*)(?: (.+))?$/.exec(raw.trim())
  if (!match) return null
  const word = match[1] as string
  return { word, decoration: match[2] ?? null, phase: phaseOf(word), ending: endingOf(word), raw }
}
