import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataDigest, Fact, NodeKind, PartitionFacts, RerunRequest } from '@trotline/contracts'
import { type Present, rerun } from '../../../apps/orchestrator/src/lifecycle/rerun.ts'
import { type Original, originalOf } from '../../../apps/orchestrator/src/lifecycle/rerun-original.ts'
import { AT, clusterFacts, record, request, sha256 } from '../../support/job-records.ts'

const RELEASE = sha256('the release that ran it')
const NOW = sha256('the release of today')
const LOCK = sha256('its lock')

const fact = (value: string): Fact => ({ value, source: 'probe', from: 'probe on n1', at: AT })
const NOTHING = { driver: null, gpu: null, computeCapability: null, cudaMax: null, glibc: null, cpuArch: null }
const kind = (id: string, over: Partial<NodeKind['facts']>, gpus: NodeKind['gpus'] = []): NodeKind => ({
  id: sha256(id).slice(0, 12),
  nodeCount: 1,
  nodes: [id],
  gpus,
  features: [],
  facts: { ...NOTHING, kernel: null, os: null, node: null, ...over },
  probed: [],
  differs: [],
})

const K80 = kind('k01', { driver: fact('396.37'), gpu: fact('Tesla K80'), node: fact('v20.20.2') }, [
  { type: 'k80', count: 8 },
])
const partitions = (over: Record<string, Partial<PartitionFacts>> = {}): PartitionFacts[] =>
  clusterFacts().partitions.map(one => ({ ...one, ...over[one.name] }))

const ran = (resources: Parameters<typeof request>[0] = {}, over: Partial<Original> = {}): Original => ({
  ...originalOf(record({ request: request(resources) })),
  release: RELEASE,
  runtime: 'v20.20.2',
  ...over,
})
const onGpu = (over: Partial<Original> = {}): Original =>
  ran({ partition: 'gpu', gpus: 1, gpuType: 'k80' }, { gpu: 'tesla_k80', driver: '396.37', ...over })

const wish = (over: Partial<RerunRequest> = {}): RerunRequest => ({ accept: [], ...over })
const present = (over: Partial<Present> = {}): Present => ({
  clusters: ['local'],
  partitions: partitions({ gpu: { nodeKinds: [K80] } }),
  release: 'present',
  releaseNow: NOW,
  lockIsKept: true,
  environment: null,
  productOf: gpu => gpu.toLowerCase().replace('_', ' '),
  ...over,
})

test('where nothing has changed it is run as it was: release, data and seed, and nothing differs', () => {
  const data: DataDigest[] = [{ path: '/data/mpg.csv', bytes: 10, sha256: sha256('rows') }]
  const plan = rerun(onGpu({ data }), wish(), present())
  assert.ok(plan.ok)
  assert.deepEqual(plan.rerunOf, { ...plan.rerunOf, elsewhere: false, differences: [], release: RELEASE, data })
  assert.equal(plan.request.training.seed, 0)
  assert.deepEqual(plan.notes, [])
})

test('when it was to start belongs to that time: hold, begin and predecessors are left out', () => {
  const before = ran({ hold: true, beginAt: AT, afterJobs: ['abcdefghjkmn'] })
  const plan = rerun(before, wish(), present())
  const { hold, beginAt, afterJobs } = plan.request.resources
  assert.deepEqual([hold, beginAt, afterJobs], [false, null, []])
})

test('what cannot be had is one finding each, with what it was, what it is, and what still could be done', () => {
  const other = kind('k01', { driver: fact('550.54.15'), gpu: fact('A100'), node: fact('v24.1.0') }, [
    { type: 'k80', count: 8 },
  ])
  const now = present({ release: 'gone', partitions: partitions({ gpu: { nodeKinds: [other] } }) })
  const plan = rerun(onGpu(), wish(), now)
  assert.ok(!plan.ok)
  assert.deepEqual(
    plan.findings.map(({ pointer, required, found }) => [pointer, required, found]),
    [
      ['/versions/release', RELEASE, NOW],
      ['/versions/runtime', 'v20.20.2', 'v24.1.0'],
      ['/hardware/driver', '396.37', '550.54.15'],
      ['/hardware/gpu', 'tesla_k80', 'A100'],
    ],
  )
  for (const [at, what] of ['release', 'runtime', 'driver', 'gpu'].entries())
    assert.match(plan.findings[at]?.hint ?? '', new RegExp(`accept: \\["${what}"\\]`))
})

