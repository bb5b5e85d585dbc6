// Sends the requests one after another, holds each answer against the document, and keeps each fault once, with the smallest request that
// shows it. fast-check makes and shrinks them; a batch is one property with a seed of its own.
import fc from 'fast-check'
import { createChecker, type Misfit } from './check.ts'
import { type OpenApi, operationAt, operationsOf } from './document.ts'
import type { Figures } from './figures.ts'
import { idempotencyFaults } from './idempotency.ts'
import { requests, resolved, type Sent } from './request.ts'
import { createSender, curlOf, type Received } from './send.ts'
import type { ServerProcess } from './server.ts'
import { LONGEST_BLOCK_MS } from './server-process.ts'
import type { Prepared } from './world.ts'

export interface Wanted {
  count: number
  seed: number
}

export interface Fault {
  what: string
  /** Empty: no one request shows it. */
  curl: string
}

export interface Report {
  seed: number
  sent: number
  /** route -> status -> how many */
  reached: Map<string, Map<number, number>>
  /** Operations that no request got an answer below 400 from. */
  notReached: string[]
  faults: Fault[]
  /** Blocks that did not come again: of a collection of garbage, or of the machine. */
  passingBlocks: number
  longestBlockMs: number
  /** Once warm, and at the end. */
  before: Figures
  after: Figures
  seconds: number
}

/** Jobs are used up by cancelling them and the like: each batch finds a new generation. */
const BATCH = 500
const MOST_FAULTS = 60
/** Code is compiled, caches are full, connections stand. */
const WARM_SHARE = 0.1
const RECENT = 200
const LANES = 4
const SHRINK_LIMIT_MS = 2_000

/** What a property throws: fast-check makes the request smaller while it still shows some fault that is new. */
class NewFaults extends Error {
  override readonly name = 'NewFaults'
  readonly misfits: readonly Misfit[]
  readonly sent: Sent

  constructor(misfits: readonly Misfit[], sent: Sent) {
    super(misfits.join('; '))
    this.misfits = misfits
    this.sent = sent
  }
}

