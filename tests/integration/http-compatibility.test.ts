// /v1/compatibility and what jobs are judged by, over a real Redis and the shipped matrix; no cluster can be reached.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  CompatibilityReport,
  DryRun,
  type Finding,
  Job,
  JobCompatibilityReport,
  type PartitionFacts,
  Problem,
  SuggestAnswer,
} from '@trotline/contracts'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { A100, fact, K80, kindOf, P100 } from '../support/compatibility.ts'
import { AT, clusterFacts, requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

let rig: RedisRig
let store: Store
let address: string
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  const app = await rig.serve(store)
  await createFactsStore(store.redis, store.prefix).writeFacts(clusterFacts({ partitions: PARTITIONS }))
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig.close())

const partition = (name: string, gpus: string[], nodeKinds: PartitionFacts['nodeKinds']): PartitionFacts => ({
  name,
  maxTimeMinutes: null,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus: gpus.map(type => ({ type, perNode: 4 })),
  preemption: null,
  nodeKinds,
})
const PARTITIONS = [
  partition('shared', [], [kindOf(null, { glibc: fact('2.36') })]),
  partition('gpuk80', ['k80'], [kindOf('k80', { ...K80, glibc: fact('2.28') })]),
  partition('gpup100', ['p100'], [kindOf('p100', P100)]),
  partition('unprobed', ['h100'], []),
]

/** In a cluster of their own: no job is to be sent there. */
const OTHERS = [
  partition(
    'mixed',
    ['p100', 'a100'],
    [
      kindOf('p100', { ...P100, cpuArch: fact('x86_64') }, { nodes: ['p01'] }),
      kindOf('a100', { ...A100, cpuArch: fact('aarch64') }, { nodes: ['a01'] }),
    ],
  ),
  partition(
    'aged',
    ['a100'],
    [kindOf('a100', { ...A100, driver: fact('580.159.03', 'probe', '2024-03-01T00:00:00.000Z') })],
  ),
  partition(
    'claimed',
    ['a100'],
    [kindOf('a100', A100, { claims: [{ node: 'a01', job: 'abc', at: AT, says: 'driver 100.1' }] })],
  ),
]

type Ask = { who?: keyof typeof TOKENS | null; headers?: Record<string, string>; body?: unknown }

