// /v1/clusters over a real Redis, with a cluster that cannot be reached: whatever is answered here comes from the store.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster, ClusterPage, type Footprint, Job, Problem } from '@trotline/contracts'
import { createFootprint } from '../../apps/orchestrator/src/clusters/footprint.ts'
import { type ClusterCost, createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { NOTHING } from '../support/compatibility.ts'
import { AT, clusterFacts, clusterSettings, requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

type Who = keyof typeof TOKENS

let rig: RedisRig
let store: Store
let address: string
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  const app = await rig.serve(store)
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig.close())

async function ask(
  method: 'GET' | 'POST',
  path: string,
  { who = 'staff', key, body }: { who?: Who | null; key?: string; body?: unknown } = {},
) {
  const answer = await fetch(address + path, {
    method,
    headers: {
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as unknown }
}
type Answer = Awaited<ReturnType<typeof ask>>

function cluster(answer: Answer): Cluster {
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return Cluster.parse(answer.body)
}
function refused(answer: Answer, status: number, code: string): Problem {
  const body = Problem.parse(answer.body)
  assert.deepEqual([answer.status, body.code], [status, code])
  return body
}
const pause = (options: { who?: Who; key?: string; why?: string } = {}): Promise<Answer> => {
  const { why, ...rest } = options
  return ask('POST', '/v1/clusters/local/pause', { ...rest, ...(why === undefined ? {} : { body: { why } }) })
}
const resume = (options: { who?: Who; key?: string } = {}): Promise<Answer> =>
  ask('POST', '/v1/clusters/local/resume', options)
const show = async (who: Who = 'ada'): Promise<Cluster> => cluster(await ask('GET', '/v1/clusters/local', { who }))

const cost = (): ClusterCost => {
  const counter = createFootprint()
  counter.command('squeue', 3)
  const footprint: Footprint = counter.view({
    connections: 1,
    waiting: 0,
    spent: { commands: 3, submissions: 0 },
  })
  return {
    breakers: [
      {
        identity: 'default',
        part: 'slurmctld',
        state: 'open',
        since: AT,
        faults: 5,
        lastFault: { code: 'SLURM_UNREACHABLE', detail: 'nobody there', at: AT },
        nextProbeAt: AT,
      },
    ],
    footprint,
  }
}

describe('a cluster', () => {
  test('that nobody attends shows its limits and its jobs all the same', async () => {
    await store.add({ state: 'pending' })
    await store.add({ state: 'prepared' })
    await store.add({ state: 'completed' })
    const { health, footprint, breakers, ceilings, jobs, paused, facts } = await show()
    assert.deepEqual(
      [health.ok, health.code, footprint, breakers, paused],
      [false, 'CLUSTER_UNATTENDED', null, [], null],
    )
    assert.deepEqual(ceilings, clusterSettings().ceilings)
    assert.deepEqual([jobs.pending, jobs.prepared, jobs.running], [1, 1, 0])
    assert.equal(facts?.slurmVersion, '22.05.8')
    assert.equal(facts?.source, 'sinfo, scontrol show config and scontrol show partition')
    assert.deepEqual(
      facts?.partitions.map(({ name, gpus }) => [name, gpus.length]),
      [
        ['shared', 0],
        ['gpu', 2],
      ],
    )
    assert.equal(facts?.ageSeconds, Math.max(0, Math.round((Date.now() - Date.parse(AT)) / 1000)))
  })

  test('that is attended shows how it feels, what rests, and what it was asked', async () => {
    const facts = createFactsStore(store.redis, store.prefix)
    await facts.writeHealth('local', { ok: false, code: 'SLURM_UNREACHABLE', detail: 'nobody there', at: AT })
    await facts.writeCost('local', cost())
    const shown = await show()
    assert.equal(shown.health.code, 'SLURM_UNREACHABLE')
    assert.deepEqual(shown.breakers, cost().breakers)
    assert.equal(shown.footprint?.commandsLastHour.squeue, 3)
    for (const key of [store.keys.cost('local'), `${store.prefix}:health:local`])
      assert.ok((await store.redis.pttl(key)) <= 20_000, 'a silent owner is forgotten')
  })

  test('is listed in a line', async () => {
    const { items, nextCursor } = ClusterPage.parse((await ask('GET', '/v1/clusters', { who: 'ada' })).body)
    assert.deepEqual(
      items.map(({ name, paused, partitions }) => [name, paused, partitions]),
      [['local', false, ['shared', 'gpu']]],
    )
    assert.equal(nextCursor, null)
  })

  test('that is not there is answered 404, whatever its name', async () => {
    for (const name of ['nowhere', '..%2f', 'a%20b', 'x'.repeat(90)])
      refused(await ask('GET', `/v1/clusters/${name}`), 404, 'cluster-not-found')
    refused(await ask('POST', '/v1/clusters/nowhere/pause'), 404, 'cluster-not-found')
  })

  test('is shown to nobody without a token', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/local'],
      ['POST', '/local/pause'],
      ['POST', '/local/resume'],
    ] as const)
      refused(await ask(method, `/v1/clusters${path}`, { who: null }), 401, 'unauthorized')
  })
})