export async function runRequests(
  server: ServerProcess,
  { count, seed }: Wanted,
  progress: (line: string) => void,
): Promise<Report> {
  const beganMs = performance.now()
  const origin = `http://127.0.0.1:${server.port}`
  const document = (await (
    await fetch(`${origin}/openapi.json`, { headers: { connection: 'close' } })
  ).json()) as OpenApi
  const operations = operationsOf(document)
  const sender = createSender({ host: '127.0.0.1', port: server.port })
  const checker = createChecker(document, operations)
  const reached = new Map<string, Map<number, number>>(operations.map(({ route }) => [route, new Map()]))
  const faults = new Map<string, Fault>()
  const recent: Sent[] = []
  let sent = 0
  let passingBlocks = 0
  let longestBlockMs = 0
  let before: Figures | null = null
  let prepared = await server.ask('prepare')
  // Made once: that takes a second.
  const arbitrary = requests(document, operations, prepared.bodies)

  for (let batch = 0; sent < count; batch += 1) {
    if (batch > 0) prepared = await server.ask('prepare')
    const seedOfBatch = seed + batch
    await sendBatch(Math.min(BATCH, count - sent), seedOfBatch, prepared)
    for (const { milliseconds, requests } of await server.ask('stalls')) {
      longestBlockMs = Math.max(longestBlockMs, milliseconds)
      const again = await blocksAgain(requests)
      if (again === null) passingBlocks += 1
      else fault(`the event loop is kept for ${again.milliseconds.toFixed(0)} ms`, again.request)
    }
    if (batch === Math.floor(WARM_SHARE * Math.ceil(count / BATCH))) before = await settledFigures()
    progress(
      `${sent} of ${count} requests, ${faults.size} faults, ${(sent / ((performance.now() - beganMs) / 1000)).toFixed(0)}/s`,
    )
    if (faults.size >= MOST_FAULTS || server.ended() !== null) break
  }
  await idempotencyFaults(sender, operations, await server.ask('prepare'), { fault, answered })
  const after = await settledFigures()
  if (server.written() !== '') fault(`the server wrote to stderr: ${server.written()}`, null)
  return {
    seed,
    sent,
    reached,
    notReached: operations
      .map(({ route }) => route)
      .filter(route => ![...(reached.get(route)?.keys() ?? [])].some(status => status < 300)),
    faults: [...faults.values()],
    passingBlocks,
    longestBlockMs,
    before: before ?? after,
    after,
    seconds: (performance.now() - beganMs) / 1000,
  }

  function fault(what: string, one: Sent | null): void {
    if (faults.has(what)) return
    const curl = one === null ? '' : curlOf(one, origin)
    faults.set(what, { what, curl })
    progress(`${what}\n    ${curl}`)
  }

  /** Several senders at a time: the server's waits for Redis are used, and requests meet as those of people do. */
  async function sendBatch(most: number, seedOfBatch: number, { pools }: Prepared): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, (_, n) => lane(n)))

    async function lane(n: number): Promise<void> {
      let left = Math.ceil(most / LANES)
      let counting = true
      const property = fc.asyncProperty(arbitrary, async draft => {
        if (counting) left -= 1
        const one = resolved(draft, pools)
        const news = (await misfitsOf(one, counting)).filter(what => !faults.has(what))
        if (news.length > 0) throw new NewFaults(news, one)
      })
      for (let seed = seedOfBatch * LANES + n; left > 0; seed += 1_000_003) {
        counting = true
        const found = await fc.check(property, { numRuns: left, seed, endOnFailure: true })
        if (!found.failed) return
        // Made smaller apart from that, as this may take no longer than so.
        counting = false
        const path = found.counterexamplePath ?? ''
        const smaller = await fc.check(property, { seed, path, numRuns: 1, interruptAfterTimeLimit: SHRINK_LIMIT_MS })
        for (const { errorInstance } of [smaller, found]) {
          if (errorInstance instanceof NewFaults)
            for (const what of errorInstance.misfits) fault(what, errorInstance.sent)
          else if (errorInstance) throw errorInstance
        }
        if (faults.size >= MOST_FAULTS || server.ended() !== null) return
      }
    }
  }

  async function misfitsOf(one: Sent, counting: boolean): Promise<Misfit[]> {
    recent.push(one)
    if (recent.length > RECENT) recent.shift()
    let received: Received | null
    try {
      received = await sender.send(one)
    } catch (error) {
      return [server.ended() ?? `no answer: ${String(error)}`]
    }
    if (counting) sent += 1
    if (received === null) return []
    answered(one, received)
    return checker.misfits(one, received)
  }

  function answered({ method, target }: Sent, { status }: Received): void {
    const statuses = reached.get(operationAt(operations, method, target)?.route ?? '')
    statuses?.set(status, (statuses.get(status) ?? 0) + 1)
  }

  /** Once everybody who has gone is known to have gone. */
  async function settledFigures(): Promise<Figures> {
    sender.rest()
    for (let tries = 0; ; tries += 1) {
      const figures = await server.ask('figures')
      if ((figures.sockets === 0 && figures.streams === 0 && figures.readers === 0) || tries > 300) return figures
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }

  /** A request that is to blame blocks each time; a collection of garbage does not. */
  async function blocksAgain(lines: readonly string[]): Promise<{ milliseconds: number; request: Sent } | null> {
    const suspects = recent.filter(one => lines.includes(`${one.method} ${one.target.slice(0, 200)}`))
    for (const one of suspects.slice(-10)) {
      const blocked: number[] = []
      for (let i = 0; i < 3; i += 1) {
        await sender.send(one).catch(() => null)
        await new Promise(resolve => setTimeout(resolve, 30))
        blocked.push(Math.max(0, ...(await server.ask('stalls')).map(({ milliseconds }) => milliseconds)))
      }
      const least = Math.min(...blocked)
      if (least > LONGEST_BLOCK_MS) return { milliseconds: least, request: one }
    }
    return null
  }
}
