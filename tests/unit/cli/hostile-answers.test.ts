// What the command line makes of answers that are not the server's: a proxy, an error in a program on the way, or somebody who means harm.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { artifactCalls } from '../../../apps/cli/src/api/artifact-calls.ts'
import { eventsOf } from '../../../apps/cli/src/api/event-stream.ts'
import { createApi } from '../../../apps/cli/src/api/exchange.ts'
import { logEvents } from '../../../apps/cli/src/api/log-events.ts'
import { streamEvents } from '../../../apps/cli/src/api/stream-events.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { createOutput } from '../../../apps/cli/src/output.ts'

const interrupt = new AbortController().signal
const answering = (answer: () => Response) =>
  createApi({
    url: new URL('http://trotline.example.org'),
    token: 'secret',
    interrupt,
    userAgent: 'test',
    route: { proxyOf: () => null, fetch: async () => answer() },
    onSlow: () => {},
  })
async function all<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const part of parts) found.push(part)
  return found
}
const coded = (code: string) => (error: unknown) => error instanceof CliError && error.code === code
const EVENTS = { headers: { 'content-type': 'text/event-stream' } }

test('a problem of another shape is no answer of the server, and no fault of this program', async () => {
  const problem = { type: 'about:blank', status: 422, code: 'c', title: 't', detail: 'd', instance: '1' }
  const refused = (more: object) => answering(() => Response.json({ ...problem, ...more }, { status: 422 }))
  await assert.rejects(refused({ extra: 1 }).get('/v1/clusters'), coded('PROBLEM'))
  await assert.rejects(refused({ nearest: 7 }).get('/v1/clusters'), coded('COULD_NOT_ASK'))
  await assert.rejects(refused({ instance: undefined }).get('/v1/clusters'), coded('COULD_NOT_ASK'))
})

test('an event that is no JSON changes nothing, and ends nothing', async () => {
  const api = answering(() => new Response('event: jobs\ndata: {"items":\n\n: alive\n\n', EVENTS))
  assert.deepEqual(await all(eventsOf(api, 'x', null, interrupt)), ['alive', 'alive'])
  assert.deepEqual(await all(streamEvents(api, ['jobs'], null, interrupt)), ['alive', 'alive'])
})

test('an event of a log that cannot be read ends its stream, because to go on would lose bytes; one that is not known is passed over', async () => {
  const told = (event: string, data: object | string) => {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    const api = answering(() => new Response(`event: ${event}\ndata: ${text}\n\n`, EVENTS))
    return all(logEvents(api, 'x', { stream: 'stdout' }, null, interrupt))
  }
  const at = { attempt: 1, offset: 3, next: 5 }
  const wrong = ['{"attempt":1', { ...at, text: 'a' }, { ...at, base64: 'YWJj' }, { attempt: 1, text: 'ab' }]
  for (const data of wrong) await assert.rejects(told('log', data), coded('COULD_NOT_ASK'))
  await assert.rejects(told('end', {}), coded('COULD_NOT_ASK'))
  const bytes = Buffer.from('ab')
  assert.deepEqual(await told('log', { ...at, text: 'ab', later: 1 }), [{ name: 'log', ...at, bytes }])
  assert.deepEqual(await told('weather', { is: 'fine' }), ['alive'])
})

test('bytes of an artifact are taken from an answer that is the file, whatever was packed or left out on the way', async () => {
  const sha256 = createHash('sha256').update('x').digest('hex')
  const take = async (headers: Record<string, string>): Promise<string> => {
    const { bytes } = artifactCalls(
      answering(() => new Response('x', { headers })),
      'trotline.example.org',
      { artifacts: () => {} },
    )
    const { parts } = await bytes('x', { path: 'model.json', sha256 }, 0, interrupt)
    return Buffer.concat(await all(parts)).toString()
  }
  for (const headers of [{ etag: `"${sha256}"` }, { etag: `W/"${sha256}"` }, { 'content-type': 'application/json' }])
    assert.equal(await take(headers), 'x')
  for (const headers of [{ etag: '"other"' }, { 'content-type': 'text/html; charset=utf-8' }])
    await assert.rejects(take(headers), coded('COULD_NOT_ASK'))
})

test('JSON on a terminal carries no command to it, and is the same JSON', async () => {
  const value = { why: 'a\u009b2Jb\u001b]0;title\u0007c\u007f' }
  for (const isTTY of [true, false]) {
    const stdout = Object.assign(new PassThrough(), { isTTY })
    const out = createOutput({
      stdout,
      stderr: new PassThrough(),
      settings: { dumb: false, columns: null, utf8: true, colour: false },
      json: true,
      quiet: false,
    })
    await out.answerLine(value)
    const text = String(stdout.read())
    assert.deepEqual(JSON.parse(text), value)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
    if (isTTY) assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  }
})
