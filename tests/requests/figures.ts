// What the server's process holds, counted so that what it held before and what it holds afterwards can be compared; and which requests kept
// its event loop busy.
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { World } from './world.ts'

export interface Figures {
  /** After a garbage collection, in MiB. */
  heapMiB: number
  /** Buffers outside the heap, in MiB. */
  buffersMiB: number
  rssMiB: number
  sockets: number
  timers: number
  /** Event streams that are open, readers of changes, logs that are read. */
  streams: number
  readers: number
  logs: number
  /** Channels that somebody of this store listens to, and connections to it. */
  subscriptions: number
  connections: number
  /** Keys that never expire and are of no job. */
  keys: number
  /** Jobs that are kept. */
  jobs: number
}

const MIB = 1_048_576

export async function figuresOf({ app, store }: World): Promise<Figures> {
  collectGarbage()
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  const { redis, prefix } = store
  const sockets = await new Promise<number>((resolve, reject) =>
    app.http.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
  const clients = String(await redis.call('CLIENT', 'LIST'))
  const channels = (await redis.call('PUBSUB', 'CHANNELS')) as string[]
  const all = await redis.keys(`${prefix}:*`)
  const lasting = await lastingOf(redis, all)
  return {
    heapMiB: heapUsed / MIB,
    buffersMiB: (external + arrayBuffers) / MIB,
    rssMiB: rss / MIB,
    sockets,
    timers: resources.filter(name => name === 'Timeout').length,
    ...app.following(),
    subscriptions: channels.length,
    connections: clients.trim().split('\n').length,
    keys: lasting.filter(key => !OF_A_JOB.test(key)).length,
    jobs: all.filter(key => /^t\d+:job:/.test(key)).length,
  }
}

const OF_A_JOB =
  /^t\d+:(?:job|job-key|events|epochs|epochs-final|jobs|changes|environment|environment-name|environment-names|webhook[^:]*):/

async function lastingOf(redis: World['store']['redis'], keys: readonly string[]): Promise<string[]> {
  const lasting: string[] = []
  for (let from = 0; from < keys.length; from += 1_000) {
    const some = keys.slice(from, from + 1_000)
    const pipeline = redis.pipeline()
    for (const key of some) pipeline.pttl(key)
    const lives = (await pipeline.exec()) ?? []
    lasting.push(...some.filter((_, i) => lives[i]?.[1] === -1))
  }
  return lasting
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc')
  globalThis.gc()
  globalThis.gc()
}

export interface Stall {
  milliseconds: number
  /** What came since the tick before. */
  requests: string[]
}

const TICK_MS = 10

/**
 * Counts what the main thread itself has worked between two ticks: on a loaded machine a process that only waits for its turn is late as
 * well, and is not to blame.
 */
export function watchLoop(world: World, limitMs: number): { stalls(): Stall[]; stop(): void } {
  let stalls: Stall[] = []
  let recent: string[] = []
  const noted = ({ method, url = '' }: IncomingMessage): void => {
    recent.push(`${method} ${url.slice(0, 200)}`)
    if (recent.length > 50) recent.shift()
  }
  world.app.http.server.prependListener('request', noted)
  let atMs = performance.now()
  let workedMs = mainThreadMs()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (nowMs - atMs > limitMs) {
      const milliseconds = mainThreadMs() - workedMs
      if (milliseconds > limitMs && recent.length > 0) stalls.push({ milliseconds, requests: recent })
    }
    recent = []
    atMs = performance.now()
    workedMs = mainThreadMs()
  }, TICK_MS)
  return {
    stalls() {
      const seen = stalls
      stalls = []
      return seen
    },
    stop() {
      clearInterval(timer)
      world.app.http.server.off('request', noted)
    },
  }
}

/** Linux: the first number is nanoseconds on a processor. */
const mainThreadMs = (): number =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
