import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ClientOptions,
  CouldNotAsk,
  createClient,
  type Fault,
  newKey,
  Refused,
  type Sent,
  type ServerEvent,
} from '@trotline/client'

const BASE = 'https://trotline.example.org'
const PROBLEM = {
  type: `${BASE}/guide/errors/job-not-found`,
  status: 404,
  code: 'job-not-found',
  title: 'No such job',
  detail: 'There is no job x.',
  instance: '1',
}
const ID = { path: { id: 'x' } }

const JSON_TYPE = { headers: { 'content-type': 'application/json' } }

type Answering = (url: string, sent: Sent) => Response | Promise<Response>

function asking(answer: Answering, options: Partial<ClientOptions> = {}) {
  const asked: { url: string; sent: Sent }[] = []
  const client = createClient({
    baseUrl: BASE,
    fetch: async (url, sent) => {
      asked.push({ url, sent })
      return answer(url, sent)
    },
    ...options,
  })
  return { client, asked, headers: () => asked.map(({ sent }) => sent.headers) }
}

const faultOf = async (call: Promise<unknown>): Promise<Fault> => {
  try {
    await call
  } catch (error) {
    if (error instanceof Refused || error instanceof CouldNotAsk) return error
    throw error
  }
  return assert.fail('it was answered')
}
const problem = (status = 404, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ ...PROBLEM, status }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })

describe('a call', () => {
  test('says its token, its key and its body, and nothing to whoever it is redirected to', async () => {
    const { client, asked } = asking(() => Response.json({ id: 'x' }, { status: 202 }), { token: 'secret' })
    const { data, status } = await client.post('/v1/jobs/{id}/rerun', { path: { id: 'x' }, body: {}, key: 'once' })
    assert.deepEqual([data, status], [{ id: 'x' }, 202])
    const [{ url, sent }] = asked as [(typeof asked)[0]]
    assert.equal(url, `${BASE}/v1/jobs/x/rerun`)
    assert.deepEqual([sent.method, sent.body, sent.redirect, sent.credentials], ['POST', '{}', 'manual', 'omit'])
    assert.deepEqual(sent.headers, {
      accept: 'application/json',
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      'idempotency-key': 'once',
    })
  })

  test('asks for its token each time, and may use another or none', async () => {
    let token: string | null = 'first'
    const { client, headers } = asking(() => Response.json({}), { token: () => token })
    await client.get('/v1/whoami')
    token = null
    await client.get('/v1/whoami')
    await client.get('/v1/whoami', { token: 'tried' })
    assert.deepEqual(
      headers().map(one => one.authorization),
      ['Bearer first', undefined, 'Bearer tried'],
    )
  })

  test('repeats a query for each of a list, and leaves out what is undefined', async () => {
    const { client, asked } = asking(() => Response.json({}))
    await client.get('/v1/jobs', { query: { label: ['a=1', 'b=ü&c'], name: undefined, limit: 5 } })
    assert.equal(new URL(asked[0]?.url ?? '').search, '?label=a%3D1&label=b%3D%C3%BC%26c&limit=5')
  })

  test('of a path without its parts is a mistake of the program, and is not sent', async () => {
    const { client, asked } = asking(() => Response.json({}))
    await assert.rejects(client.get('/v1/jobs/{id}', { path: { id: '' } }), TypeError)
    assert.equal(asked.length, 0)
  })

  test('below a base path stays below it', async () => {
    const { client, asked } = asking(() => Response.json({}), { baseUrl: `${BASE}/here/` })
    await client.get('/v1/whoami')
    assert.equal(asked[0]?.url, `${BASE}/here/v1/whoami`)
  })

  test('for bytes gives them as they came, with the headers', async () => {
    const bytes = Uint8Array.of(0xff, 0x0d, 0x0a)
    const { client } = asking(() => new Response(bytes, { headers: { 'trotline-offset': '7' } }))
    const { data, headers } = await client.bytes('/v1/jobs/{id}/logs', ID)
    assert.deepEqual([data, headers.get('trotline-offset')], [bytes, '7'])
  })

  test('that is answered by nothing has nothing', async () => {
    const { client } = asking(() => new Response(null, { status: 204 }))
    assert.deepEqual((await client.delete('/v1/webhooks/{id}', ID)).data, null)
  })

  test('may count a status as an answer that is none elsewhere', async () => {
    const { client } = asking(() => Response.json({ ready: false }, { status: 503 }))
    assert.equal((await client.get('/readyz', { accepts: [503] })).status, 503)
    assert.ok((await faultOf(client.get('/readyz'))) instanceof CouldNotAsk)
  })
})

