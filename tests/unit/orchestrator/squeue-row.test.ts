import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsByName } from '../../../apps/orchestrator/src/lifecycle/squeue-row.ts'

const row = (slurmJobId: string, name: string, array: { jobId: string; tasks: string } | null = null) => ({
  slurmJobId,
  name,
  array,
})

test('of several jobs of a name the first that Slurm took counts, in whatever order they are listed, and no array', () => {
  const rows = [
    row('100', 'tl-abcdefghjkmn-1'),
    row('99', 'tl-abcdefghjkmn-1'),
    row('101', 'tl-abcdefghjkmn-1'),
    row('7', 'tl-abcdefghjkmn-1', { jobId: '6', tasks: '1' }),
    row('8', 'tl-nmkjhgfedcba-1', { jobId: '6', tasks: '2' }),
  ]
  for (const listed of [rows, rows.toReversed()])
    assert.deepEqual(
      [...rowsByName(listed)].map(([name, { slurmJobId }]) => [name, slurmJobId]),
      [['tl-abcdefghjkmn-1', '99']],
    )
})
