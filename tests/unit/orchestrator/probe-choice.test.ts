import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Kind, kindsOf } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import type { ProbeSettings } from '../../../apps/orchestrator/src/config.ts'
import { kindsDue, placeFor } from '../../../apps/orchestrator/src/lifecycle/probe-choice.ts'
import type { ProbeRecord } from '../../../apps/orchestrator/src/store/probes.ts'
import { clusterSettings } from '../../support/job-records.ts'
import { group, partition } from '../../support/partitions.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const ago = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString()
const K80: readonly (readonly [string, number])[] = [['k80', 4]]
const [k80 = assert.fail('no kind'), cpu = assert.fail('no kind')] = kindsOf([
  partition('gpu', [group({ nodes: ['g1', 'g2'], gres: K80 })]),
  partition('shared', [group({ nodes: ['c1'] })]),
])
const settings = (over: Partial<ProbeSettings> = {}): ProbeSettings => ({
  ...clusterSettings().probe,
  automatic: 'gpu',
  ...over,
})
const record = (kind: Kind, over: Partial<ProbeRecord>): ProbeRecord => ({
  kind: kind.id,
  state: 'failed',
  by: null,
  partition: 'gpu',
  node: 'g1',
  slurmJobId: '17',
  at: ago(0),
  detail: '',
  look: null,
  dueAt: 0,
  wanted: null,
  failures: 1,
  ...over,
})

const knownOf = (looks: Record<string, string>, urgent: string[] = []) => ({
  looks: new Map(Object.entries(looks).map(([node, at]) => [node, { at }])),
  urgent: new Set(urgent),
})

describe('a kind is looked at without being asked', () => {
  const due = (
    over: Partial<ProbeSettings> = {},
    looks: Record<string, string> = {},
    records: ProbeRecord[] = [],
    urgent: string[] = [],
  ): string[] => {
    const known = new Map(records.map(one => [one.kind, one]))
    return kindsDue([k80, cpu], known, knownOf(looks, urgent), settings(over), NOW).map(
      ({ nodes }) => nodes[0]?.name ?? '',
    )
  }

  test('where nobody has, and where the last look at any of its nodes is too old', () => {
    assert.deepEqual(due(), ['g1'])
    assert.deepEqual(due({}, { g2: ago(23) }), [])
    assert.deepEqual(due({}, { g2: ago(25) }), ['g1'])
    assert.deepEqual(due({ maxAgeHours: 48 }, { g2: ago(25) }), [])
  })

  test('for GPUs only, for all, or never, as the operator wishes', () => {
    assert.deepEqual(due({ automatic: 'all' }), ['g1', 'c1'])
    assert.deepEqual(due({ automatic: 'off' }), [])
  })

  test('never twice at a time, and after a failure only after a while that grows', () => {
    for (const state of ['asked', 'pending', 'running'] as const)
      assert.deepEqual(due({}, {}, [record(k80, { state })]), [])
    assert.deepEqual(due({}, {}, [record(k80, { at: ago(0.9) })]), [])
    assert.deepEqual(due({}, {}, [record(k80, { at: ago(1.1) })]), ['g1'])
    assert.deepEqual(due({}, {}, [record(k80, { at: ago(7), failures: 4 })]), [])
    assert.deepEqual(due({}, {}, [record(k80, { at: ago(24.1), failures: 40 })]), ['g1'])
  })

  test('where one of its nodes has to be looked at, however young the look at another is; not while that one can take no job', () => {
    assert.deepEqual(due({}, { g2: ago(1) }, [], ['g1']), ['g1'])
    assert.deepEqual(due({ automatic: 'off' }, { g2: ago(1) }, [], ['g1']), [])
    assert.deepEqual(due({ automatic: 'all' }, {}, [], ['c1']), ['c1', 'g1'], 'and before all other kinds')
    const [half = assert.fail('no kind')] = kindsOf([
      partition('gpu', [
        group({ nodes: ['g1'], gres: K80, state: 'idle', stateMarks: '$' }),
        group({ nodes: ['g2'], gres: K80 }),
      ]),
    ])
    assert.deepEqual(kindsDue([half], new Map(), knownOf({ g2: ago(1) }, ['g1']), settings(), NOW), [])
  })

  test('where the only young look is at a node that is drained', () => {
    const [half = assert.fail('no kind')] = kindsOf([
      partition('gpu', [group({ nodes: ['g1'], gres: K80, state: 'drained' }), group({ nodes: ['g2'], gres: K80 })]),
    ])
    assert.equal(kindsDue([half], new Map(), knownOf({ g1: ago(1) }), settings(), NOW).length, 1)
  })

  test('not where no node could take a job', () => {
    const [down = assert.fail('no kind')] = kindsOf([
      partition('gpu', [group({ nodes: ['g1'], gres: K80, state: 'drained' })]),
    ])
    assert.deepEqual(kindsDue([down], new Map(), knownOf({}), settings(), NOW), [])
  })
})

describe('a look goes to', () => {
  const place = (
    groups: Parameters<typeof group>[0][],
    {
      looks = {},
      wanted = null,
      urgent = [],
    }: { looks?: Record<string, string>; wanted?: string | null; urgent?: string[] } = {},
  ) => {
    const nodes = groups.map(each => group({ gres: K80, ...each }))
    const [kind = assert.fail('no kind')] = kindsOf([
      partition('big', [...nodes, group({ nodes: ['c1'] })]),
      partition('gpu', nodes),
      partition('closed', nodes, { availability: 'down' }),
    ])
    return placeFor(kind, wanted, knownOf(looks, urgent))
  }

  test('the idle node that was longest not looked at', () => {
    const two = [{ nodes: ['g1', 'g2'] }]
    assert.equal(place(two, { looks: { g1: ago(3) } })?.node, 'g2')
    assert.equal(place(two, { looks: { g1: ago(3), g2: ago(2) } })?.node, 'g1')
    assert.equal(
      place([{ nodes: ['g1'], state: 'allocated' }, { nodes: ['g2'] }], { looks: { g2: ago(0) } })?.node,
      'g2',
    )
  })

  test('the node that has to be looked at before any other, busy or not', () => {
    const two = [{ nodes: ['g1'], state: 'allocated' }, { nodes: ['g2'] }]
    assert.equal(place(two, { looks: { g1: ago(0) }, urgent: ['g1'] })?.node, 'g1')
  })

  test('no node that is down, drained, silent or in maintenance, and to one that is powered off only for want of another', () => {
    for (const away of [
      { state: 'down', stateMarks: '*' },
      { state: 'drained' },
      { state: 'draining' },
      { state: 'idle', stateMarks: '*' },
      { state: 'idle', stateMarks: '$' },
      { state: 'unknown' },
    ]) {
      assert.equal(place([{ nodes: ['g1'], ...away }]), null, JSON.stringify(away))
      assert.equal(place([{ nodes: ['g1'], ...away }, { nodes: ['g2'] }])?.node, 'g2')
    }
    const off = { nodes: ['g1'], state: 'idle', stateMarks: '~' }
    assert.equal(place([off])?.node, 'g1')
    assert.equal(place([off, { nodes: ['g2'], state: 'allocated' }])?.node, 'g2')
  })

  test('the partition that was asked for, else one that is up and holds little else', () => {
    assert.equal(place([{ nodes: ['g1'] }])?.partition, 'gpu')
    assert.equal(place([{ nodes: ['g1'] }], { wanted: 'big' })?.partition, 'big')
    assert.equal(place([{ nodes: ['g1'] }], { wanted: 'closed' }), null)
    assert.equal(place([{ nodes: ['g1'] }], { wanted: 'nowhere' }), null)
  })
})
