// A TCP proxy between one server process and sshd. It sees bytes, not meaning: it cuts after so many of them, holds them
// back, or lets them trickle. It also keeps account of who talked when: only the owner of a cluster may.
import { createServer, type Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** `up` is towards sshd. */
export type Direction = 'up' | 'down'

export interface Cut {
  direction: Direction
  /** Of one connection, or of all together where it was armed for them. */
  afterBytes: number
}

/** From the first to the last byte that the server process sent, without a pause longer than QUIET_MS. */
export interface Talk {
  fromMs: number
  toMs: number
}

export interface Link {
  readonly port: number
  /** Connections taken so far. */
  readonly accepted: number
  readonly live: number
  readonly bytesUp: number
  readonly talks: readonly Talk[]
  /** Ends every connection once so many further bytes have passed; resolves true then, false when `disarm` came first. */
  cutAfter(cut: Cut): { cut: Promise<boolean>; disarm(): void }
  /** Each new connection is cut as drawn; null lets it live. */
  planCuts(draw: (() => Cut | null) | null): void
  cutNow(): number
  /** `hang`: connections stay and carry nothing. A number: at most so many bytes a second each way. */
  carry(how: 'freely' | 'hang' | number): void
  close(): Promise<void>
}

/** Longer than ssh's keep-alive: a connection that is held is one talk. */
const QUIET_MS = 6_000
const TRICKLE_MS = 50

export async function openLink(to: { host: string; port: number }, onPort = 0): Promise<Link> {
  const pairs = new Set<{ client: Socket; server: Socket }>()
  const talks: Talk[] = []
  let accepted = 0
  let bytesUp = 0
  let how: 'freely' | 'hang' | number = 'freely'
  let changed: (() => void)[] = []
  let draw: (() => Cut | null) | null = null
  const armed = new Set<{ direction: Direction; left: number; done(cut: boolean): void }>()

  // The client sees a reset. The server does not: what was forwarded so far is to arrive, as from a link that broke behind it.
  const end = (pair: { client: Socket; server: Socket }): void => {
    pairs.delete(pair)
    pair.server.end()
    pair.client.resetAndDestroy()
    setTimeout(() => pair.server.destroy(), 200).unref()
  }
  const endAll = (): number => {
    const count = pairs.size
    for (const pair of pairs) end(pair)
    return count
  }

  function talked(): void {
    const now = Date.now()
    const last = talks.at(-1)
    if (last !== undefined && now - last.toMs < QUIET_MS) last.toMs = now
    else talks.push({ fromMs: now, toMs: now })
  }

  /** Bytes are forwarded in the order in which they came; a hung or slow link holds the reader back, as a full pipe does. */
  async function forward(from: Socket, into: Socket, direction: Direction, own: Cut | null, cutPair: () => void) {
    let passed = 0
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        let bytes = chunk
        if (direction === 'up') {
          bytesUp += bytes.length
          talked()
        }
        await allowed(bytes.length)
        if (own?.direction === direction && passed + bytes.length >= own.afterBytes) {
          into.write(bytes.subarray(0, own.afterBytes - passed))
          cutPair()
          return
        }
        for (const rule of armed) {
          if (rule.direction !== direction) continue
          rule.left -= bytes.length
          if (rule.left > 0) continue
          bytes = bytes.subarray(0, Math.max(bytes.length + rule.left, 0))
          into.write(bytes)
          armed.delete(rule)
          endAll()
          rule.done(true)
          return
        }
        passed += bytes.length
        if (!into.write(bytes)) await new Promise(done => into.once('drain', done).once('close', done))
      }
      into.end()
    } catch {
      into.destroy()
    }
  }

  async function allowed(bytes: number): Promise<void> {
    while (how === 'hang') await new Promise<void>(resolve => changed.push(resolve))
    if (typeof how === 'number') await sleep(Math.max(TRICKLE_MS, (bytes / how) * 1000))
  }

  const listener: Server = createServer(client => {
    accepted++
    const server = new Socket()
    const pair = { client, server }
    pairs.add(pair)
    const cutPair = (): void => end(pair)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        client.destroy()
        server.destroy()
      })
    }
    const own = draw?.() ?? null
    server.connect(to.port, to.host, () => {
      void forward(client, server, 'up', own, cutPair)
      void forward(server, client, 'down', own, cutPair)
    })
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(onPort, '127.0.0.1', resolve)
  })
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the link has no port')

  return {
    port: address.port,
    get accepted() {
      return accepted
    },
    get live() {
      return pairs.size
    },
    get bytesUp() {
      return bytesUp
    },
    talks,
    cutAfter({ direction, afterBytes }) {
      let rule: { direction: Direction; left: number; done(cut: boolean): void } | null = null
      const cut = new Promise<boolean>(resolve => {
        rule = { direction, left: afterBytes, done: resolve }
        armed.add(rule)
      })
      return {
        cut,
        disarm() {
          if (rule !== null && armed.delete(rule)) rule.done(false)
        },
      }
    },
    planCuts(next) {
      draw = next
    },
    cutNow: endAll,
    carry(next) {
      how = next
      for (const resolve of changed) resolve()
      changed = []
    },
    async close() {
      const closed = new Promise(done => listener.close(done))
      endAll()
      await closed
    },
  }
}
