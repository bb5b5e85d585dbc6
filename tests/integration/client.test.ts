// @trotline/client against the real server on loopback: what its types promise is what comes over the wire.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, CouldNotAsk, createClient, Refused, type Schema, type ServerEvent } from '@trotline/client'
import { Job, JobPage, Whoami } from '@trotline/contracts'
import { eventually } from '../support/eventually.ts'
import { requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, TOKENS } from '../support/orchestrator-store.ts'

const body = requestBody() as Schema<'JobRequestInput'>

const faultOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => assert.fail('it was answered'),
    (error: unknown) => error,
  )

describe('the client and a server', () => {
  let rig: RedisRig
  let app: Awaited<ReturnType<RedisRig['serve']>>
  let baseUrl: string
  let client: Client
  before(async () => {
    rig = await createRedisRig()
    app = await rig.serve(await rig.open())
    baseUrl = await app.http.listen({ host: '127.0.0.1', port: 0 })
    client = createClient({ baseUrl, token: TOKENS.ada })
  })
  after(() => rig.close())

  test('a job is accepted once under one key, and another request under it is refused by its code', async () => {
    const first = await client.post('/v1/jobs', { body, key: 'once' })
    const again = await client.post('/v1/jobs', { body, key: 'once' })
    assert.ok(first.status === 202 && again.status === 202)
    assert.equal(first.data.id, again.data.id)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    Job.parse(first.data)
    const fault = await faultOf(client.post('/v1/jobs', { body: { ...body, name: 'another' }, key: 'once' }))
    assert.ok(fault instanceof Refused)
    assert.deepEqual([fault.status, fault.problem.code], [409, 'idempotency-key-reused'])
  })

  test('two calls without a key are two jobs', async () => {
    const made = await Promise.all([client.post('/v1/jobs', { body }), client.post('/v1/jobs', { body })])
    const ids = made.map(one => (one.status === 202 ? one.data.id : assert.fail()))
    assert.equal(new Set(ids).size, 2)
  })

  test('a list is read page by page, with what was asked for and nothing else', async () => {
    for (const team of ['vision', 'vision', 'vision', 'speech'])
      await client.post('/v1/jobs', { body: { ...body, labels: { team } } })
    const found: string[] = []
    let cursor: string | undefined
    do {
      const { data } = await client.get('/v1/jobs', { query: { label: ['team=vision'], limit: 2, cursor } })
      JobPage.parse(data)
      found.push(...data.items.map(({ id }) => id))
      cursor = data.nextCursor ?? undefined
    } while (cursor !== undefined)
    assert.equal(new Set(found).size, 3)
  })

  test('a refusal has its problem, and a token that is not known its own', async () => {
    const missing = await faultOf(client.get('/v1/jobs/{id}', { path: { id: 'abcdefghjkmn' } }))
    assert.ok(missing instanceof Refused && missing.problem.code === 'job-not-found' && missing.status === 404)
    const unknown = await faultOf(client.get('/v1/whoami', { token: 'of-nobody' }))
    assert.ok(unknown instanceof Refused && unknown.problem.code === 'unauthorized')
    assert.equal(Whoami.parse((await client.get('/v1/whoami')).data).owner.id, 'ada')
  })

  test('events come from the id that was read last, and whoever stops reading is forgotten by the server', async () => {
    const made = await client.post('/v1/jobs', { body })
    const id = made.status === 202 ? made.data.id : assert.fail()
    const first = async (lastEventId: string | null): Promise<ServerEvent> => {
      const leaving = AbortSignal.timeout(60_000)
      for await (const one of client.events('/v1/jobs/{id}/events', { path: { id }, lastEventId, signal: leaving }))
        if (one !== 'alive') return one
      return assert.fail('no event came')
    }
    const accepted = await first(null)
    assert.deepEqual([accepted.event, accepted.id], ['state', '1'])
    await client.delete('/v1/jobs/{id}', { path: { id } })
    assert.ok(Number((await first(accepted.id)).id) > 1)
    await eventually('no connection is left', async () => {
      const open = await new Promise<number>(resolve => app.http.server.getConnections((_, count) => resolve(count)))
      // fetch keeps one or two of them for the next call.
      return open <= 4
    })
  })

  test('a text is a text, and what is not described for a path is not found there', async () => {
    const { data } = await client.get('/v1/jobs', { query: { limit: 1 } })
    const id = data.items[0]?.id ?? assert.fail()
    const fault = await faultOf(client.text('/v1/jobs/{id}/script', { path: { id } }))
    assert.ok(fault instanceof Refused && fault.problem.code === 'script-not-rendered')
  })

  test('a server that is not there is not known to have said anything', async () => {
    const gone = createClient({ baseUrl: 'http://127.0.0.1:9', token: TOKENS.ada })
    const fault = await faultOf(gone.get('/v1/clusters'))
    assert.ok(fault instanceof CouldNotAsk && fault.reason === 'connection')
  })

  test('a call waits out a store that is away for a while, and is done once', async () => {
    const patient = createClient({ baseUrl, token: TOKENS.ada, patienceMs: 60_000 })
    await rig.stop()
    const making = patient.post('/v1/jobs', { body: { ...body, name: 'patient' } })
    const impatient = await faultOf(client.get('/v1/jobs/counts'))
    assert.ok(impatient instanceof Refused && impatient.status === 503)
    await rig.start()
    const made = await making
    assert.equal(made.status, 202)
    const { data } = await patient.get('/v1/jobs', { query: { name: 'patient' } })
    assert.equal(data.items.length, 1)
  })
})
