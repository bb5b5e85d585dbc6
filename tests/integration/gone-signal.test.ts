import assert from 'node:assert/strict'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { goneSignal } from '../../apps/orchestrator/src/http/gone-signal.ts'
import { eventually } from '../support/eventually.ts'

/** The answer that a server owes; `leave` is what the one who asked does then. */
async function owed(act: (raw: ServerResponse, leave: () => void) => Promise<void>): Promise<void> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const asked = request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    asked.on('error', () => undefined)
    const answering = new Promise<ServerResponse>(resolve => server.once('request', (_, raw) => resolve(raw)))
    asked.end()
    await act(await answering, () => asked.destroy())
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('whoever goes before the answer is there is told of, also where they went before anybody asked', () =>
  owed(async (raw, leave) => {
    const before = goneSignal({ raw })
    assert.equal(before.aborted, false)
    leave()
    await eventually('it is known that they have gone', async () => before.aborted)
    assert.equal(goneSignal({ raw }).aborted, true)
  }))

test('whoever has the whole answer has not gone', () =>
  owed(async raw => {
    const signal = goneSignal({ raw })
    const over = new Promise(resolve => raw.once('close', resolve))
    raw.end('it')
    await over
    assert.equal(signal.aborted, false)
    assert.equal(goneSignal({ raw }).aborted, false)
  }))
