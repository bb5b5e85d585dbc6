// The moments between two durable steps at which a crash is most awkward, named so that tests can die at each of them.
// prepare and submit pass them once per batch, `after-some-stored` between the commits of one; finish and cancel once per job.
// The server itself passes `survive`; only a test's own entry point passes something that kills (tests/support).

export const CRASH_POINTS = [
  'accept:before-store',
  'accept:after-store',
  'prepare:before-directory',
  'prepare:after-directory',
  'prepare:after-files',
  'prepare:after-some-stored',
  'prepare:after-store',
  'submit:before-intent',
  'submit:after-intent',
  'submit:after-sbatch',
  'submit:after-some-stored',
  'submit:after-store',
  'finish:after-collect',
  'finish:before-seal',
] as const
/** Passed only by a job whose cancel is wished. */
export const CANCEL_CRASH_POINTS = ['cancel:after-mark'] as const
/** Passed only where an environment is made. */
export const ENVIRONMENT_CRASH_POINTS = [
  'environment:after-intent',
  'environment:after-order',
  'environment:after-start',
  'environment:before-ready',
] as const
export type CrashPoint =
  | (typeof CRASH_POINTS)[number]
  | (typeof CANCEL_CRASH_POINTS)[number]
  | (typeof ENVIRONMENT_CRASH_POINTS)[number]

export type Crash = (point: CrashPoint) => void
export const survive: Crash = () => {}
