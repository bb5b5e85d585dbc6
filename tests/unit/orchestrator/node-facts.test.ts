import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NodeFacts, NodeSighting } from '@trotline/contracts'
import { type Declaration, type KnownOfNodes, nodeKind } from '../../../apps/orchestrator/src/clusters/node-facts.ts'
import type { KindInPartition } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import type { Claim, KnownLook } from '../../../apps/orchestrator/src/store/sightings.ts'
import { sighting } from '../../support/sightings.ts'

const AT = '2026-11-27T12:00:00.000Z'
const LATER = '2026-11-27T10:00:00.000Z'
const CAPABILITIES: Record<string, string> = { 'Tesla K80': '3.7', k80: '3.7', 'Tesla K40m': '3.5', k40m: '3.5' }
const kind = (over: Partial<KindInPartition> = {}): KindInPartition => ({
  id: 'aaaaaaaaaaaa',
  nodes: ['g1', 'g2'],
  away: new Set(),
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
  looks?: KnownLook[]
  claims?: Claim[]
  declarations?: Declaration[]
  of?: KindInPartition
  alike?: string[]
}
function known({ looks = [], claims = [], declarations = [], of = kind(), alike = [...of.nodes] }: Given) {
  const sources: KnownOfNodes = {
    looks: new Map(looks.map(look => [look.node, look])),
    claims: new Map(claims.map(claim => [claim.node, claim])),
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

describe('a node to which Slurm sends no jobs', () => {
  const old = sighting({ node: 'n1', driver: '396.37', at: '2024-03-01T00:00:00.000Z' })
  const nodes = ['n1', 'n2', 'n3']
  const looks = [old, ...['n2', 'n3'].map(node => sighting({ node, driver: '470.82.01' }))]

  test('condemns no other: the least is that of the nodes that take jobs', () => {
    assert.equal(known({ of: kind({ nodes }), looks }).facts.driver?.value, '396.37')
    const { facts, differs, groups } = known({ of: kind({ nodes, away: new Set(['n1']) }), looks })
    assert.equal(facts.driver?.value, '470.82.01')
    assert.deepEqual(
      [differs, groups],
      [['n1 has driver 396.37, the others 470.82.01'], undefined],
      'it is still shown',
    )
  })

  test('tells what there is to tell where all of its kind are away', () => {
    assert.equal(known({ of: kind({ nodes, away: new Set(nodes) }), looks, alike: [] }).facts.driver?.value, '396.37')
  })

  test('is no reason to forget the nodes of its kind in another partition', () => {
    const of = kind({ nodes: ['n1'], away: new Set(['n1']) })
    assert.equal(known({ of, looks, alike: ['n2', 'n3'] }).facts.driver?.value, '470.82.01')
  })
})

describe('nodes of a kind that differ', () => {
  test('are told in groups, each with its own facts, and not at all where they are alike', () => {
    const two = [sighting({ node: 'g1', at: LATER, cpuArch: 'aarch64' }), sighting({ node: 'g2', driver: '470.82.01' })]
    const { groups = [] } = known({ looks: two })
    assert.deepEqual(
      groups.map(({ nodes, facts }) => [nodes, ...told(facts, 'driver', 'cpuArch')]),
      [
        [['g1'], 'probe 396.37', 'probe aarch64'],
        [['g2'], 'probe 470.82.01', 'probe x86_64'],
      ],
    )
    assert.equal(known({ looks: [sighting({ node: 'g1' }), sighting({ node: 'g2' })] }).groups, undefined)
  })

  test('in more ways than anybody reads have the least of all and no groups', () => {
    const nodes = Array.from({ length: 40 }, (_, i) => `n${i}`)
    const { groups, facts } = known({
      of: kind({ nodes }),
      looks: nodes.map((node, i) => sighting({ node, driver: `396.${i}` })),
    })
    assert.deepEqual([groups, facts.driver?.value], [undefined, '396.0'])
  })
})

describe('what a job said', () => {
  const claim = (over: Partial<Claim> = {}): Claim => ({ ...sighting({ node: 'g1', at: LATER }), job: 'abc', ...over })

  test('changes no fact that a look of ours has, and is shown as its word', () => {
    const looks = [sighting({ node: 'g1' }), sighting({ node: 'g2' })]
    const forged = claim({ driver: '100.1', glibc: '2.1', nodeVersion: 'v1.0.0' })
    const { facts, claims, differs } = known({ looks, claims: [forged] })
    assert.deepEqual(told(facts, 'driver', 'glibc', 'node'), ['probe 396.37', 'probe 2.17', 'probe v20.20.2'])
    assert.deepEqual(claims, [
      {
        node: 'g1',
        job: 'abc',
        at: LATER,
        says: 'driver 100.1 (when it was looked at: 396.37), glibc 2.1 (when it was looked at: 2.17)',
      },
    ])
    assert.match(differs[0] ?? '', /^g1: job abc says driver 100\.1 /)
  })

  test('is a fact of its own source where nobody else says anything, below Slurm’s GPU type', () => {
    const { facts, probed } = known({ claims: [claim({ gpus: [{ name: 'Tesla K40m', computeCapability: '3.5' }] })] })
    assert.deepEqual(told(facts, 'driver', 'glibc', 'gpu', 'computeCapability', 'node'), [
      'job 396.37',
      'job 2.17',
      'gres k80',
      'gres 3.7',
      'nobody',
    ])
    assert.equal(facts.driver?.from, 'nvidia-smi on g1, as job abc told')
    assert.deepEqual(probed, [], 'nobody has looked')
  })

  test('is nothing where it is older than the look, or says the same', () => {
    const looks = [sighting({ node: 'g1', at: LATER })]
    assert.equal(known({ looks, claims: [claim({ driver: '100.1' })] }).claims, undefined)
    assert.equal(known({ looks: [sighting({ node: 'g1' })], claims: [claim()] }).claims, undefined)
  })
})

describe('on a node with two GPU types', () => {
  const both = kind({
    gpus: [
      { type: 'k80', count: 1 },
      { type: 'k40m', count: 2 },
    ],
  })

  test('the one that was not seen stays as Slurm has it', () => {
    assert.deepEqual(told(known({ of: both, looks: [sighting({ node: 'g1' })] }).facts, 'gpu', 'computeCapability'), [
      'gres k40m',
      'gres 3.5',
    ])
  })

  test('a job that was given one of them does not make the other forgotten', () => {
    const gpus = [
      { name: 'Tesla K80', computeCapability: '3.7' },
      { name: 'Tesla K40m', computeCapability: '3.5' },
    ]
    const looks = [sighting({ node: 'g1', gpus })]
    const claims = [{ ...sighting({ node: 'g1', at: '2026-11-27T10:00:00.000Z' }), job: 'abc' }]
    const found = known({ of: both, looks, claims })
    assert.deepEqual([found.facts.gpu?.value, found.claims, found.differs], ['Tesla K40m', undefined, []])
  })
})
