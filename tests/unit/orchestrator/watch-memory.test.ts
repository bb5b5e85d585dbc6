import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SlurmJob } from '@trotline/slurm'
import {
  createWatchMemory,
  forgetOthers,
  remember,
  sameRow,
} from '../../../apps/orchestrator/src/lifecycle/watch-memory.ts'
import { parseJobState } from '../../../packages/slurm/src/states.ts'
import { AT } from '../../support/job-records.ts'

const row = (over: Partial<SlurmJob> = {}): SlurmJob => ({
  slurmJobId: '17',
  array: null,
  name: 'tl-abcdefghjkmn-1',
  state: parseJobState('PENDING') ?? assert.fail(),
  reason: 'Priority',
  partition: 'shared',
  submitAt: AT,
  startAt: null,
  endAt: null,
  nodeList: '',
  restarts: 0,
  ...over,
})

describe('two rows of squeue', () => {
  const news: [what: string, over: Partial<SlurmJob>][] = [
    ['another state', { state: parseJobState('CONFIGURING') ?? assert.fail() }],
    ['another reason', { reason: 'JobHeldUser' }],
    ['no reason any more', { reason: null }],
    ['another id under the name', { slurmJobId: '18' }],
    ['nodes', { nodeList: 'c01' }],
    ['another submit time', { submitAt: '2030-01-02T03:04:06Z' }],
    ['a requeue', { restarts: 1 }],
  ]
  for (const [what, over] of news) {
    test(`are not the same when the newer one tells ${what}`, () => assert.equal(sameRow(row(), row(over)), false))
  }

  test('are the same when only Slurm’s guess of the start has moved', () => {
    assert.equal(sameRow(row(), row({ startAt: '2030-01-03T00:00:00Z', endAt: '2030-01-04T00:00:00Z' })), true)
  })
})

describe('the memory of a watch', () => {
  const first = { revision: 3, identity: 'default', name: 'tl-abcdefghjkmn-1' }

  test('keeps when a job was last listed over its writes, and drops what was settled', () => {
    const memory = createWatchMemory()
    const watched = remember(memory, 'abcdefghjkmn', first)
    watched.settledRow = row()
    watched.listedAtMs = 5
    assert.deepEqual(remember(memory, 'abcdefghjkmn', { ...first, revision: 4 }), {
      ...first,
      revision: 4,
      settledRow: null,
      listedAtMs: 5,
    })
  })

  test('knows of a next submission nothing that was seen of the one before', () => {
    const memory = createWatchMemory()
    remember(memory, 'abcdefghjkmn', first).listedAtMs = 5
    assert.equal(remember(memory, 'abcdefghjkmn', { ...first, name: 'tl-abcdefghjkmn-2' }).listedAtMs, null)
  })

  test('holds no job that is not live', () => {
    const memory = createWatchMemory()
    for (const id of ['a', 'b', 'c']) remember(memory, id, first)
    forgetOthers(memory, ['b'])
    assert.deepEqual([...memory.keys()], ['b'])
  })
})