describe('a pause', () => {
  const paused = async (): Promise<Cluster['paused']> => (await show()).paused

  test('is for operators', async () => {
    refused(await pause({ who: 'ada' }), 403, 'forbidden')
    assert.equal(await paused(), null)
    await pause()
    refused(await resume({ who: 'ada' }), 403, 'forbidden')
    assert.notEqual(await paused(), null)
    await resume()
  })

  test('says who, since when and why, to everybody', async () => {
    const startedAt = new Date().toISOString()
    const shown = cluster(await pause({ why: 'maintenance on Friday' }))
    assert.deepEqual([shown.paused?.by, shown.paused?.why], ['staff', 'maintenance on Friday'])
    assert.ok((shown.paused?.since ?? '') >= startedAt)
    assert.deepEqual(await paused(), shown.paused)
    assert.equal(cluster(await resume()).paused, null)
  })

  test('again keeps the first, and a resume of what is not paused changes nothing', async () => {
    await pause({ why: 'first' })
    assert.equal(cluster(await pause({ why: 'second' })).paused?.why, 'first')
    await resume()
    assert.equal(cluster(await resume()).paused, null)
  })

  test('under a key that was used already does not pause again what was resumed meanwhile', async () => {
    assert.notEqual(cluster(await pause({ key: 'pause-1' })).paused, null)
    await resume({ key: 'resume-1' })
    assert.equal(cluster(await pause({ key: 'pause-1' })).paused, null)
    await pause({ key: 'pause-2' })
    assert.notEqual(cluster(await resume({ key: 'resume-1' })).paused, null)
    await resume()
  })

  test('under the key of another request is refused', async () => {
    await pause({ key: 'pause-3', why: 'one' })
    refused(await pause({ key: 'pause-3', why: 'two' }), 409, 'idempotency-key-reused')
    refused(await resume({ key: 'pause-3' }), 409, 'idempotency-key-reused')
    await resume()
  })

  test('with a reason that does not fit, or a field that does not exist, is refused', async () => {
    for (const body of [{ why: 'two\nlines' }, { why: 'x'.repeat(501) }, { until: 'tomorrow' }, []])
      refused(await ask('POST', '/v1/clusters/local/pause', { body }), 400, 'invalid-request')
    assert.equal(await paused(), null)
  })

  test('takes jobs on all the same, and is told by /readyz as nothing that is broken', async () => {
    await pause({ why: 'a new switch' })
    const answer = await ask('POST', '/v1/jobs', { who: 'ada', body: requestBody() })
    assert.equal(answer.status, 202)
    assert.equal(Job.parse(answer.body).state, 'accepted')
    const checksOf = async (): Promise<{ name: string; ok: boolean; code: string; detail: string }[]> =>
      ((await ask('GET', '/readyz', { who: null })).body as { checks: never[] }).checks
    const note = (await checksOf()).find(check => check.code === 'CLUSTER_PAUSED')
    assert.deepEqual([note?.name, note?.ok], ['cluster:local:pause', true])
    assert.match(note?.detail ?? '', /paused by staff since .* \(a new switch\)/)
    await resume()
    assert.equal(
      (await checksOf()).find(check => check.code === 'CLUSTER_PAUSED'),
      undefined,
    )
  })

  test('that ends is not written into the records of those that waited for it: that is their owner’s to do', async () => {
    const trying = { stage: 'submit', tries: 1, nextAt: AT, detail: 'x', code: 'CLUSTER_PAUSED' } as const
    const waiting = await store.add({ state: 'prepared', trying }, { dueAt: Date.now() + 3_600_000 })
    await pause()
    await resume()
    assert.equal((await store.jobs.read(waiting.id)).revision, waiting.revision)
  })
})

describe('a look at the nodes', () => {
  const facts = () => createFactsStore(store.redis, store.prefix)
  const kind = (id: string) => ({
    id: id.repeat(12),
    nodeCount: 1,
    nodes: [`${id}1`],
    gpus: [],
    features: [],
    facts: NOTHING,
    probed: [],
    differs: [],
  })
  const probe = (options: Parameters<typeof ask>[2] = {}) => ask('POST', '/v1/clusters/local/probe', options)
  const kindsAsked = async () =>
    (await show()).probes.map(each => `${each.kind[0]} ${each.state} ${each.by}`).toSorted()

  test('is for operators, and waits for a cluster that nobody has seen', async () => {
    refused(await probe({ who: 'ada' }), 403, 'forbidden')
    await store.redis.del(`${store.prefix}:facts:local`)
    refused(await probe(), 503, 'cluster-unreachable')
    const [shared, gpu] = clusterFacts().partitions
    if (shared === undefined || gpu === undefined) return assert.fail('no partitions')
    const partitions = [
      { ...shared, nodeKinds: [kind('a')] },
      { ...gpu, nodeKinds: [kind('a'), kind('b')] },
    ]
    await facts().writeFacts(clusterFacts({ partitions }))
  })

  test('is asked for each kind once, and shown while it goes on', async () => {
    const answer = await probe({ body: { partition: 'shared' } })
    assert.equal(answer.status, 202)
    assert.deepEqual(await kindsAsked(), ['a asked staff'])
    assert.equal((await probe()).status, 202)
    assert.deepEqual(await kindsAsked(), ['a asked staff', 'b asked staff'])
    const [look] = (await show()).probes
    assert.deepEqual(Object.keys(look ?? {}).toSorted(), [
      'at',
      'by',
      'detail',
      'kind',
      'node',
      'partition',
      'slurmJobId',
      'state',
    ])
  })

  test('at a partition that is not there, or with a field that does not exist, is refused by name', async () => {
    const { findings } = refused(await probe({ body: { partition: 'nowhere' } }), 422, 'request-refused')
    assert.deepEqual([findings?.[0]?.pointer, findings?.[0]?.required], ['/partition', 'shared, gpu'])
    for (const body of [{ node: 'a1' }, { partition: 'a b' }, []])
      refused(await probe({ body }), 400, 'invalid-request')
  })

  test('under the key of another request is refused', async () => {
    assert.equal((await probe({ key: 'probe-1', body: { partition: 'gpu' } })).status, 202)
    assert.equal((await probe({ key: 'probe-1', body: { partition: 'gpu' } })).status, 202)
    refused(await probe({ key: 'probe-1' }), 409, 'idempotency-key-reused')
  })
})
