// Followers whose sockets are open and who take nothing: they are dropped, nothing is kept for them, and the others go on.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { JobEvent } from '@trotline/contracts'
import { createLocalTransport } from '@trotline/slurm'
import Fastify from 'fastify'
import { buildLogFrames } from '../../apps/orchestrator/src/http/environment-log-frames.ts'
import { createEventStreams } from '../../apps/orchestrator/src/http/event-stream.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { createLogFiles } from '../../apps/orchestrator/src/streams/log-files.ts'
import { eventually } from '../support/eventually.ts'
import { AT } from '../support/job-records.ts'
import { jobWithLog } from '../support/job-with-log.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { readLog } from '../support/log-reader.ts'
import { materialisation } from '../support/materialisations.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

const MIB = 1_048_576
/** More than the kernel takes for a socket (tcp_wmem: 4 MiB) and what it takes of the answer of a reader that does not read. */
const LOG_BYTES = 16 * MIB
const STALLED = 10
const STALLED_SECONDS = 2

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** What somebody has, without what is merely not collected yet: how much that is depends on how busy the machine is. */
function heldBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('followers who take nothing', () => {
  let rig: RedisRig
  let store: Store
  let server: Server
  let port: number
  let owner: Awaited<ReturnType<typeof answerAsOwner>>
  const folder = mkdtempSync(join(tmpdir(), 'trotline-stalled-'))
  const log = Buffer.from(`${'0123456789abcdef'.repeat(7)} a line of a log\n`.repeat(LOG_BYTES / 128 + 1)).subarray(
    0,
    LOG_BYTES,
  )
  let id: string
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    const app = await rig.serve(store, { sseStalledSeconds: STALLED_SECONDS }, { cluster: { workDir: folder } })
    owner = await answerAsOwner(store)
    const { port: at } = new URL(await app.http.listen({ host: '127.0.0.1', port: 0 }))
    port = Number(at)
    server = app.http.server as Server
    id = (await jobWithLog(store, folder, log, 'completed')).id
  })
  after(async () => {
    await owner.close()
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const connectionsOf = (to: Server): Promise<number> =>
    new Promise((resolve, reject) => to.getConnections((error, count) => (error ? reject(error) : resolve(count))))

  /** Asks and never reads. */
  async function stall(at: number, path: string): Promise<Socket> {
    const socket = connect(at, '127.0.0.1')
    await new Promise((resolve, reject) => void socket.once('connect', resolve).once('error', reject))
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: Bearer ${TOKENS.ada}\r\n\r\n`,
    )
    return socket
  }

  /** What the kernel had for it when its connection was ended. */
  const restOf = (socket: Socket): Promise<number> =>
    new Promise(resolve => {
      let bytes = 0
      socket.on('data', chunk => {
        bytes += chunk.length
      })
      // Reset by the server.
      socket.on('error', () => undefined)
      socket.once('close', () => resolve(bytes))
    })

  async function allAreDropped(to: Server, at: number, path: string, lengthBytes: number): Promise<void> {
    const before = heldBytes()
    const sockets = await Promise.all(Array.from({ length: STALLED }, () => stall(at, path)))
    await eventually('they are served', async () => (await connectionsOf(to)) >= STALLED)
    let most = 0
    await eventually('they are dropped', async () => {
      most = Math.max(most, heldBytes() - before)
      return (await connectionsOf(to)) === 0
    })
    for (const socket of sockets) {
      const told = await restOf(socket)
      assert.ok(told < lengthBytes, `${told} bytes were sent to a client that takes nothing`)
    }
    // What is kept of a log for all of them (streams/log-files.ts) is some 70 MiB; a copy for each would come on top of that.
    assert.ok(most < STALLED * lengthBytes * 0.75, `${Math.round(most / MIB)} MiB were held for them`)
  }

  test('of a log are dropped, while another gets every byte of it', async () => {
    const parts: Buffer[] = []
    const path = `/v1/jobs/${id}/logs`
    const dropped = allAreDropped(server, port, path, LOG_BYTES)
    await readLog(`http://127.0.0.1:${port}${path}`, {
      token: TOKENS.ada,
      onEvent: ({ bytes }) => void (bytes && parts.push(bytes)),
    })
    assert.equal(sha256(Buffer.concat(parts)), sha256(log))
    await dropped
  })

  test('of the stream of many topics are dropped, and those who read it go on', async () => {
    const path = `/v1/stream?topic=jobs&topic=${encodeURIComponent(`log:${id}:stdout:1:0`)}`
    const leaving = new AbortController()
    const parts: Buffer[] = []
    const reading = readLog(`http://127.0.0.1:${port}${path}`, {
      token: TOKENS.ada,
      signal: leaving.signal,
      onEvent({ event, bytes }) {
        if (bytes !== null) parts.push(bytes)
        if (event === 'end') leaving.abort()
      },
    })
    await Promise.all([reading, allAreDropped(server, port, path, LOG_BYTES)])
    assert.equal(sha256(Buffer.concat(parts)), sha256(log))
  })

  test('of a job’s events are dropped', async () => {
    const { id: talked } = await store.add()
    let job = await store.jobs.read(talked)
    const text = 'x'.repeat(4_000)
    for (let i = 0; i < 30; i++) {
      const events = Array.from({ length: 100 }, (): JobEvent => ({ type: 'note', at: AT, text }))
      job = await store.jobs.commit(job, machine.noted(job, AT, `${i}`).next, events, null)
    }
    await allAreDropped(server, port, `/v1/jobs/${talked}/events`, 30 * 100 * text.length)
  })

  test('of the making of an environment are dropped', async () => {
    const path = join(folder, 'making')
    writeFileSync(path, log)
    const transport = createLocalTransport()
    const files = createLogFiles()
    const streams = createEventStreams(100, STALLED_SECONDS * 1_000)
    const http = Fastify()
    http.get('/log', (request, reply) =>
      streams.open(request, reply, signal =>
        buildLogFrames(
          {
            stateOf: async () => materialisation({ state: 'making' }),
            open: () => files.open(path, (offset, bytes) => transport.readAt(path, offset, bytes)),
            start: 0,
          },
          signal,
        ),
      ),
    )
    const { port: at } = new URL(await http.listen({ host: '127.0.0.1', port: 0 }))
    try {
      await allAreDropped(http.server, Number(at), '/log', LOG_BYTES)
      await eventually('their log is closed', () => files.count === 0)
    } finally {
      streams.closeAll()
      await http.close()
    }
  })
})
