// Durations as Slurm prints them (man squeue, man sinfo, man sbatch --time): 5:00, 1:00:00, 3-00:00:00, UNLIMITED, INVALID.

/** 'unlimited' and 'unset' are answers of Slurm, not failures of ours. */
export type SlurmDuration = number | 'unlimited' | 'unset'

// slurm_secs2time_str prints [days-]hours:minutes:seconds or minutes:seconds; a bare number or days-hours is input syntax.
const DURATION = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)$/
const UNSET = new Set(['', 'INVALID', 'NOT_SET', 'n/a', 'N/A', 'Partition_Limit'])

/** Seconds, or null when the text is no duration. */
export function parseDurationSeconds(text: string): SlurmDuration | null {
  const word = text.trim()
  if (word === 'UNLIMITED' || word === 'infinite') return 'unlimited'
  if (UNSET.has(word)) return 'unset'
  const match = DURATION.exec(word)
  if (!match) return null
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
}