test('what is accepted makes a job that says what differs; what is not stays a finding', () => {
  const other = kind('k01', { driver: fact('550.54.15'), gpu: fact('Tesla K80') }, [{ type: 'k80', count: 8 }])
  const now = present({ release: 'gone', partitions: partitions({ gpu: { nodeKinds: [other] } }) })
  const half = rerun(onGpu(), wish({ accept: ['release'] }), now)
  assert.deepEqual(half.ok ? [] : half.findings.map(({ pointer }) => pointer), ['/hardware/driver'])
  const all = rerun(onGpu(), wish({ accept: ['release', 'driver'] }), now)
  assert.ok(all.ok)
  assert.equal(all.rerunOf.release, null)
  assert.equal(all.rerunOf.differences.length, 2)
  assert.match(all.rerunOf.differences[1] ?? '', /driver .* is 550\.54\.15, and was 396\.37\./)
})

test('an older release that still lies somewhere is the one that runs it, accepted or not', () => {
  const plan = rerun(ran(), wish({ accept: ['release'] }), present({ release: 'older' }))
  assert.ok(plan.ok)
  assert.equal(plan.rerunOf.release, RELEASE)
  assert.deepEqual(plan.rerunOf.differences, [])
})

test('of nodes that differ one as before is enough; what nobody looked at is a note and keeps nobody from it', () => {
  const newer = kind('k02', { driver: fact('550.54.15') }, [{ type: 'k80', count: 8 }])
  const mixed = present({ partitions: partitions({ gpu: { nodeKinds: [newer, K80] } }) })
  assert.ok(rerun(onGpu(), wish(), mixed).ok)
  const unseen = rerun(onGpu(), wish(), present({ partitions: partitions() }))
  assert.ok(unseen.ok)
  assert.equal(unseen.notes.length, 3)
  assert.match(unseen.notes.join('\n'), /driver is on partition gpu of cluster local; before it was 396\.37/)
})

test('what a job of some user said of a node is not taken for what the node is', () => {
  const claimed: Fact = { ...fact('550.54.15'), source: 'job' }
  const now = present({ partitions: partitions({ gpu: { nodeKinds: [kind('k01', { driver: claimed }, K80.gpus)] } }) })
  assert.ok(rerun(onGpu(), wish(), now).ok)
})

test('a cluster, a partition or a GPU type that is gone is told with what there is, and nothing is said of its nodes', () => {
  const of = (before: Original, now: Present) => {
    const plan = rerun(before, wish(), now)
    return plan.ok ? [] : plan.findings.map(({ pointer, found }) => `${pointer} ${found}`)
  }
  assert.deepEqual(of(onGpu(), present({ clusters: ['bluecrab'], partitions: null })), ['/request/cluster bluecrab'])
  const without = partitions().filter(({ name }) => name !== 'gpu')
  assert.deepEqual(of(onGpu(), present({ partitions: without })), ['/request/resources/partition shared'])
  const noK80 = partitions({ gpu: { gpus: [{ type: 'a100', perNode: 4 }] } })
  assert.deepEqual(of(onGpu(), present({ partitions: noK80 })), ['/request/resources/gpuType a100'])
  assert.deepEqual(of(onGpu(), present({ partitions: partitions({ gpu: { gpus: [] } }) })), [
    '/request/resources/gpuType none',
  ])
})

test('another partition that has the GPU type is named', () => {
  const moved = partitions({ gpu: { gpus: [] }, shared: { gpus: [{ type: 'k80', perNode: 2 }] } })
  const plan = rerun(onGpu(), wish(), present({ partitions: moved }))
  assert.ok(!plan.ok)
  assert.match(plan.findings[0]?.hint ?? '', /partition shared has it/)
})

