// Which of Slurm's commands an argv runs, and how urgent it is. By its words, wherever they stand: Slurm's commands are run
// behind a prelude (timeout, a clean environment), and none of our other arguments is one of these words.
import { COMMAND_KINDS, type CommandKind } from '@trotline/contracts'
import type { Lane } from '@trotline/slurm'
import type { Urgency } from './ceilings.ts'

const SLURM = new Set<string>(COMMAND_KINDS.filter(kind => kind !== 'other' && kind !== 'sbatch'))

/** What a submission step asks at most, once, where it has orders to look up: again after a try, and scontrol without accounting. */
export const LOOK_UP: readonly CommandKind[] = ['squeue', 'sacct', 'squeue', 'sacct', 'scontrol']

/**
 * A submission step is `other`: what it submits and looks up is taken and counted before (access.ts). Not counted is the one squeue
 * after an sbatch that gave no id.
 */
export function commandKindOf(argv: readonly string[], lane: Lane): CommandKind {
  if (lane !== 'query') return 'other'
  return (argv.find(word => SLURM.has(word)) as CommandKind | undefined) ?? 'other'
}

/** squeue is how jobs are watched, scancel is what somebody waits for. */
export const urgencyOf = (kind: CommandKind): Urgency =>
  kind === 'squeue' || kind === 'scancel' ? 'urgent' : 'question'
