// What squeue, sacct and the run's own files say together about one job. Pure: no clock, no network.
// Total over squeue x sacct x newest run: every cell has an answer, and "could not ask" never is one.
//
// The rule behind the table: a job ends only when two sources agree, or when its own result says so and squeue no
// longer lists it. A job that only one source has forgotten is doubted for some ticks first. A run that passed its
// fence is never run again while its time limit has not passed: its process may still be there.

import type { RunReach } from '../clusters/runs.ts'

/** What squeue's one answer says of this job. */
export type Squeue =
  | 'waiting'
  /** Slurm could not start it, put it back and holds it: it never starts again by itself. */
  | 'stuck'
  | 'live'
  | 'over'
  /** A state word that is not in the table. */
  | 'strange'
  | 'absent'
  | 'could-not-ask'
/** sacct is asked only for jobs that squeue calls over or no longer lists. 'live' also while it has another word for the end than squeue. */
export type Sacct = 'live' | 'over' | 'absent' | 'could-not-ask' | 'off'

export interface Sighting {
  squeue: Squeue
  sacct: Sacct
  /** The newest run of the present submission. */
  run: RunReach
}

/** What is remembered of earlier ticks, and what the clock says. */
export interface Doubt {
  /** Ticks in a row, before this one, in which the sources did not agree. */
  ticks: number
  /** Since the first of them. */
  forMs: number
  /** The time limit, counted from the last sign of life, has passed with room to spare. */
  timeLimitPassed: boolean
  /** How long a file may stay invisible (NFS attribute caches): a run that nobody sees yet may have passed its fence. */
  filesHideMs: number
  /** MinJobAge has passed since squeue listed the job: squeue may rightly have dropped a finished job. */
  squeueForgets: boolean
}

export type Conclusion =
  | 'nothing' // could not ask, or nothing new: the record stays as it is
  | 'pending'
  | 'running'
  | 'over' // by Slurm's word
  | 'over-by-result' // by the worker's own result.json
  | 'doubt' // count a tick and look again
  | 'submit-again' // Slurm has forgotten a job that never passed its fence
  | 'give-up' // Slurm holds it for ever after a failed start: take it out of Slurm and see
  | 'hold' // nobody can tell whether it ran: a person decides
  | 'lost' // it ran, left no result, and nobody knows of it any more

/** slurmctld restarts and database backlogs settle within seconds; three answers in a row are not an accident. */
export const TICKS_TO_FORGET = 3
/** sacct was seen to lag squeue by 0.1 s to 4 s: a few ticks for the exit code, then squeue's word alone. */
export const TICKS_TO_SETTLE = 5

/** A fast poll must not shorten the doubt: the same lags, in time. */
export const LEAST_DOUBT_MS = 5_000

type Cell =
  | 'nothing'
  | 'over'
  | 'over-by-result'
  | 'settle'
  | 'forgotten'
  | 'forgotten-unless-purged'
  | 'wait'
  | 'wait-or-lost'
  | 'stuck'
  | 'stuck-but-fenced'

const ROWS: Record<'over' | 'absent', Record<Sacct, Record<RunReach, Cell>>> = {
  over: {
    over: { none: 'over', fenced: 'over', heartbeat: 'over', result: 'over' },
    off: { none: 'over', fenced: 'over', heartbeat: 'over', result: 'over' },
    live: { none: 'settle', fenced: 'settle', heartbeat: 'settle', result: 'settle' },
    absent: { none: 'settle', fenced: 'settle', heartbeat: 'settle', result: 'settle' },
    'could-not-ask': { none: 'settle', fenced: 'settle', heartbeat: 'settle', result: 'over' },
  },
  absent: {
    over: { none: 'over', fenced: 'over', heartbeat: 'over', result: 'over' },
    // sacct says live for ever when slurmctld lost the job (seen on 22.05 after a kill -9 of slurmctld, three acknowledged jobs).
    live: { none: 'forgotten', fenced: 'wait', heartbeat: 'wait', result: 'over-by-result' },
    absent: { none: 'forgotten', fenced: 'wait-or-lost', heartbeat: 'wait-or-lost', result: 'over-by-result' },
    'could-not-ask': { none: 'nothing', fenced: 'nothing', heartbeat: 'nothing', result: 'over-by-result' },
    off: {
      none: 'forgotten-unless-purged',
      fenced: 'wait-or-lost',
      heartbeat: 'wait-or-lost',
      result: 'over-by-result',
    },
  },
}

/**
 * squeue's word on these is not an ending, and no run will follow: "launch failed requeued held". Seen after a failed start, and
 * for a job whose run had been under way when slurmctld was killed and came back with an older state (22.05).
 */
const STUCK: Record<RunReach, Cell> = {
  none: 'stuck',
  fenced: 'stuck-but-fenced',
  heartbeat: 'stuck-but-fenced',
  result: 'stuck',
}

export function conclude({ squeue, sacct, run }: Sighting, doubt: Doubt): Conclusion {
  switch (squeue) {
    case 'could-not-ask':
      return 'nothing'
    case 'strange': // a state word newer than the table: not over, and the record says so
      return 'nothing'
    case 'waiting':
      return 'pending'
    case 'stuck':
      return settle(STUCK[run], doubt)
    case 'live':
      return 'running'
    case 'over':
    case 'absent':
      return settle(ROWS[squeue][sacct][run], doubt)
  }
}

function settle(cell: Cell, { ticks, forMs, timeLimitPassed, squeueForgets, filesHideMs }: Doubt): Conclusion {
  const sure = (wanted: number, leastMs = 0): boolean =>
    ticks + 1 >= wanted && forMs >= Math.max(LEAST_DOUBT_MS, leastMs)
  switch (cell) {
    case 'nothing':
    case 'over':
    case 'over-by-result':
      return cell
    case 'settle':
      return sure(TICKS_TO_SETTLE) ? 'over' : 'doubt'
    case 'forgotten':
      return sure(TICKS_TO_FORGET, filesHideMs) ? 'submit-again' : 'doubt'
    case 'forgotten-unless-purged':
      if (!sure(TICKS_TO_FORGET, filesHideMs)) return 'doubt'
      return squeueForgets ? 'hold' : 'submit-again'
    case 'wait':
      return timeLimitPassed ? 'submit-again' : 'doubt'
    case 'wait-or-lost':
      return timeLimitPassed ? 'lost' : 'doubt'
    case 'stuck':
      return sure(TICKS_TO_FORGET, filesHideMs) ? 'give-up' : 'doubt'
    case 'stuck-but-fenced':
      return timeLimitPassed ? 'give-up' : 'doubt'
  }
}
