import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { JOB_STATES } from '@trotline/contracts'
import { createKeys, indexKeys } from '../../../apps/orchestrator/src/store/keys.ts'
import { record, request } from '../../support/job-records.ts'

const keys = createKeys('trotline')

describe('keys', () => {
  test('stand under the prefix, each its own', () => {
    const all = [
      keys.job('a'),
      keys.secret('a'),
      keys.events('a'),
      keys.epochs('a'),
      keys.finalEpochs('a'),
      keys.due('a'),
      keys.lease('a'),
      keys.leaseCount('a'),
      keys.idempotency('a', 'b'),
      keys.all(),
      keys.byOwner('a'),
      keys.byOwnerState('a', 'b'),
      keys.byClusterState('a', 'b'),
      keys.byState('a'),
      keys.byOwnerLabel('a', 'b', 'c'),
      keys.byName('a'),
      keys.byOwnerName('a', 'b'),
      keys.named(),
      keys.changed(),
      keys.ask('a'),
      keys.spent('a', 'b'),
      keys.connections('a'),
      keys.paused('a'),
      keys.cost('a'),
      keys.sightings('a'),
      keys.probes('a'),
    ]
    assert.equal(new Set(all).size, all.length)
    for (const key of all) assert.ok(key.startsWith('trotline:'))
  })

  test('keep two servers on one Redis apart', () => {
    assert.notEqual(createKeys('one').job('a'), createKeys('two').job('a'))
  })
})

describe('the lists of a job', () => {
  const labelled = record({ state: 'running', request: request({}, { labels: { team: 'crabs', run: '7' } }) })

  test('are all, its owner, its state, both, its cluster’s state, its name, its owner’s of that name, and its labels', () => {
    assert.deepEqual(indexKeys(keys, labelled).toSorted(), [
      'trotline:jobs',
      'trotline:jobs:cluster:local:state:running',
      `trotline:jobs:name:${labelled.name}`,
      'trotline:jobs:owner:ada',
      'trotline:jobs:owner:ada:label:run:7',
      'trotline:jobs:owner:ada:label:team:crabs',
      `trotline:jobs:owner:ada:name:${labelled.name}`,
      'trotline:jobs:owner:ada:state:running',
      'trotline:jobs:state:running',
    ])
  })

  test('change with the state in the lists by state only', () => {
    const lists = JOB_STATES.map(state => new Set(indexKeys(keys, { ...labelled, state })))
    const inAll = [...(lists[0] ?? [])].filter(key => lists.every(list => list.has(key)))
    assert.equal(inAll.length, 6)
    for (const list of lists) assert.equal(list.size, 9)
  })
})
