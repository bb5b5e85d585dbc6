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