describe('a fault', () => {
  test('is Refused with the problem where the server said no', async () => {
    const { client } = asking(() => problem())
    const fault = await faultOf(client.get('/v1/jobs/{id}', ID))
    assert.ok(fault instanceof Refused)
    assert.deepEqual([fault.status, fault.problem, fault.message], [404, PROBLEM, PROBLEM.detail])
  })

  test('is CouldNotAsk where something else answered, be it JSON, a page or a redirect', async () => {
    const answers = [
      () => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' }),
      () => Response.json({ error: 'no' }, { status: 404 }),
      () => new Response('<h1>Please sign in</h1>', { headers: { 'content-type': 'text/html' } }),
      () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example.org/' } }),
    ]
    const said: string[] = []
    for (const answer of answers) {
      const fault = await faultOf(asking(answer).client.get('/v1/clusters'))
      assert.ok(fault instanceof CouldNotAsk && fault.reason === 'foreign' && fault.response !== null)
      said.push(fault.message)
    }
    assert.match(said[0] ?? '', /answered 502 Bad Gateway/)
    assert.match(said[3] ?? '', /points to https:\/\/elsewhere\.example\.org\//)
  })

  test('is CouldNotAsk where a page stands in a file’s place, a problem is none, or the answer has no end', async () => {
    const page = () =>
      new Response('<h1>Please sign in</h1>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
    const malformed = () => Response.json({ ...PROBLEM, findings: 'many' }, { status: 422 })
    let closed = 0
    const endless = (status: number) => () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull: controller => controller.enqueue(new Uint8Array(1_048_576).fill(0x20)),
          cancel: () => {
            closed += 1
          },
        }),
        { status, ...JSON_TYPE },
      )
    for (const call of [
      asking(page).client.bytes('/v1/jobs/{id}/logs', ID),
      asking(page).client.text('/v1/jobs/{id}/script', ID),
      asking(malformed).client.get('/v1/clusters'),
      asking(endless(200)).client.get('/v1/clusters'),
      asking(endless(500)).client.get('/v1/clusters'),
    ]) {
      const fault = await faultOf(call)
      assert.ok(fault instanceof CouldNotAsk && fault.reason === 'foreign', fault.message)
    }
    assert.equal(closed, 2)
  })

  test('says whether no answer came, whether it broke off, or was waited for too long, or was given up', async () => {
    const reason = async (answer: Answering, signal?: AbortSignal): Promise<string> => {
      const { client } = asking(answer, { timeoutMs: 20 })
      const fault = await faultOf(client.get('/v1/clusters', { signal }))
      return fault instanceof CouldNotAsk ? fault.reason : 'refused'
    }
    const never: Answering = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        // A signal's own timer keeps no program alive.
        const held = setTimeout(() => {}, 60_000)
        signal.addEventListener('abort', () => {
          clearTimeout(held)
          reject(signal.reason as Error)
        })
      })
    assert.equal(await reason(() => Promise.reject(new TypeError('fetch failed'))), 'connection')
    assert.equal(await reason(() => new Response('{"items":[', JSON_TYPE)), 'broken-off')
    assert.equal(await reason(never), 'time')
    assert.equal(await reason(never, AbortSignal.abort()), 'given-up')
  })

  test('may become an error of the program that asks, which is told which token was sent', async () => {
    const told: [string, string | null][] = []
    const { client } = asking(() => problem(), {
      token: 'mine',
      fault: (fault, said) => {
        told.push([fault.name, said])
        return new SyntaxError('ours', { cause: fault })
      },
    })
    await assert.rejects(client.get('/v1/whoami'), SyntaxError)
    await assert.rejects(async () => {
      for await (const _ of client.events('/v1/jobs/{id}/events', ID)) assert.fail()
    }, SyntaxError)
    assert.deepEqual(told, [
      ['Refused', 'mine'],
      ['Refused', 'mine'],
    ])
  })
})

