// One row of squeue as the record, the evidence and the decision table take it.
import type { SlurmView } from '@trotline/contracts'
import type { SlurmJob } from '@trotline/slurm'
import type { Squeue } from './observe.ts'

export function squeueOf(row: SlurmJob | undefined): Squeue {
  if (row === undefined) return 'absent'
  if (row.state.phase === 'waiting' && STUCK.test(row.reason ?? '')) return 'stuck'
  return row.state.phase === 'unknown' ? 'strange' : row.state.phase
}

/** With spaces in squeue, with underscores in scontrol and in later versions. */
const STUCK = /^launch[ _]failed[ _]requeued[ _]held$/i

/**
 * The rows of squeue, or of sacct, by their names. Our names are given once, so a second job of a name is somebody else's; the
 * first is ours, as the submission step has it too. We submit no arrays.
 */
export function rowsByName<Row extends Pick<SlurmJob, 'name' | 'slurmJobId' | 'array'>>(
  rows: readonly Row[],
): Map<string, Row> {
  const byName = new Map<string, Row>()
  for (const row of rows) {
    if (row.array !== null) continue
    const known = byName.get(row.name)
    if (known === undefined || Number(row.slurmJobId) < Number(known.slurmJobId)) byName.set(row.name, row)
  }
  return byName
}

export const lineOf = (row: SlurmJob): string => `${row.slurmJobId} ${row.state.raw} ${row.reason ?? ''}`.trim()

export const viewOf = (row: SlurmJob, at: string): SlurmView => ({
  jobId: row.slurmJobId,
  name: row.name,
  state: row.state.raw,
  reason: row.reason,
  exitCode: null,
  nodes: row.nodeList || null,
  submitTime: row.submitAt,
  startTime: row.startAt,
  endTime: row.endAt,
  restarts: row.restarts,
  source: 'squeue',
  seenAt: at,
})
