// Tells an answer of Slurm from "could not ask". Slurm can exit 0 and have failed, and exit 1 and have answered.
import { excerpt, SlurmError } from '../errors.ts'
import type { CommandResult } from '../transport.ts'

// Texts of slurm_errno.c and of the persistent connection to slurmdbd that mean: nobody answered, or not now.
// Also matched by the submission step (submit-once-step.ts), in grep -E and in JavaScript alike: no look-arounds, no \d.
export const NOBODY_ANSWERED =
  'Unable to contact slurm controller|Socket timed out|timed out on send/recv|Connection (refused|reset|timed out)|connect failure|' +
  'Zero Bytes were transmitted|Transport endpoint is not connected|Message (send|receive) failure|Insane message length|' +
  'Unexpected message received|Header lengths are longer|Incompatible versions of client and server|Protocol version has changed|' +
  'Protocol authentication error|Invalid authentication credential|authentication credential expired|Munge (encode|decode) failed|munged|' +
  'Resource temporarily unavailable|temporarily unable to|not responding, sleeping|rate limit|backup controller|standby mode|' +
  'Problem talking to the database|Unable to connect to database|slurm_persist_conn|Broken pipe|No route to host|Network is unreachable|' +
  'Unable to resolve|Could not establish a configuration source|Too many open files|Cannot allocate memory|' +
  'I.O error|Unspecified error|No space left on device|Read-only file system|Stale file handle|Input/output error'

const NOBODY = new RegExp(NOBODY_ANSWERED, 'i')
// "squeue: error: ..." and "slurm_load_jobs error: ..."; other lines on stderr are warnings or a login script's noise.
const COMPLAINT = /^(?:slurm_\w+ error|\w+: (?:slurm_\w+: )?(?:error|fatal)): .*$/m

/**
 * Returns the result when the command answered.
 *
 * @throws SlurmError SLURM_UNREACHABLE otherwise. Nothing was learned.
 */
export function mustHaveAnswered(result: CommandResult, argv: readonly string[]): CommandResult {
  const { exitCode, stderr } = result
  const complaint = COMPLAINT.exec(stderr)?.[0]
  if (exitCode === 0 && !complaint && !NOBODY.test(stderr)) return result
  throw couldNotAsk(result, argv)
}

export function couldNotAsk(result: CommandResult, argv: readonly string[]): SlurmError {
  const { exitCode, signal, stderr } = result
  const command = argv[0] ?? ''
  // timeout(1): 124 ended by TERM, 137 by KILL; 127: there is no such command.
  const why =
    exitCode === 124 || exitCode === 137 || signal === 'SIGKILL'
      ? 'did not answer in time'
      : exitCode === 127
        ? 'is not on the PATH of the login node'
        : (stderr.trim().split('\n')[0] ?? '').replace(`${command}: `, '')
  return new SlurmError('SLURM_UNREACHABLE', {
    message: `${command} ${why || `ended with exit code ${exitCode}`}`,
    details: { argv, exitCode, signal, stderr: excerpt(stderr) },
  })
}

export const nobodyAnswered = (text: string): boolean => NOBODY.test(text)
