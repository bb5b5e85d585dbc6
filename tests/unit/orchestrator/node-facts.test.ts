import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NodeFacts, NodeSighting } from '@trotline/contracts'
import { type Declaration, type KnownOfNodes, nodeKind } from '../../../apps/orchestrator/src/clusters/node-facts.ts'
import type { KindInPartition } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import { sighting } from '../../support/sightings.ts'

const AT = '2026-11-27T12:00:00.000Z'
const CAPABILITIES: Record<string, string> = { 'Tesla K80': '3.7', k80: '3.7', 'Tesla K40m': '3.5', k40m: '3.5' }
const kind = (over: Partial<KindInPartition> = {}): KindInPartition => ({
  id: 'aaaaaaaaaaaa',
  nodes: ['g1', 'g2'],
  gpus: [{ type: 'k80', count: 4 }],
  features: ['haswell'],
  ...over,
})
const declaration = (over: Partial<Declaration>): Declaration => ({
  from: 'nodes[0] of the configuration',
  at: '2026-11-01T00:00:00.000Z',
  partition: null,
  features: [],
  nodes: null,
  values: {},
  ...over,
})

interface Given {
  looks?: NodeSighting[]
  declarations?: Declaration[]
  of?: KindInPartition
  alike?: string[]
}
function known({ looks = [], declarations = [], of = kind(), alike = [...of.nodes] }: Given) {
  const sources: KnownOfNodes = {
    sightings: new Map(looks.map(look => [look.node, look])),
    declarations,
    capabilityOf: name => CAPABILITIES[name] ?? null,
  }
  return nodeKind('gpu', of, alike, sources, { at: AT })
}
/** What is known, and from whom. */
const told = (facts: NodeFacts, ...fields: (keyof NodeFacts)[]): string[] =>
  fields.map(field => `${facts[field]?.source ?? 'nobody'} ${facts[field]?.value ?? ''}`.trim())

describe('facts are ranked', () => {
  test('nobody has looked, and Slurm has a GPU type: that is all that is known', () => {
    const { facts, probed, differs } = known({})
    assert.deepEqual(told(facts, 'gpu', 'computeCapability', 'driver', 'glibc', 'node'), [
      'gres k80',
      'gres 3.7',
      'nobody',
      'nobody',
      'nobody',
    ])
    assert.deepEqual(facts.gpu, { value: 'k80', source: 'gres', from: 'gres gpu:k80 in sinfo', at: AT })
    assert.deepEqual([probed, differs], [[], []])
  })

  test('a feature counts only for GPUs without a type, and only where it is the name of one', () => {
    const untyped = kind({ gpus: [{ type: null, count: 2 }], features: ['haswell', 'k80'] })
    assert.deepEqual(told(known({ of: untyped }).facts, 'gpu', 'computeCapability'), ['feature k80', 'feature 3.7'])
    const without = kind({ gpus: [], features: ['k80'] })
    assert.equal(known({ of: without }).facts.gpu, null)
  })

  test('the operator’s word stands above Slurm’s, and a look above both', () => {
    const declarations = [declaration({ values: { driver: '450.80.02', gpu: 'Tesla K40m', glibc: '2.12' } })]
    const declared = known({ declarations }).facts
    assert.deepEqual(told(declared, 'driver', 'gpu', 'computeCapability', 'glibc'), [
      'declared 450.80.02',
      'declared Tesla K40m',
      'declared 3.5',
      'declared 2.12',
    ])
    assert.equal(declared.driver?.from, 'nodes[0] of the configuration')
    const looks = [sighting({ node: 'g1', driver: '396.37', glibc: '2.17' })]
    const seen = known({ declarations, looks }).facts
    assert.deepEqual(told(seen, 'driver', 'gpu', 'computeCapability', 'glibc'), [
      'probe 396.37',
      'probe Tesla K80',
      'probe 3.7',
      'probe 2.17',
    ])
    assert.deepEqual(seen.driver, { value: '396.37', source: 'probe', from: 'nvidia-smi on g1', at: looks[0]?.at })
  })

  test('a look that could not see the GPUs leaves them to the operator', () => {
    const looks = [
      sighting({ node: 'g1', driver: null, gpus: [], gpuTrouble: 'nvidia-smi: Failed to initialize NVML' }),
    ]
    const declarations = [declaration({ values: { driver: '396.37' } })]
    const { facts } = known({ looks, declarations })
    assert.deepEqual(told(facts, 'driver', 'gpu', 'glibc'), ['declared 396.37', 'gres k80', 'probe 2.17'])
  })

  test('a declaration is for its partition, its features, its nodes', () => {
    const driver = (over: Partial<Declaration>) =>
      known({ declarations: [declaration({ ...over, values: { driver: '390.46' } })] }).facts.driver?.value ?? null
    assert.equal(driver({ partition: 'gpu' }), '390.46')
    assert.equal(driver({ partition: 'other' }), null)
    assert.equal(driver({ features: ['haswell'] }), '390.46')
    assert.equal(driver({ features: ['haswell', 'ib'] }), null)
    assert.equal(driver({ nodes: new Set(['g2']) }), '390.46')
    assert.equal(driver({ nodes: new Set(['g9']) }), null)
  })

  test('what is declared of a node that nobody looked at counts beside what was seen of another', () => {
    const declarations = [declaration({ nodes: new Set(['g2']), values: { driver: '390.46' } })]
    const looks = [sighting({ node: 'g1', driver: '396.37' })]
    assert.deepEqual(told(known({ declarations, looks }).facts, 'driver'), ['declared 390.46'])
    const both = [...looks, sighting({ node: 'g2', driver: '396.37' })]
    assert.deepEqual(told(known({ declarations, looks: both }).facts, 'driver'), ['probe 396.37'])
  })
})

