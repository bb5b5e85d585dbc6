// The moments between two durable steps at which a crash is most awkward, named so that tests can die at each of them.
// A stage passes them once per batch; `after-some-stored` lies between the commits of one.
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
] as const
export type CrashPoint = (typeof CRASH_POINTS)[number]

export type Crash = (point: CrashPoint) => void
export const survive: Crash = () => {}
