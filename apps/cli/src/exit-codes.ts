// The one table of exit codes: what a script may conclude from each. Shown in --help, held by a test.
import type { JobState, Materialisation, Verdict } from '@trotline/contracts'

export const EXIT = {
  done: 0,
  fault: 1,
  usage: 2,
  absent: 3,
  denied: 4,
  incompatible: 5,
  unasked: 6,
  conflict: 7,
  notEnded: 8,
  unknown: 9,
  failed: 10,
  cancelled: 11,
  held: 12,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: Record<ExitCode, string> = {
  0: 'done; for submit --follow, wait and logs --follow: the job completed',
  1: 'an unexpected fault of Trotline',
  2: 'usage: a wrong flag, a file that cannot be read or written, a field that is not one',
  3: 'no such job, artifact, environment, cluster or webhook',
  4: 'no token, or not allowed',
  5: 'refused: it could not run there (check, submit), or it may not be told (webhooks create)',
  6: 'could not ask: nothing is known, and the command is safe to repeat',
  7: 'conflict: already ended, not to be had any more (rerun), another file there, or the same key with another request',
  8: 'not ended yet (wait --timeout, show --exit-status, artifacts get, webhooks test)',
  9: 'nobody can tell whether it runs: a fact is missing, and it is named (check, submit)',
  10: 'the job failed; of an environment: it could not be made; of it or an artifact: it is not what it was; a test did not arrive',
  11: 'the job, or the making of the environment, was cancelled',
  12: 'the job is held until someone releases it',
  130: 'interrupted; the job goes on',
}

/** Said below the table: what a command over several jobs ends with. */
export const EXIT_OF_SEVERAL = 'Of several jobs: that of the first on the line which is not 0.'

/** How an HTTP status ends the command. 429 and 5xx gateways say nothing about the job, so they are "could not ask". */
export function exitOfStatus(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
    case 415:
      return EXIT.usage
    case 401:
    case 403:
      return EXIT.denied
    case 404:
      return EXIT.absent
    case 409:
      return EXIT.conflict
    case 422:
      return EXIT.incompatible
    case 429:
    case 502:
    case 503:
    case 504:
      return EXIT.unasked
    default:
      return EXIT.fault
  }
}

/** Refused both, but of one it is known that it would not run, and of the other it is not known. */
export const exitOfProblem = ({ status, code }: { status: number; code: string }): ExitCode =>
  code === 'compatibility-unknown' ? EXIT.unknown : exitOfStatus(status)

const VERDICT_EXIT: Record<Verdict, ExitCode> = {
  compatible: EXIT.done,
  'compatible-with-warning': EXIT.done,
  incompatible: EXIT.incompatible,
  unknown: EXIT.unknown,
}
export const exitOfVerdict = (verdict: Verdict): ExitCode => VERDICT_EXIT[verdict]

const STATE_EXIT: Record<JobState, ExitCode> = {
  accepted: EXIT.notEnded,
  prepared: EXIT.notEnded,
  pending: EXIT.notEnded,
  running: EXIT.notEnded,
  finishing: EXIT.notEnded,
  completed: EXIT.done,
  failed: EXIT.failed,
  cancelled: EXIT.cancelled,
}

/** A hold is no state of its own: the job waits where it was, and only a person moves it on. */
export const exitOfJob = (job: { state: JobState; hold: unknown }): ExitCode =>
  STATE_EXIT[job.state] === EXIT.notEnded && job.hold !== null ? EXIT.held : STATE_EXIT[job.state]

const BUILD_EXIT: Record<string, ExitCode> = {
  ready: EXIT.done,
  failed: EXIT.failed,
  quarantined: EXIT.failed,
  cancelled: EXIT.cancelled,
}

export const exitOfBuild = ({ state }: Pick<Materialisation, 'state'>): ExitCode => BUILD_EXIT[state] ?? EXIT.notEnded
