import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { refuseUnread } from '../../../apps/orchestrator/src/http/refuse-unread.ts'

const refuse = refuseUnread('https://trotline.example')
const fault = (code: string): Error => Object.assign(new Error('unread'), { code })

test('a connection that was reset is told nothing and is closed', () => {
  const socket = new PassThrough()
  refuse(fault('ECONNRESET'), socket as unknown as Socket)
  assert.ok(socket.destroyed)
  assert.equal(socket.read(), null)
})

for (const [what, packet, bytesParsed, answered] of [
  ['a HEAD whose head is too long has the headers of its answer and nothing behind them', 'HEAD /v1/jobs?x', 15, false],
  ['what comes behind a HEAD that was read is answered whole', 'HEAD / HTTP/1.1\r\nhost: x\r\n\r\nhello', 29, true],
  ['a GET whose head is too long is answered whole', 'GET /v1/jobs?x', 14, true],
] as const)
  test(what, () => {
    const socket = new PassThrough()
    const error = Object.assign(fault('HPE_HEADER_OVERFLOW'), { rawPacket: Buffer.from(packet), bytesParsed })
    refuse(error, socket as unknown as Socket)
    const [head = '', body = ''] = String(socket.read()).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*content-length: [1-9]/)
    assert.equal(body !== '', answered)
  })

test('a request that did not come whole in time is told so, with its length in bytes and an end', async () => {
  const socket = new PassThrough()
  refuse(fault('ERR_HTTP_REQUEST_TIMEOUT'), socket as unknown as Socket)
  const text = String(socket.read())
  const [head = '', body = ''] = text.split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(head, new RegExp(`content-length: ${Buffer.byteLength(body)}\r\n`))
  assert.match(head, /connection: close/)
  assert.match((JSON.parse(body) as { detail: string }).detail, /did not come whole in time/)
  assert.ok(socket.writableEnded)
})

test('whoever is refused and neither reads nor goes has no connection any more after five seconds', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const socket = new PassThrough()
  refuse(fault('HPE_INVALID_METHOD'), socket as unknown as Socket)
  t.mock.timers.tick(4_999)
  assert.ok(!socket.destroyed)
  t.mock.timers.tick(1)
  assert.ok(socket.destroyed)
})
