// What a channel's answer leaves behind when it breaks off, from a real HTTP server, on a disk that takes its time.
import assert from 'node:assert/strict'
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import promises from 'node:fs/promises'
import { createServer, get, type IncomingMessage } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { receive } from '../../apps/orchestrator/src/solving/channels/receive.ts'

const OPEN_MS = 20

/** Every file is opened late, by whichever of Node's two ways. */
function slowOpens(t: TestContext): void {
  const { open } = fs
  const { open: opened } = promises
  t.mock.method(fs, 'open', (...args: Parameters<typeof open>) => setTimeout(() => open(...args), OPEN_MS))
  t.mock.method(promises, 'open', (...args: Parameters<typeof opened>) => sleep(OPEN_MS).then(() => opened(...args)))
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

const ask = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => get({ host: '127.0.0.1', port, agent: false }, resolve).once('error', reject))

for (const before of [true, false])
  test(`an answer that breaks off ${before ? 'before' : 'while'} it is read leaves no file when that is told`, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'trotline-test-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const server = createServer((_, response) => void response.write('the beginning', () => response.destroy()))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const answer = await ask((server.address() as AddressInfo).port)
    if (before) answer.destroy()
    slowOpens(t)
    const file = join(folder, 'document.part')
    const limits = { most: 1000, signal: new AbortController().signal, onBytes: () => undefined }
    await assert.rejects(receive(answer, { who: 'The channel', what: 'a document', file, ...limits }), {
      code: 'CHANNEL_AWAY',
      message: /ended/,
    })
    await sleep(5 * OPEN_MS)
    assert.deepEqual(readdirSync(folder), [])
  })
