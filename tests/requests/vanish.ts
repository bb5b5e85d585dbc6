// Readers of event streams that go away as real ones do: without a word, in the middle of a word, while never reading, before the answer.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Figures } from './figures.ts'
import type { ServerProcess } from './server.ts'
import { leaks } from './verdict.ts'

/**
 * destroy, reset (RST), end (closed for sending only, at first): once it has been answered. early: whether it has been answered or not.
 * unread: takes nothing, then goes. head: goes within its own request.
 */
const MANNERS = ['destroy', 'reset', 'end', 'early', 'unread', 'head'] as const

interface Reader {
  /** `GET /v1/…`, and a body where there is one. */
  line: string
  body: string
  manner: (typeof MANNERS)[number]
  stayMs: number
}

const ROUND = 200
/** How long the longest stays. */
const STAY_MS = 600
const SETTLE_LIMIT_MS = 60_000
/** A hang. */
const ANSWER_LIMIT_MS = 60_000
/** Of all readers: those that leave late enough to be answered, of jobs that are not over. */
const SERVED_SHARE = 0.2

/** Each of another set of packages, so that there is something to solve. */
const solves = fc
  .subarray(['numpy', 'scipy', 'matplotlib', 'scikit-learn', 'pytorch::pytorch=1.3'], { minLength: 1 })
  .map(names =>
    JSON.stringify({
      spec: { channels: ['pytorch', 'main'], dependencies: ['python<3.7', ...names] },
      target: { cluster: 'local', partition: 'gpuk80' },
    }),
  )

/** @returns sentences about what was left of them */
export async function vanish(
  server: ServerProcess,
  { readers, seed }: { readers: number; seed: number },
  progress: (line: string) => void,
): Promise<string[]> {
  const { pools } = await server.ask('prepare')
  const job = fc.constantFrom(...(pools.job ?? []))
  const get = fc.oneof(
    job.map(id => `/v1/jobs/${id}/events`),
    job.map(id => `/v1/jobs/${id}/epochs`),
    job.map(id => `/v1/jobs/${id}/logs`),
    job.map(id => `/v1/stream?topic=jobs&topic=clusters&topic=job:${id}&topic=log:${id}:stdout`),
    fc.constantFrom(...(pools.lock ?? [])).map(id => `/v1/environments/${id}/clusters/local/log`),
  )
  const asked = fc.oneof(
    { weight: 9, arbitrary: get.map(target => ({ line: `GET ${target}`, body: '' })) },
    { weight: 1, arbitrary: solves.map(body => ({ line: 'POST /v1/environments', body })) },
  )
  const arbitrary = fc
    .tuple(asked, fc.constantFrom(...MANNERS), fc.nat({ max: STAY_MS }))
    .map(([what, manner, stayMs]): Reader => ({ ...what, manner, stayMs }))
  const wanted = fc.sample(arbitrary, { numRuns: readers, seed })
  // A first round makes what stays: code, caches, connections.
  await round(server, wanted.slice(0, ROUND))
  const before = await settled(server)
  let served = 0
  for (let from = 0; from < wanted.length; from += ROUND) {
    served += await round(server, wanted.slice(from, from + ROUND))
    progress(`${Math.min(wanted.length, from + ROUND)} of ${wanted.length} readers have come and gone`)
  }
  const after = await settled(server)
  progress(
    `${served} of them were answered with a stream; afterwards ${after.streams} streams, ${after.readers} listeners, ${after.logs} logs, ${after.sockets} sockets; heap ${before.heapMiB.toFixed(0)} -> ${after.heapMiB.toFixed(0)} MiB`,
  )
  const idle = (['streams', 'readers', 'logs', 'sockets'] as const).filter(name => after[name] > 0)
  return [
    ...(served < readers * SERVED_SHARE ? [`only ${served} of ${readers} readers were answered with a stream`] : []),
    ...idle.map(name => `${after[name]} ${name} are left of readers that have gone`),
    ...leaks(before, after),
    ...(server.ended() === null ? [] : [String(server.ended())]),
  ]
}

/** @returns how many were answered with a stream */
async function round(server: ServerProcess, readers: readonly Reader[]): Promise<number> {
  let open = true
  const stirring = (async () => {
    while (open) {
      await server.ask('stir')
      await sleep(50)
    }
  })()
  const served = await Promise.all(readers.map(reader => come(server.port, reader)))
  open = false
  await stirring
  return served.filter(Boolean).length
}

async function come(port: number, { line, body, manner, stayMs }: Reader): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  // Whatever the server does to one that goes is well.
  socket.on('error', () => undefined)
  const text = [
    `${line} HTTP/1.1`,
    'host: 127.0.0.1',
    'authorization: Bearer token-of-ada',
    'accept: text/event-stream',
    ...(body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
    '',
    body,
  ].join('\r\n')
  socket.write(manner === 'head' ? text.slice(0, 40) : text)
  let served = false
  if (manner !== 'unread')
    socket.on('data', chunk => {
      served ||= chunk.includes('text/event-stream')
    })
  if (['destroy', 'reset', 'end'].includes(manner))
    await Promise.race([
      once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }),
      once(socket, 'close', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }),
    ]).catch(() => undefined)
  await sleep(stayMs)
  await leave(socket, manner)
  return served
}

async function leave(socket: Socket, manner: Reader['manner']): Promise<void> {
  if (manner === 'end') {
    socket.end()
    // Only what is closed from here on both sides is gone for good, where the server goes on sending to one that listens.
    await sleep(STAY_MS / 2)
  }
  if (manner === 'reset') socket.resetAndDestroy()
  else socket.destroy()
}

async function settled(server: ServerProcess): Promise<Figures> {
  const endMs = Date.now() + SETTLE_LIMIT_MS
  for (;;) {
    const figures = await server.ask('figures')
    const { streams, readers, logs, sockets } = figures
    if (streams + readers + logs + sockets === 0 || Date.now() > endMs) return figures
    await sleep(100)
  }
}