test('to name another place is to accept it; what belonged to the old cluster alone is left out, and said', () => {
  const before = ran({ account: 'physics', constraint: 'ib', excludeNodes: ['n7'] })
  const now = present({ clusters: ['local', 'bluecrab'] })
  const plan = rerun(before, wish({ cluster: 'bluecrab', account: 'trout' }), now)
  assert.ok(plan.ok)
  const { account, constraint, excludeNodes } = plan.request.resources
  assert.deepEqual([plan.request.cluster, account, constraint, excludeNodes], ['bluecrab', 'trout', null, []])
  assert.deepEqual(plan.rerunOf.differences, [
    'It runs on bluecrab / shared, and ran on local / shared.',
    'constraint ib means nothing on another cluster and is left out.',
    'excludeNodes n7 means nothing on another cluster and is left out.',
  ])
})

test('a cluster of the same name on another installation is another cluster', () => {
  const plan = rerun(ran({ account: 'physics' }, { elsewhere: true, pointer: '/bundle' }), wish(), present())
  assert.ok(plan.ok)
  assert.equal(plan.rerunOf.elsewhere, true)
  assert.match(plan.rerunOf.differences.join('\n'), /of another installation.\naccount physics means nothing/)
})

test('a lock that is not kept here, and archives that are gone, are told with the way to get them', () => {
  const lost = rerun(ran({}, { lock: LOCK }), wish(), present({ lockIsKept: false }))
  assert.ok(!lost.ok)
  assert.match(lost.findings[0]?.hint ?? '', /POST \/v1\/reruns/)
  const trouble = {
    code: 'archive-unavailable' as const,
    detail: 'main/linux-64/mkl-2019.4-243.tar.bz2 answered 404.',
    evidence: [],
    transient: false,
  }
  const gone = rerun(ran({}, { lock: LOCK }), wish(), present({ environment: { state: 'failed', trouble } }))
  assert.ok(!gone.ok)
  assert.match(gone.findings[0]?.detail ?? '', /mkl-2019\.4-243\.tar\.bz2 answered 404/)
  assert.match(gone.findings[0]?.hint ?? '', /mirror/)
  const other = { ...trouble, code: 'storage' as const }
  assert.ok(rerun(ran({}, { lock: LOCK }), wish(), present({ environment: { state: 'failed', trouble: other } })).ok)
})

test('an environment that has to be made first is a note; one that is ready is none', () => {
  const before = ran({}, { lock: LOCK })
  const plan = rerun(before, wish(), present())
  assert.match(plan.ok ? plan.notes.join() : '', /has to be made on local first/)
  const ready = rerun(before, wish(), present({ environment: { state: 'ready', trouble: null } }))
  assert.doesNotMatch(ready.ok ? ready.notes.join() : 'refused', /refused|has to be made/)
})

test('data that need not be the same is not compared, and the job says so', () => {
  const data: DataDigest[] = [{ path: '/data/big.npy', bytes: 10, sha256: null }]
  const compared = rerun(ran({}, { data }), wish(), present())
  assert.match(compared.ok ? compared.notes.join() : '', /only the size is compared: \/data\/big\.npy/)
  const plan = rerun(ran({}, { data }), wish({ accept: ['data'] }), present())
  assert.ok(plan.ok)
  assert.deepEqual(plan.rerunOf.data, [])
  assert.equal(plan.rerunOf.differences.length, 1)
})

test('a job that never ran asks for no release and no Node.js', () => {
  const plan = rerun(originalOf(record()), wish(), present({ release: 'gone' }))
  assert.ok(plan.ok)
  assert.equal(plan.rerunOf.release, null)
  assert.deepEqual(plan.rerunOf.differences, [])
})

test('the environment that was asked for by name is pinned to the lock that it was', () => {
  const asked = request({}, { environment: { name: 'ml' } })
  const before = originalOf(record({ request: asked, environment: { lock: LOCK, name: 'ml@3', look: null } }))
  assert.deepEqual(before.request.environment, { lock: LOCK })
})
