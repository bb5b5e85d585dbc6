// Slurm job ids as squeue and sacct print them: 17, 17_4, 17_[2-5%2], and on heterogeneous jobs 17+1.

export interface ArrayId {
  /** The id that names the whole array (or the job itself). */
  readonly jobId: string
  /** '4', or '2-5%2' for tasks that still wait together; null when the job is no array. */
  readonly tasks: string | null
}

/** An ArrayId that is known to be one of an array. */
export interface ArrayTask extends ArrayId {
  readonly tasks: string
}

/** null when the text is no job id. */
export function parseArrayId(text: string): ArrayId | null {
  // squeue cuts long task lists with "..." unless SLURM_BITSTR_LEN is 0 (man squeue).
  const match = /^(\d+)(?:\+\d+)?(?:_(?:(\d+)|\[([\d,:%.-]+)\]))?$/.exec(text)
  return match ? { jobId: match[1] as string, tasks: match[2] ?? match[3] ?? null } : null
}

/** null when the job is no array. */
export const taskOf = ({ jobId, tasks }: ArrayId): ArrayTask | null => (tasks === null ? null : { jobId, tasks })