async function ask(method: 'GET' | 'POST', path: string, { who = 'ada', headers = {}, body }: Ask = {}) {
  const answer = await fetch(address + path, {
    method,
    headers: {
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: (): unknown => JSON.parse(text) }
}
type Answer = Awaited<ReturnType<typeof ask>>

function ok(answer: Answer): unknown {
  assert.equal(answer.status, 200, answer.text)
  return answer.json()
}
/** While `work` goes on the cluster is another. */
async function amongOthers<T>(work: () => Promise<T>): Promise<T> {
  const facts = createFactsStore(store.redis, store.prefix)
  await facts.writeFacts(clusterFacts({ partitions: OTHERS }))
  return work().finally(() => facts.writeFacts(clusterFacts({ partitions: PARTITIONS })))
}
const check = async (body: object): Promise<CompatibilityReport> =>
  CompatibilityReport.parse(ok(await ask('POST', '/v1/compatibility/check', { body })))
async function refused(answer: Answer, status: number, code: string): Promise<Problem & { findings: Finding[] }> {
  const body = Problem.parse(answer.json())
  assert.deepEqual([answer.status, body.code], [status, code], answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  return { ...body, findings: body.findings ?? [] }
}
const refusedCheck = async (body: object, status = 400, code = 'invalid-request') =>
  refused(await ask('POST', '/v1/compatibility/check', { body }), status, code)

const CU121 = { framework: 'pytorch', frameworkVersion: '2.1.2', wheelTag: 'cu121', channel: 'pip', python: '3.10' }

describe('a check', () => {
  test('of a driver and a GPU is answered 200 whatever the verdict', async () => {
    const bad = await check({ ...CU121, driver: '396.37', gpu: 'K80' })
    assert.deepEqual([bad.verdict, bad.understood.computeCapability], ['incompatible', '3.7'])
    const good = await check({ ...CU121, driver: '550.54.15', gpu: 'A100' })
    assert.equal(good.verdict, 'compatible')
    assert.deepEqual(good.nearest, [])
    assert.equal((await check({ ...CU121, gpu: 'A100' })).verdict, 'unknown')
  })

  test('of a partition is judged by what is known of its nodes, and says from whom and since when', async () => {
    const { verdict, facts, understood } = await check({ ...CU121, cluster: 'local', partition: 'gpuk80' })
    assert.equal(verdict, 'incompatible')
    assert.deepEqual(facts?.driver, { value: '396.37', source: 'probe', from: 'nvidia-smi on k01', at: AT })
    assert.equal(understood.driver, '396.37')
  })

  test('that is refused names sets that work, each of which is compatible when it is asked for', async () => {
    const { nearest } = await check({ ...CU121, cluster: 'local', partition: 'gpuk80' })
    assert.ok(nearest.length > 0)
    for (const { software, partition: elsewhere, verdict, changes } of nearest) {
      const moved = changes.find(({ field }) => field === 'partition')
      assert.deepEqual(moved, elsewhere === null ? undefined : { field: 'partition', from: 'gpuk80', to: elsewhere })
      const again = await check({ ...software, cluster: 'local', partition: elsewhere ?? 'gpuk80' })
      assert.equal(again.verdict, verdict, JSON.stringify(software))
    }
  })

  test('of a partition that nobody has looked at is unknown, and of one without GPUs refused as that', async () => {
    const unknown = await check({ ...CU121, cluster: 'local', partition: 'unprobed' })
    assert.deepEqual([unknown.verdict, unknown.facts], ['unknown', undefined])
    const none = await check({ ...CU121, cluster: 'local', partition: 'shared' })
    assert.deepEqual([none.verdict, none.rule], ['incompatible', 'no-gpu-there'])
    const cpu = await check({ ...CU121, wheelTag: 'cpu', cluster: 'local', partition: 'shared' })
    assert.deepEqual([cpu.verdict, cpu.rule], ['compatible', 'no-gpu'])
  })

  test('of a partition whose nodes differ is judged on each of them, and the worst one is told', () =>
    amongOthers(async () => {
      const mixed = {
        framework: 'pytorch',
        frameworkVersion: '2.6.0',
        wheelTag: 'cu126',
        channel: 'pip',
        python: '3.11',
      }
      const asked = { ...mixed, cluster: 'local', partition: 'mixed' }
      const { verdict, facts, detail } = await check(asked)
      assert.deepEqual([verdict, facts?.nodes, facts?.driver?.value], ['incompatible', ['p01'], '470.82.01'])
      assert.match(detail, /^On p01 .*of partition mixed/)
      assert.deepEqual((await check({ ...asked, gpuType: 'a100' })).facts?.nodes, ['a01'])
      assert.deepEqual((await check({ ...asked, cpuArch: 'aarch64' })).facts?.nodes, ['a01'])
    }))

  test('by facts that are older than the operator lets them be says how old they are', () =>
    amongOthers(async () => {
      const old = await check({ ...CU121, cluster: 'local', partition: 'aged' })
      assert.match(
        old.detail,
        /What is known of k01 and 1 more of partition aged is \d+ days old \(nvidia-smi on k01\)/,
      )
      assert.doesNotMatch((await check({ ...CU121, cluster: 'local', partition: 'claimed' })).detail, /days old/)
    }))

  test('of nodes of which a job said something else is a warning that names the job', () =>
    amongOthers(async () => {
      const { verdict, rule, findings } = await check({ ...CU121, cluster: 'local', partition: 'claimed' })
      assert.deepEqual([verdict, rule], ['compatible-with-warning', 'claimed'])
      assert.match(findings.at(-1)?.detail ?? '', /job abc says driver 100\.1/)
    }))

  test('that contradicts itself, or names what there is not, is refused by the field', async () => {
    const place = { ...CU121, cluster: 'local', partition: 'gpuk80' }
    const { findings } = await refusedCheck({ ...place, driver: '550.54.15' })
    assert.deepEqual([findings[0]?.pointer, findings.length], ['/driver', 1])
    assert.match(findings[0]?.detail ?? '', /cannot be given together with a partition/)
    assert.equal((await refusedCheck({ ...place, glibc: '2.36' })).findings[0]?.required, '2.28')
    assert.equal((await check({ ...place, glibc: '2.28' })).verdict, 'incompatible')
    assert.equal(
      (await refusedCheck({ ...place, cluster: 'nowhere' }, 422, 'request-refused')).findings[0]?.pointer,
      '/cluster',
    )
    const wrong = await refusedCheck({ ...place, partition: 'gpu80' }, 422, 'request-refused')
    assert.equal(wrong.findings[0]?.required, 'one of shared, gpuk80, gpup100, unprobed')
    const type = await refusedCheck({ ...place, gpuType: 'v100' }, 422, 'request-refused')
    assert.deepEqual([type.findings[0]?.pointer, type.findings[0]?.required], ['/gpuType', 'one of k80'])
  })

  test('with a field that there is not is refused by name, with the one that was probably meant', async () => {
    const { findings } = await refusedCheck({ drivr: '396.37', gpu: 'K80' })
    assert.deepEqual(findings[0]?.pointer, '/drivr')
    assert.match(findings[0]?.detail ?? '', /did you mean driver\?/)
  })

  test('of nonsense is unknown and never a fault of the server', async () => {
    for (const asked of [
      {},
      { driver: 'new', gpu: 'K80' },
      { framework: 'caffe', driver: '550.54.15', gpu: 'A100' },
      { gpu: 'rtx6000' },
    ])
      assert.equal((await check(asked)).verdict, 'unknown', JSON.stringify(asked))
  })

  test('needs a token', async () => {
    for (const [method, path] of [
      ['POST', 'check'],
      ['POST', 'suggest'],
      ['GET', 'matrix'],
    ] as const)
      await refused(await ask(method, `/v1/compatibility/${path}`, { who: null }), 401, 'unauthorized')
  })
})

test('a suggestion names the newest that run on a GPU and its driver, or on a partition', async () => {
  const suggest = async (body: object): Promise<SuggestAnswer> =>
    SuggestAnswer.parse(ok(await ask('POST', '/v1/compatibility/suggest', { body })))
  const byHand = await suggest({ driver: '396.37', gpu: 'K80', frameworks: ['pytorch'] })
  const [first] = byHand.frameworks[0]?.newest ?? []
  assert.equal((await check({ ...first?.software, driver: '396.37', gpu: 'K80' })).verdict, first?.verdict)
  const { facts, frameworks } = await suggest({ cluster: 'local', partition: 'gpuk80', frameworks: ['pytorch'] })
  assert.deepEqual([facts?.driver?.value, frameworks], ['396.37', byHand.frameworks])
})

test('a suggestion for a partition whose nodes differ runs on all of them', () =>
  amongOthers(async () => {
    const body = { cluster: 'local', partition: 'mixed', frameworks: ['pytorch'] }
    const { frameworks } = SuggestAnswer.parse(ok(await ask('POST', '/v1/compatibility/suggest', { body })))
    const [pytorch = assert.fail('nothing is told of PyTorch')] = frameworks
    for (const { software } of pytorch.newest)
      assert.match((await check({ ...software, cluster: 'local', partition: 'mixed' })).verdict, /^compatible/)
    if (pytorch.newest.length === 0) assert.match(pytorch.detail, /runs on no other .*name a gpuType/)
  }))

test('the matrix is served with its sources, and not again to whoever has it', async () => {
  const answer = await ask('GET', '/v1/compatibility/matrix')
  const etag = answer.headers.get('etag') ?? assert.fail('it has no ETag')
  assert.equal(typeof ok(answer), 'object')
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  assert.match(answer.text, /"source"/)
  const again = await ask('GET', '/v1/compatibility/matrix', { headers: { 'if-none-match': `"old", W/${etag}` } })
  assert.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag])
  const newer = await ask('GET', '/v1/compatibility/matrix', { headers: { 'if-none-match': '"old"' } })
  assert.equal(newer.text, answer.text)
})

describe('a job', () => {
  const submit = (resources: object, rest: object = {}, query = ''): Promise<Answer> =>
    ask('POST', `/v1/jobs${query}`, { body: requestBody(resources, rest) })
  const accepted = (answer: Answer): Job => {
    assert.equal(answer.status, 202, answer.text)
    return Job.parse(answer.json())
  }
  const reportOf = async (id: string, who: keyof typeof TOKENS = 'ada') =>
    ask('GET', `/v1/jobs/${id}/compatibility`, { who })

  test('that cannot run is refused with the report and the nearest that works; nothing is stored, wet or dry', async () => {
    const kept = await store.kept()
    for (const query of ['', '?dryRun=true']) {
      const answer = await submit({ partition: 'gpuk80', gpus: 1 }, {}, query)
      const { detail, findings, compatibility, nearest } = await refused(answer, 422, 'incompatible')
      assert.match(detail, /^It cannot run on local \/ gpuk80\. .*396\.37.* Nothing was stored\.$/)
      assert.equal(findings[0]?.pointer, '/resources/partition')
      assert.deepEqual([compatibility?.rule, compatibility?.facts?.driver], ['driver-too-old', '396.37'])
      assert.deepEqual(
        nearest?.map(suggestion => suggestion.partition),
        ['gpup100'],
      )
    }
    assert.deepEqual(await store.kept(), kept)
  })

  test('is accepted where it was sent instead', async () => {
    const job = accepted(await submit({ partition: 'gpup100', gpus: 1 }))
    assert.equal(job.compatibility.verdict, 'compatible')
    assert.equal(job.compatibility.facts?.driver, '470.82.01')
    const dry = DryRun.parse(ok(await submit({ partition: 'gpup100', gpus: 1 }, {}, '?dryRun=true')))
    assert.deepEqual(dry.compatibility, job.compatibility)
  })

  test('shows all that it was judged by when it was accepted, whatever has become known since', async () => {
    const job = accepted(await submit({ partition: 'gpup100', gpus: 1 }))
    const facts = createFactsStore(store.redis, store.prefix)
    await facts.writeFacts(clusterFacts({ partitions: [partition('gpup100', ['p100'], [kindOf('p100', K80)])] }))
    const shown = JobCompatibilityReport.parse(ok(await reportOf(job.id)))
    await facts.writeFacts(clusterFacts({ partitions: PARTITIONS }))
    assert.deepEqual([shown.judgedAt, shown.complete], [job.createdAt, true])
    assert.deepEqual([shown.report.rule, shown.report.facts?.driver?.value], [job.compatibility.rule, '470.82.01'])
    assert.ok(shown.report.findings.length >= job.compatibility.findings.length)
  })

  test('without a GPU shows that nothing had to fit, and one that was made anew what its record has', async () => {
    const cpu = accepted(await submit({ partition: 'shared' }))
    const { complete, report } = JobCompatibilityReport.parse(ok(await reportOf(cpu.id)))
    assert.deepEqual([complete, report.verdict, report.rule], [true, 'compatible', 'no-gpu'])
    const old = await store.add({ compatibility: { verdict: 'unknown', detail: 'not judged' } as Job['compatibility'] })
    const shown = JobCompatibilityReport.parse(ok(await reportOf(old.id)))
    assert.deepEqual([shown.complete, shown.report.rule], [false, 'not-judged'])
  })

  test('of somebody else is not there', async () => {
    const job = accepted(await submit({ partition: 'shared' }))
    await refused(await reportOf(job.id, 'bob'), 404, 'job-not-found')
    await refused(await reportOf('abcdefghjkmn'), 404, 'job-not-found')
  })

  test('of which nobody can tell is accepted with a note', async () => {
    const job = accepted(await submit({ partition: 'unprobed', gpus: 1 }))
    assert.equal(job.compatibility.verdict, 'unknown')
    assert.match(job.notes[0]?.text ?? '', /nobody can tell yet/)
  })
})

test('all of it stands in the API’s description', async () => {
  const { paths } = (await ask('GET', '/openapi.json')).json() as { paths: Record<string, object> }
  for (const path of ['check', 'suggest', 'matrix']) assert.ok(paths[`/v1/compatibility/${path}`], path)
  assert.ok(paths['/v1/jobs/{id}/compatibility'])
})
