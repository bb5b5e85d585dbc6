// The server's log has one line for each request, also for those whose asker left, and no token in any.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { eventually } from '../support/eventually.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

interface Line {
  msg: string
  requestId?: string
  req?: { method: string; url: string }
  res?: { statusCode: number }
}

describe('the log of requests', () => {
  let rig: RedisRig
  let store: Store
  let port: number
  let text = ''
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    const into = new Writable({
      write(chunk, _, done) {
        text += chunk
        done()
      },
    })
    const app = await rig.serve(store, {}, { log: pino({ level: 'info' }, into) })
    port = Number(new URL(await app.http.listen({ host: '127.0.0.1', port: 0 })).port)
  })
  after(() => rig?.close())

  const of = (url: string): Line[] =>
    text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Line)
      .filter(({ req }) => req?.url === url)

  /** Says it and leaves when `until` has come. */
  async function leave(say: string, until: RegExp | null): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    let heard = ''
    socket.on('data', chunk => {
      heard += chunk
    })
    await new Promise(resolve => socket.write(say, resolve))
    if (until !== null) await eventually(`${until} has come`, async () => until.test(heard))
    socket.destroy()
  }
  const head = (method: string, url: string, ...more: string[]): string =>
    [`${method} ${url} HTTP/1.1`, 'host: x', `authorization: Bearer ${TOKENS.ada}`, ...more, '', ''].join('\r\n')

  test('tells of an answer once, with what was asked and its status', async () => {
    const url = '/v1/jobs?limit=1'
    const answer = await fetch(`http://127.0.0.1:${port}${url}`, { headers: { authorization: `Bearer ${TOKENS.ada}` } })
    await answer.text()
    const [line, ...others] = await eventually('a line', () => of(url).length > 0 && of(url))
    assert.deepEqual(
      [line?.msg, line?.res?.statusCode, line?.requestId, others],
      ['request completed', 200, answer.headers.get('trotline-request-id'), []],
    )
  })

  test('tells of those who left: while they sent, while they waited, while they were told of events', async () => {
    const { id } = await store.add()
    await leave(`${head('POST', '/v1/jobs', 'content-type: application/json', 'content-length: 100')}{`, null)
    await leave(head('GET', `/v1/jobs/${id}/events`), /event: state/)
    await rig.pause()
    await leave(head('GET', `/v1/jobs/${id}`), null)
    const urls = ['/v1/jobs', `/v1/jobs/${id}/events`, `/v1/jobs/${id}`]
    await eventually('each has a line', () => urls.every(url => of(url).length > 0)).finally(() => rig.resume())
    assert.deepEqual(
      urls.map(url => of(url).map(({ msg }) => msg)),
      urls.map(() => ['request aborted']),
    )
    assert.ok(!text.includes('an unexpected fault'), text)
    assert.ok(!text.includes(TOKENS.ada))
  })
})
