// Every Slurm command runs behind one fixed bash prelude: a clean environment, a time limit on the cluster's side,
// and a mark in front of the answer, so that what a login script prints (bash reads .bashrc for ssh commands) is not taken for it.
import { excerpt, SlurmError } from '../errors.ts'
import type { CommandResult } from '../transport.ts'

/** Stands alone on the line before the answer. */
export const ANSWER_MARK = '\x1eanswer\x1e\n'

export interface CleanOptions {
  /** Added in front of PATH, for clusters whose ssh shells do not find Slurm. */
  readonly slurmBinDirectory?: string | null
  /** The command is ended on the cluster after this, also when nobody listens any more. */
  readonly limitSeconds: number
}

// Removed: whatever could change what these commands ask or print (SQUEUE_STATES, SACCT_FORMAT, SLURM_CLUSTERS, ...; the
// "ENVIRONMENT" parts of their man pages), and SLURM_JOB_ID, SLURM_RESTART_COUNT and their like, which sbatch would hand on
// to the job. Kept: where the cluster is (SLURM_CONF) and who we are (SLURM_JWT).
export const CLEAN_ENVIRONMENT = `
unset -v "\${!SQUEUE_@}" "\${!SACCT_@}" "\${!SBATCH_@}" "\${!SCANCEL_@}" "\${!SINFO_@}" "\${!SCONTROL_@}" "\${!SALLOC_@}" "\${!SRUN_@}"
for variable in "\${!SLURM_@}"; do
  case $variable in SLURM_CONF | SLURM_JWT) ;; *) unset -v "$variable" ;; esac
done
export TZ=UTC SLURM_TIME_FORMAT=standard
`

const PRELUDE = `${CLEAN_ENVIRONMENT}
limit=$1 bin=$2
shift 2
[ -z "$bin" ] || PATH=$bin:$PATH
export LC_ALL=C
printf '\\036answer\\036\\n'
exec timeout --kill-after=5 "$limit" "$@"
`

export function cleanCommand(argv: readonly string[], { slurmBinDirectory, limitSeconds }: CleanOptions): string[] {
  return ['bash', '--norc', '-c', PRELUDE, 'slurm-command', String(limitSeconds), slurmBinDirectory ?? '', ...argv]
}

/**
 * The result of the Slurm command alone, without what login scripts printed before it.
 *
 * @throws SlurmError SLURM_UNREACHABLE when the command cannot have run.
 */
export function answerOf(result: CommandResult): CommandResult {
  const at = result.stdout.indexOf(ANSWER_MARK)
  if (at !== -1) return { ...result, stdout: result.stdout.slice(at + ANSWER_MARK.length) }
  throw new SlurmError('SLURM_UNREACHABLE', {
    message: 'the command did not start (bash is needed on the login node)',
    details: { exitCode: result.exitCode, stdout: excerpt(result.stdout), stderr: excerpt(result.stderr) },
  })
}