describe('a lost answer', () => {
  test('is asked for again within the patience, a POST under the one key', async () => {
    let tries = 0
    const { client, headers } = asking(
      () => {
        tries += 1
        if (tries === 1) throw new TypeError('fetch failed')
        if (tries === 2) return problem(503, { 'retry-after': '0' })
        return Response.json({ id: 'x' }, { status: 202 })
      },
      { patienceMs: 10_000, keyPrefix: 'test-' },
    )
    await client.post('/v1/jobs/{id}/release', ID)
    const keys = headers().map(one => one['idempotency-key'])
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
    assert.match(keys[0] ?? '', /^test-[0-9a-f]{8}-[0-9a-f]{4}-/)
  })

  test('is not asked for again where it was a refusal, or where there is no patience', async () => {
    const refused = asking(() => problem(409), { patienceMs: 10_000 })
    await faultOf(refused.client.get('/v1/clusters'))
    const impatient = asking(() => Promise.reject(new TypeError('fetch failed')))
    await faultOf(impatient.client.get('/v1/clusters'))
    assert.deepEqual([refused.asked.length, impatient.asked.length], [1, 1])
  })

  test('is given up with its last fault when the wait would outlast the patience, or the caller has enough', async () => {
    const short = asking(() => problem(503, { 'retry-after': '60' }), { patienceMs: 5_000 })
    assert.ok((await faultOf(short.client.get('/v1/clusters'))) instanceof Refused)
    const enough = new AbortController()
    const stopped = asking(
      () => {
        setTimeout(() => enough.abort(), 5)
        throw new TypeError('fetch failed')
      },
      { patienceMs: 60_000 },
    )
    assert.ok((await faultOf(stopped.client.get('/v1/clusters', { signal: enough.signal }))) instanceof CouldNotAsk)
    assert.deepEqual([short.asked.length, stopped.asked.length], [1, 1])
    const before = new AbortController()
    const gone = asking(
      () => {
        before.abort()
        return problem(503, { 'retry-after': '50' })
      },
      { patienceMs: 60_000 },
    )
    const from = performance.now()
    await faultOf(gone.client.get('/v1/clusters', { signal: before.signal }))
    assert.ok(performance.now() - from < 20_000)
  })
})

describe('server-sent events', () => {
  const stream = (...pieces: string[]): Response => {
    const bytes = pieces.map(piece => new TextEncoder().encode(piece))
    return new Response(ReadableStream.from(bytes))
  }
  const readAll = async (events: AsyncIterable<ServerEvent | 'alive'>): Promise<(ServerEvent | 'alive')[]> => {
    const read: (ServerEvent | 'alive')[] = []
    for await (const one of events) read.push(one)
    return read
  }

  test('come until the server ends, from the id that was read last, with no time limit', async () => {
    const { client, headers } = asking(() => stream(': hello\n\n', 'event: state\ndata: {"a":1}\n\n'), { timeoutMs: 1 })
    const read = await readAll(client.events('/v1/jobs/{id}/events', { ...ID, lastEventId: '12' }))
    assert.deepEqual(read, ['alive', { id: '12', event: 'state', data: '{"a":1}' }])
    assert.deepEqual([headers()[0]?.accept, headers()[0]?.['last-event-id']], ['text/event-stream', '12'])
  })

  test('are whole characters wherever the bytes are cut', async () => {
    const bytes = new TextEncoder().encode('data: é€😀\n\n')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const { client } = asking(() => new Response(body))
    const [only] = await readAll(client.events('/v1/stream', { query: { topic: ['jobs'] } }))
    assert.equal(typeof only === 'object' && only.data, 'é€😀')
  })

  test('of a request that is sent first carry its body and a key', async () => {
    const { client, asked } = asking(() => stream('data: made\n\n'))
    await readAll(client.postEvents('/v1/environments', { body: { name: 'ml' } as never }))
    const { sent } = asked[0] ?? assert.fail()
    assert.deepEqual([sent.method, sent.body], ['POST', '{"name":"ml"}'])
    assert.ok(sent.headers['idempotency-key'])
  })

  test('end quietly for whoever gives up, and close the connection of whoever stops reading', async () => {
    let closed = 0
    const endless: Answering = (_, { signal }) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('data: 1\n\n'))
          signal.addEventListener('abort', () => controller.error(signal.reason))
        },
        cancel() {
          closed += 1
        },
      })
      return new Response(body)
    }
    const { client } = asking(endless)
    for await (const _ of client.events('/v1/jobs/{id}/events', ID)) break
    assert.equal(closed, 1)
    const enough = new AbortController()
    for await (const _ of client.events('/v1/jobs/{id}/events', { ...ID, signal: enough.signal })) enough.abort()
  })

  test('that are lost on the way are no end', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('data: 1\n\n'))
        setTimeout(() => controller.error(new TypeError('terminated')), 5)
      },
    })
    const { client } = asking(() => new Response(broken))
    const fault = await faultOf(readAll(client.events('/v1/jobs/{id}/events', ID)))
    assert.ok(fault instanceof CouldNotAsk && fault.reason === 'broken-off')
    const refused = await faultOf(readAll(asking(() => problem(429)).client.events('/v1/jobs/{id}/events', ID)))
    assert.equal(refused instanceof Refused && refused.status, 429)
  })

  test('that stay away for 45 s are a dead connection', async context => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { client } = asking(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    )
    const fault = faultOf(readAll(client.events('/v1/jobs/{id}/events', ID)))
    await Promise.resolve()
    context.mock.timers.tick(45_000)
    const found = await fault
    assert.ok(found instanceof CouldNotAsk && found.reason === 'silence')
  })
})

test('no two keys are the same', () => {
  assert.equal(new Set(Array.from({ length: 1_000 }, () => newKey())).size, 1_000)
})
