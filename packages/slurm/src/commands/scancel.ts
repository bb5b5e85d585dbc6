// scancel: by name, user and id together, so that an id that was given out again is never cancelled.
import { SlurmError } from '../errors.ts'
import type { CommandResult } from '../transport.ts'
import { couldNotAsk, mustHaveAnswered, nobodyAnswered } from './could-not-ask.ts'

export function scancelCommand(job: { slurmJobId: string; name: string; user: string }): string[] {
  return ['scancel', `--user=${job.user}`, `--name=${job.name}`, job.slurmJobId]
}

// rc 1 on 22.05 for a job that is over or forgotten; an unknown id can also be rc 0 and silent.
const ALREADY_OVER = /Invalid job id specified|Job\/step already completing or completed|No active jobs match/

/**
 * Returns when the job was told to end, or was over, or is not ours under that id.
 *
 * @throws SlurmError SLURM_UNREACHABLE when nobody answered, SLURM_REJECTED when Slurm refused.
 */
export function parseScancel(result: CommandResult): void {
  const { exitCode, stderr } = result
  if (exitCode !== 0 && exitCode !== null && !nobodyAnswered(stderr)) {
    if (ALREADY_OVER.test(stderr)) return
    if (exitCode >= 124) throw couldNotAsk(result, ['scancel'])
    throw new SlurmError('SLURM_REJECTED', { message: stderr.trim(), details: { exitCode } })
  }
  mustHaveAnswered(result, ['scancel'])
}
