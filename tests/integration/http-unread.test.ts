// What Node.js refuses before any route is asked is answered with a problem as well, and a problem has nothing of the answer that it replaces.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Problem } from '@trotline/contracts'
import { eventually } from '../support/eventually.ts'
import { requestBody, sha256, trainingReport } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

const MODEL = {
  kind: 'model',
  data: { format: 'csv', path: '/data/a.csv', target: 'price' },
  model: { topology: 'here' as never },
  optimizer: { kind: 'adam' },
  loss: 'mse',
  epochs: 1,
} as const

describe('what cannot be read', () => {
  let rig: RedisRig
  let store: Store
  let port: number
  let connections: () => Promise<number>
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    const app = await rig.serve(store)
    connections = () => promisify(app.http.server.getConnections.bind(app.http.server))()
    port = Number(new URL(await app.http.listen({ host: '127.0.0.1', port: 0 })).port)
  })
  after(() => rig?.close())

  /** Word for word, up to the server's end of the connection. */
  async function say(text: string): Promise<{ status: number; headers: Map<string, string>; problem: Problem }> {
    const socket = connect({ host: '127.0.0.1', port })
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.end(text)
    await once(socket, 'close')
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
    const [first = '', ...lines] = head.split('\r\n')
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
    })
    return {
      status: Number(first.split(' ')[1]),
      headers: new Map(headers),
      problem: Problem.parse(JSON.parse(body)),
    }
  }
  const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`
  const AUTHORIZED = ['host: x', `authorization: Bearer ${TOKENS.ada}`, 'connection: close']

  for (const [what, text, pattern] of [
    ['no HTTP at all', 'hello\r\n\r\n', /not HTTP\/1\.1/],
    ['a header without a name', lines('GET /v1/jobs HTTP/1.1', ': x'), /not HTTP\/1\.1/],
    ['an address of 20 kB', lines(`GET /v1/jobs?name=${'x'.repeat(20_000)} HTTP/1.1`, 'host: x'), /16 KiB/],
    ['a header of 20 kB', lines('GET /v1/jobs HTTP/1.1', `x-large: ${'x'.repeat(20_000)}`), /16 KiB/],
    ['an expectation', lines('GET /v1/jobs HTTP/1.1', ...AUTHORIZED, 'expect: cake'), /"Expect: cake"/],
    ['a method that wants a type', lines('QUERY /v1/jobs HTTP/1.1', ...AUTHORIZED), /Content-Type/],
  ] as const) {
    test(`${what} is answered 400 with a problem`, async () => {
      const { status, headers, problem } = await say(text)
      assert.deepEqual([status, problem.code, problem.status], [400, 'invalid-request', 400])
      assert.match(problem.detail, pattern)
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.equal(headers.get('trotline-request-id'), problem.instance)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
    })
  }

  /** What comes to whoever says these parts, each after what was awaited has come; they never end the connection themselves. */
  async function converse(...parts: [say: string, until: RegExp | null][]): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    let heard = ''
    socket.on('data', chunk => {
      heard += chunk
    })
    socket.on('error', () => undefined)
    try {
      for (const [text, until] of parts) {
        socket.write(text)
        await eventually(`${until ?? 'the end'} has come`, async () =>
          until === null ? socket.readableEnded || socket.destroyed : until.test(heard),
        )
      }
    } finally {
      socket.destroy()
    }
    return heard
  }

  test('what is no HTTP behind a request whose answer has begun ends that answer, and nothing is written into it', async () => {
    const { id } = await store.add()
    const following = lines(`GET /v1/jobs/${id}/events HTTP/1.1`, 'host: x', `authorization: Bearer ${TOKENS.ada}`)
    const heard = await converse([following, /event: state/], ['hello\r\n\r\n', null])
    assert.equal(heard.split('HTTP/1.1').length - 1, 1, heard)
  })

  test('whoever goes on sending a head that is too long has the whole answer all the same', async () => {
    const head = `GET /v1/jobs HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}`
    const heard = await converse([head, /16 KiB/], ['x'.repeat(100_000), null])
    assert.match(heard, /"code":"invalid-request".*\}$/)
  })

  test('whoever asks for the headers alone, and too long, has the headers of the refusal', async () => {
    const headers = { authorization: `Bearer ${TOKENS.ada}` }
    const asked = request({ host: '127.0.0.1', port, method: 'HEAD', path: `/?x=${'x'.repeat(20_000)}`, headers })
    // Once it is answered, how the connection ends is no matter.
    asked.on('error', () => undefined)
    const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage]
    assert.deepEqual(
      [answer.statusCode, answer.headers['content-type']],
      [400, 'application/problem+json; charset=utf-8'],
    )
    await once(answer.resume(), 'end')
  })

  test('whoever is refused and stays has no connection any more', async () => {
    await eventually('nobody else is connected', async () => (await connections()) === 0)
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    try {
      socket.on('error', () => undefined)
      socket.write('hello\r\n\r\n')
      await once(socket, 'data')
      await eventually('the server has let the connection go', async () => (await connections()) === 0)
    } finally {
      socket.destroy()
    }
  })

  const deep = (times: number): string => `${'{"a":'.repeat(times)}1${'}'.repeat(times)}`
  const model = (topology: string): string =>
    JSON.stringify(requestBody({}, { training: MODEL })).replace('"here"', topology)
  for (const [what, path, body] of [
    ['a bundle', '/v1/reruns', deep(3_000)],
    ['a lock', '/v1/environments', `{"lock":${deep(3_000)}}`],
    ['a model', '/v1/jobs?dryRun=true', model(deep(300))],
    ['a model that no stack holds', '/v1/jobs?dryRun=true', model(deep(100_000))],
  ] as const) {
    test(`${what} that is nested without end is refused at once`, async () => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKENS.ada}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(20_000),
      })
      const problem = Problem.parse(await answer.json())
      assert.deepEqual([answer.status, problem.code], [400, 'invalid-request'])
      assert.match(problem.detail, /nested more than 200 deep/)
    })
  }

  test('a file that cannot be had is not told of as if it could be kept', async () => {
    const artifacts = [{ path: 'model.json', bytes: 5, sha256: sha256('gone') }]
    const { id } = await store.add({
      state: 'completed',
      endedAt: '2030-01-02T03:04:05.000Z',
      result: trainingReport({ artifacts }),
    })
    const { status, headers } = await fetch(`http://127.0.0.1:${port}/v1/jobs/${id}/artifacts/model.json`, {
      headers: { authorization: `Bearer ${TOKENS.ada}` },
    })
    assert.ok(status >= 400)
    for (const name of ['etag', 'accept-ranges', 'content-disposition']) assert.equal(headers.get(name), null, name)
    assert.equal(headers.get('cache-control'), 'no-store')
  })
})
