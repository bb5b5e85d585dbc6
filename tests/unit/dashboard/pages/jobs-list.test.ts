import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JOB_STATES, type JobState, type JobSummary } from '@trotline/contracts'
import {
  counted,
  countedAll,
  groupOf,
  merged,
  shown,
  whyInShort,
} from '../../../../apps/dashboard/src/pages/jobs-list.ts'

const summary = (id: string, second: number, over: Partial<JobSummary> = {}): JobSummary => ({
  id,
  name: 'auto-mpg',
  owner: 'ada',
  cluster: 'bluecrab',
  partition: 'gpu',
  state: 'running',
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  endedAt: null,
  slurmJobId: '7',
  slurmState: 'RUNNING',
  epochs: 3,
  ofEpochs: 10,
  loss: 0.5,
  lossNonFinite: null,
  gpus: 1,
  startedAt: null,
  hold: null,
  failure: null,
  why: null,
  ...over,
})

test('what is told later replaces what was known, and the newest job stands first', () => {
  const rows = merged([summary('a', 1), summary('b', 2)], [summary('c', 3), summary('a', 1, { state: 'completed' })])
  assert.deepEqual(
    rows.map(row => [row.id, row.state]),
    [
      ['c', 'running'],
      ['b', 'running'],
      ['a', 'completed'],
    ],
  )
})

test('every state has a group, and a job that is held is held until it has ended', () => {
  const groups = (hold: string | null) => JOB_STATES.map(state => groupOf({ state, hold }))
  assert.deepEqual(groups(null), [
    'waiting',
    'waiting',
    'waiting',
    'running',
    'running',
    'completed',
    'failed',
    'cancelled',
  ])
  assert.deepEqual(groups('SLURM_REJECTED'), [...Array(5).fill('held'), 'completed', 'failed', 'cancelled'])
})

test('words are looked for in name, id, place and owner, all of them at once', () => {
  const rows = [summary('abc', 1), summary('def', 2, { name: 'cifar', partition: 'cpu' })]
  assert.deepEqual(
    shown(rows, 'all', 'CIFAR cpu').map(row => row.id),
    ['def'],
  )
  assert.deepEqual(shown(rows, 'all', 'cifar gpu'), [])
  assert.deepEqual(shown(rows, 'completed', ''), [])
})

test('groups are counted once each, of what is loaded and of all', () => {
  const rows = [summary('a', 1), summary('b', 2, { state: 'pending', hold: 'X' }), summary('c', 3, { state: 'failed' })]
  assert.deepEqual(counted(rows), { all: 3, waiting: 0, running: 1, held: 1, completed: 0, failed: 1, cancelled: 0 })
  const states = Object.fromEntries(JOB_STATES.map((state, at) => [state, at])) as Record<JobState, number>
  assert.deepEqual(countedAll({ states, held: 1 }), {
    all: 28,
    waiting: 2,
    running: 7,
    held: 1,
    completed: 5,
    failed: 6,
    cancelled: 7,
  })
})

test("the server's own sentence comes first, and a job that runs needs none", () => {
  assert.equal(whyInShort(summary('a', 1, { why: 'out of memory on g07' })), 'out of memory on g07')
  assert.equal(whyInShort(summary('a', 1)), null)
  assert.equal(whyInShort(summary('a', 1, { slurmState: 'COMPLETING' })), 'Slurm says COMPLETING')
})