describe('between nodes', () => {
  test('the least counts, as versions are counted', () => {
    const { facts, differs, probed } = known({
      looks: [
        sighting({ node: 'g1', at: '2026-11-27T10:00:00Z', driver: '450.119.03', cudaMax: '11.10', glibc: '2.9' }),
        sighting({ node: 'g2', at: '2026-11-27T11:00:00Z', driver: '450.80.02', cudaMax: '11.9', glibc: '2.17' }),
      ],
    })
    assert.deepEqual(told(facts, 'driver', 'cudaMax', 'glibc'), ['probe 450.80.02', 'probe 11.9', 'probe 2.9'])
    assert.equal(facts.driver?.from, 'nvidia-smi on g2')
    assert.deepEqual(differs, ['g2 has driver 450.80.02, g1 450.119.03', 'g1 has glibc 2.9, g2 2.17'])
    assert.deepEqual(
      probed.map(({ node }) => node),
      ['g2', 'g1'],
    )
  })

  test('the weakest GPU counts, and one of unknown capability may be anything', () => {
    const two = (second: NodeSighting['gpus']) =>
      known({ looks: [sighting({ node: 'g1' }), sighting({ node: 'g2', gpus: second })] }).facts
    assert.deepEqual(told(two([{ name: 'Tesla K40m', computeCapability: null }]), 'gpu', 'computeCapability'), [
      'probe Tesla K40m',
      'probe 3.5',
    ])
    assert.deepEqual(told(two([{ name: 'Prototype', computeCapability: null }]), 'gpu', 'computeCapability'), [
      'probe Prototype',
      'nobody',
    ])
    assert.deepEqual(told(two([{ name: 'Prototype', computeCapability: '10.0' }]), 'gpu', 'computeCapability'), [
      'probe Tesla K80',
      'probe 3.7',
    ])
  })

  test('a compute capability by nvidia-smi’s name says that it is by its name', () => {
    const { facts } = known({
      looks: [sighting({ node: 'g1', gpus: [{ name: 'Tesla K80', computeCapability: null }] })],
    })
    assert.equal(facts.computeCapability?.from, 'the name Tesla K80, by nvidia-smi on g1')
  })

  test('of two GPU types that Slurm has, the weaker counts', () => {
    const both = kind({
      gpus: [
        { type: 'k80', count: 1 },
        { type: 'k40m', count: 2 },
      ],
    })
    assert.deepEqual(told(known({ of: both }).facts, 'gpu', 'computeCapability'), ['gres k40m', 'gres 3.5'])
  })

  test('two architectures are none, and a Node.js that does not start on one node starts on no node', () => {
    const { facts, differs } = known({
      looks: [
        sighting({ node: 'g1', cpuArch: 'x86_64', nodeVersion: 'v20.20.2' }),
        sighting({ node: 'g2', cpuArch: 'aarch64', nodeVersion: null, nodeTrouble: 'GLIBC_2.28 not found' }),
      ],
    })
    assert.deepEqual(told(facts, 'cpuArch', 'node'), ['nobody', 'probe does not start: GLIBC_2.28 not found'])
    assert.ok(differs.includes('g2: GLIBC_2.28 not found'))
  })

  test('one that differs from many is named, and the many are "the others"', () => {
    const nodes = ['g1', 'g2', 'g3', 'g4']
    const looks = nodes.map(node => sighting({ node, driver: node === 'g3' ? '390.46' : '396.37' }))
    assert.deepEqual(known({ of: kind({ nodes }), looks }).differs, ['g3 has driver 390.46, the others 396.37'])
  })

  test('trouble that all have is no difference', () => {
    const looks = ['g1', 'g2'].map(node =>
      sighting({ node, gpuTrouble: 'there is no nvidia-smi', driver: null, gpus: [] }),
    )
    assert.deepEqual(known({ looks }).differs, [])
  })

  test('nodes of the kind elsewhere tell as long as none of the partition’s own was looked at', () => {
    const elsewhere = sighting({ node: 'g9', driver: '390.46' })
    const { facts, probed } = known({ looks: [elsewhere], alike: ['g1', 'g2', 'g9'] })
    assert.deepEqual([facts.driver?.value, probed.map(({ node }) => node)], ['390.46', ['g9']])
    const own = known({ looks: [elsewhere, sighting({ node: 'g1', driver: '396.37' })], alike: ['g1', 'g2', 'g9'] })
    assert.deepEqual([own.facts.driver?.value, own.probed.map(({ node }) => node)], ['396.37', ['g1']])
  })

  test('of thousands of nodes the lists stay short, and the least of all still counts', () => {
    const nodes = Array.from({ length: 3_000 }, (_, i) => `n${i}`)
    const looks = nodes.map((node, i) => sighting({ node, driver: i === 2_999 ? '390.46' : `396.${i % 900}` }))
    const found = known({ of: kind({ nodes }), looks })
    assert.deepEqual(
      [found.nodeCount, found.nodes.length, found.probed.length, found.differs.length],
      [3_000, 256, 64, 64],
    )
    assert.equal(found.facts.driver?.value, '390.46')
  })
})
