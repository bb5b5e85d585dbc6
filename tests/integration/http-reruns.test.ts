// Doing a job again over REST, over a real Redis; no cluster can be reached.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Bundle, Job, Problem, type RerunRequest } from '@trotline/contracts'
import { readBundle } from '../../apps/cli/src/bundle/read-bundle.ts'
import { bundleOf } from '../../apps/orchestrator/src/lifecycle/bundle.ts'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { clusterFacts, record, request, sha256, trainingReport } from '../support/job-records.ts'
import { pinnedLock } from '../support/locks.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

let rig: RedisRig
let store: Store
let address: string
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  const app = await rig.serve(store)
  await createFactsStore(store.redis, store.prefix).writeFacts(clusterFacts())
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig?.close())

type Ask = { who?: keyof typeof TOKENS; body?: unknown; key?: string }
async function ask(method: string, path: string, { who = 'ada', body, key }: Ask = {}) {
  const answer = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKENS[who]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  return { status: answer.status, headers: answer.headers, bytes, json: (): unknown => JSON.parse(bytes.toString()) }
}
const again = (id: string, body: Partial<RerunRequest> = {}, more: Omit<Ask, 'body'> = {}) =>
  ask('POST', `/v1/jobs/${id}/rerun`, { body, ...more })
const ofBundle = (bundle: Bundle, body: Partial<RerunRequest> = {}) =>
  ask('POST', '/v1/reruns', { body: { ...body, bundle } })

type Answer = Awaited<ReturnType<typeof ask>>
function accepted(answer: Answer): Job {
  assert.equal(answer.status, 202, answer.bytes.toString())
  return Job.parse(answer.json())
}
function refused(answer: Answer, status: number, code: string): Problem {
  const problem = Problem.parse(answer.json())
  assert.deepEqual([answer.status, problem.code], [status, code], problem.detail)
  return problem
}

const ended = (over: Parameters<Store['add']>[0] = {}) =>
  store.add({ state: 'completed', result: trainingReport({ weightsSha256: sha256('weights') }), ...over })

test('a job of this server is run again under the same request, and a key that was used before gets the same job', async () => {
  const before = await ended()
  const first = accepted(await again(before.id, { name: 'once-more' }, { key: 'k1' }))
  assert.deepEqual([first.name, first.state, first.rerunOf?.job], ['once-more', 'accepted', before.id])
  assert.deepEqual(first.request.training, before.request.training)
  const second = await again(before.id, { name: 'once-more' }, { key: 'k1' })
  assert.equal(accepted(second).id, first.id)
  assert.equal(second.headers.get('idempotency-replayed'), 'true')
  refused(await again(before.id, {}, { key: 'k1' }), 409, 'idempotency-key-reused')
})

test("another's job is neither run again nor bundled, and an operator may do both", async () => {
  const { id } = await ended()
  refused(await again(id, {}, { who: 'bob' }), 404, 'job-not-found')
  refused(await ask('GET', `/v1/jobs/${id}/bundle`, { who: 'bob' }), 404, 'job-not-found')
  assert.equal(accepted(await again(id, {}, { who: 'staff' })).owner.id, 'staff')
  assert.equal((await ask('GET', `/v1/jobs/${id}/bundle`, { who: 'staff' })).status, 200)
})

test('a field that is none, and a difference that is none, are refused by name', async () => {
  const { id } = await ended()
  const unknown = refused(await ask('POST', `/v1/jobs/${id}/rerun`, { body: { acept: [] } }), 400, 'invalid-request')
  assert.match(unknown.findings?.[0]?.pointer ?? '', /acept/)
  refused(await ask('POST', `/v1/jobs/${id}/rerun`, { body: { accept: ['seed'] } }), 400, 'invalid-request')
  refused(await ask('GET', `/v1/jobs/${id}/bundle?format=zip`), 400, 'invalid-request')
})

test('a partition that is gone is told by 409, and what it was and what there is by finding', async () => {
  const { id } = await ended({ request: request({ partition: 'gpuold' }) })
  const { findings } = refused(await again(id), 409, 'not-reproducible')
  assert.deepEqual(
    findings?.map(({ pointer, required, found }) => [pointer, required, found]),
    [['/request/resources/partition', 'gpuold', 'shared, gpu']],
  )
  const moved = accepted(await again(id, { partition: 'shared' }))
  assert.deepEqual(moved.rerunOf?.differences, ['It runs on local / shared, and ran on local / gpuold.'])
})

test('a release of which only the cluster could tell is not called gone where the cluster cannot be asked', async () => {
  const { id } = await ended({ worker: { release: sha256('of last year'), runtime: null } })
  refused(await again(id), 503, 'cluster-unreachable')
})

test('the bundle of a job is a file with a name, the same each time, and its job can be run from it', async () => {
  const { id } = await ended()
  const [first, second] = [await ask('GET', `/v1/jobs/${id}/bundle`), await ask('GET', `/v1/jobs/${id}/bundle`)]
  assert.deepEqual(first.bytes, second.bytes)
  assert.equal(first.headers.get('content-type'), 'application/gzip')
  assert.equal(first.headers.get('content-disposition'), `attachment; filename="trotline-${id}.tgz"`)
  const job = accepted(await ofBundle(readBundle(first.bytes, 'job.tgz')))
  assert.deepEqual([job.rerunOf?.job, job.rerunOf?.elsewhere], [id, false])
})

test('a bundle from elsewhere brings its lock, which is kept and found from then on', async () => {
  const pinned = pinnedLock()
  const foreign = record({ environment: { lock: pinned.id, name: 'ml@3', look: null } })
  assert.equal((await ask('GET', `/v1/environments/${pinned.id}`)).status, 404)
  const answer = await ofBundle(bundleOf(foreign, pinned))
  const job = accepted(answer)
  assert.equal(job.rerunOf?.elsewhere, true)
  assert.equal(job.environment?.lock, pinned.id)
  assert.match(job.notes.map(({ text }) => text).join('\n'), /has to be made on local first/)
  assert.equal((await ask('GET', `/v1/environments/${pinned.id}`)).status, 200)
})

test('a bundle whose lock is not that of its request, or that has a field too many, is refused at its place', async () => {
  const pinned = pinnedLock()
  const bundle = bundleOf(record({ environment: { lock: sha256('another'), name: null, look: null } }), pinned)
  const wrong = refused(await ofBundle(bundle), 400, 'invalid-request')
  assert.equal(wrong.findings?.[0]?.pointer, '/bundle/lock')
  const more = await ask('POST', '/v1/reruns', { body: { bundle: { ...bundleOf(record(), null), more: 1 } } })
  assert.match(refused(more, 400, 'invalid-request').findings?.[0]?.pointer ?? '', /bundle\/more/)
})

test('a bundle beyond any size that one has is refused before it is read', async () => {
  const script = '#'.repeat(17 * 1_048_576)
  refused(await ofBundle({ ...bundleOf(record(), null), script }), 413, 'body-too-large')
})

test('a job whose lock is not kept any more is told so, with the way to bring it', async () => {
  const { id } = await ended({ environment: { lock: sha256('lost'), name: null, look: null } })
  const problem = refused(await again(id), 409, 'not-reproducible')
  assert.equal(problem.findings?.[0]?.pointer, '/lock')
  assert.match(problem.findings?.[0]?.hint ?? '', /POST \/v1\/reruns/)
  refused(await ask('GET', `/v1/jobs/${id}/bundle`), 404, 'environment-not-found')
})
