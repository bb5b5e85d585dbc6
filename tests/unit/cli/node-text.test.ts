import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster, Fact, NodeKind, NodeProbe } from '@trotline/contracts'
import { clusterText } from '../../../apps/cli/src/commands/clusters.ts'
import { kindRows, kindText } from '../../../apps/cli/src/text/node-text.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { NOTHING } from '../../support/compatibility.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const AT = '2026-11-27T09:30:00Z'
const fact = (value: string, over: Partial<Fact> = {}): Fact => ({
  value,
  source: 'probe',
  from: 'nvidia-smi on k02',
  at: AT,
  ...over,
})
const kind = (over: Partial<NodeKind> = {}): NodeKind => ({
  id: 'a'.repeat(12),
  nodeCount: 2,
  nodes: ['k01', 'k02'],
  gpus: [{ type: 'k80', count: 4 }],
  features: ['haswell'],
  facts: NOTHING,
  probed: [],
  differs: [],
  ...over,
})
const K80 = {
  ...NOTHING,
  driver: fact('396.37'),
  gpu: fact('Tesla K80'),
  computeCapability: fact('3.7'),
  glibc: fact('2.17'),
}
const probe = (over: Partial<NodeProbe> = {}): NodeProbe => ({
  kind: 'a'.repeat(12),
  state: 'failed',
  by: 'staff',
  partition: 'gpu',
  node: 'k01',
  slurmJobId: '17',
  at: AT,
  detail: 'It did not start within 30 min (Slurm: Resources) and was cancelled.',
  ...over,
})

test('what is known of a kind is told with who said so and how long ago', () => {
  assert.deepEqual(kindText(kind({ facts: K80 }), [], NOW), {
    what: 'k80 ×4 on k01, k02',
    facts: 'Tesla K80, driver 396.37, compute capability 3.7, glibc 2.17',
    source: 'probed on k02, 3 h ago',
    differs: [],
    look: null,
  })
  const declared = fact('396.37', { source: 'declared', from: 'nodes[0] of cluster local in the configuration' })
  assert.equal(
    kindText(kind({ facts: { ...NOTHING, driver: declared } }), [], NOW).source,
    'declared by the operator, 3 h ago',
  )
})

test('a GPU whose driver nobody has seen is said to have an unknown driver', () => {
  const gpu = fact('k80', { source: 'gres', from: 'gres gpu:k80 in sinfo' })
  const { facts, source } = kindText(kind({ facts: { ...NOTHING, gpu } }), [], NOW)
  assert.deepEqual([facts, source], ['driver unknown', 'by its GPU type, 3 h ago'])
  assert.equal(kindText(kind({ gpus: [], facts: NOTHING }), [], NOW).facts, 'nothing is known of them')
})

test('a look that failed or waits is told with why, one that is done is not', () => {
  const look = (over: Partial<NodeProbe>) => kindText(kind(), [probe(over)], NOW).look
  assert.equal(
    look({}),
    'a look at k01 (gpu) failed, Slurm job 17, 3 h ago, asked by staff: It did not start within 30 min (Slurm: Resources) and was cancelled.',
  )
  assert.equal(
    look({ state: 'asked', by: null, node: null, slurmJobId: null, detail: '' }),
    'a look is wanted, 3 h ago',
  )
  assert.equal(look({ state: 'done' }), null)
  assert.equal(look({ kind: 'b'.repeat(12) }), null)
})

test('many nodes are counted and the first of them named', () => {
  const nodes = Array.from({ length: 256 }, (_, i) => `n${i}`)
  assert.equal(kindText(kind({ nodes, nodeCount: 3_000 }), [], NOW).what, 'k80 ×4 on 3,000 nodes (n0, n1, n2, n3, …)')
})

const cluster = (over: Partial<Cluster> = {}): Cluster =>
  ({
    name: 'local',
    health: { ok: true, code: 'ok', detail: 'connected', at: AT },
    paused: null,
    probes: [],
    facts: {
      slurmVersion: '22.05.8',
      accounting: true,
      seenAt: '2026-11-27T11:59:30Z',
      ageSeconds: 30,
      source: 'sinfo',
      partitions: [
        {
          name: 'gpuk80',
          maxTimeMinutes: 2_880,
          maxCpusPerNode: 24,
          maxMemoryMiBPerNode: 122_880,
          gpus: [{ type: 'k80', perNode: 4 }],
          preemption: null,
          nodeKinds: [kind({ facts: K80, differs: ['k02 has driver 390.46, k01 396.37'] })],
        },
      ],
    },
    ...over,
  }) as Cluster

test('a cluster is told by partitions, within the width of the terminal', () => {
  const style = createStyle({ colour: false, utf8: true })
  assert.equal(
    clusterText(cluster(), NOW, 72, style),
    `local  ok
  Slurm 22.05.8, seen 30 s ago

  gpuk80  24 cores, 120 GiB, at most 2 d
    k80 ×4 on k01, k02: Tesla K80, driver 396.37, compute capability
    3.7, glibc 2.17 (probed on k02, 3 h ago)
      k02 has driver 390.46, k01 396.37
`,
  )
  assert.match(clusterText(cluster({ facts: null }), NOW, 72, style), /Nobody has asked its Slurm yet/)
})

test('pipes get a row for each kind of node, one column a fact', () => {
  const row = kindRows(cluster({ probes: [probe()] }))
  assert.deepEqual(row, [['gpuk80', 'k80:4', '2', '396.37', 'Tesla K80', '3.7', '2.17', '', 'probe', '', 'failed']])
})
