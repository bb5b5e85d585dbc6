import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowTimes } from '../../../../apps/dashboard/src/jobs/row-times.ts'

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const since = (from: string): number => (Date.parse(at(60)) - Date.parse(from)) / 1000

test('waiting and running are told apart, also of a job that has ended', () => {
  const job = { createdAt: at(0), startedAt: at(10), endedAt: null }
  assert.deepEqual(rowTimes({ ...job, state: 'running' }, since), { waitedSeconds: 600, ranSeconds: 3_000 })
  assert.deepEqual(rowTimes({ ...job, state: 'completed', endedAt: at(12) }, since), {
    waitedSeconds: 600,
    ranSeconds: 120,
  })
})

test('a job that has never run waits, one that Slurm has requeued waits again, and one that was cancelled before has waited', () => {
  const job = { createdAt: at(0), startedAt: null, endedAt: null }
  assert.deepEqual(rowTimes({ ...job, state: 'pending' }, since), { waitedSeconds: 3_600, ranSeconds: null })
  assert.deepEqual(rowTimes({ ...job, startedAt: at(1), state: 'pending' }, since).ranSeconds, null)
  assert.deepEqual(rowTimes({ ...job, endedAt: at(5), state: 'cancelled' }, since), {
    waitedSeconds: 300,
    ranSeconds: null,
  })
})
