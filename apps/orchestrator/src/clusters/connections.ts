// Which identities may have a connection now. The permission is the store's (store/connection-slots.ts), so that the ceiling
// holds over all processes. Past it an idle connection of ours is closed for whoever waits; nobody is cut off at work.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SlurmError } from '@trotline/slurm'
import type { CeilingSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import { type ConnectionSlots, SLOT_MS } from '../store/connection-slots.ts'

export interface Holder {
  readonly identity: string
  /** No call is under way. */
  idle(): boolean
  /** Closes the connection; the next use opens another. */
  drop(): Promise<void>
}

export interface Connections {
  /** Resolves when this holder may use its connection. @throws CLUSTER_CEILING, STORE_UNREACHABLE, SSH_CLOSED */
  enter(holder: Holder): Promise<void>
  /** Keeps what is held; to be called more often than permissions last. @throws STORE_UNREACHABLE */
  renew(): Promise<void>
  readonly held: number
  readonly waiting: number
  close(): Promise<void>
}

interface Options {
  cluster: string
  settings: CeilingSettings
  slots: ConnectionSlots
  onWaited(ms: number): void
  onRefused(): void
}

interface Permission {
  holder: Holder
  untilMs: number
  sinceMs: number
  usedMs: number
}

const LOOK_AGAIN_MS = 100
/** While others wait a holder gives up its connection after this long. */
const TURN_MS = 5_000
/** Who was let in has not begun its call yet. */
const JUST_LET_IN_MS = 50

export function createConnections({ cluster, settings, slots, onWaited, onRefused }: Options): Connections {
  const self = randomUUID().slice(0, 8)
  const held = new Map<string, Permission>()
  let waiting = 0
  let queue: Promise<unknown> = Promise.resolve()
  let closed = false

  const slotOf = (holder: Holder): string => `${self}/${holder.identity}`

  async function take(holder: Holder): Promise<boolean> {
    const askedAtMs = Date.now()
    if (!(await slots.take(cluster, slotOf(holder), settings.connections))) return false
    if (closed) {
      // Closed while the store was asked: nobody else would give it back.
      await slots.giveBack(cluster, [slotOf(holder)])
      throw new SlurmError('SSH_CLOSED')
    }
    const since = held.get(holder.identity)?.sinceMs ?? askedAtMs
    // Our own clock ends it early: past the end another process may have taken it.
    held.set(holder.identity, { holder, untilMs: askedAtMs + SLOT_MS, sinceMs: since, usedMs: askedAtMs })
    return true
  }

  async function makeRoom(): Promise<void> {
    const atMs = Date.now()
    const idle = [...held.values()]
      .filter(({ holder, usedMs }) => holder.idle() && atMs - usedMs > JUST_LET_IN_MS)
      .sort((a, b) => a.usedMs - b.usedMs)[0]
    if (!idle) return
    held.delete(idle.holder.identity)
    await idle.holder.drop()
    await slots.giveBack(cluster, [slotOf(idle.holder)])
  }

  async function waitForTurn(holder: Holder, sinceMs: number): Promise<void> {
    for (;;) {
      if (closed) throw new SlurmError('SSH_CLOSED')
      if (usable(holder, 0) || (await take(holder))) return
      await makeRoom()
      if (await take(holder)) return
      if (Date.now() - sinceMs > settings.waitSeconds * 1000) {
        onRefused()
        throw new OrchestratorError(
          'CLUSTER_CEILING',
          `The ceiling of connections to cluster ${cluster} is reached: identity ${holder.identity} waited ${settings.waitSeconds} s for one of ${settings.connections}`,
        )
      }
      await sleep(LOOK_AGAIN_MS)
    }
  }

  function usable(holder: Holder, others: number): boolean {
    const mine = held.get(holder.identity)
    if (!mine || Date.now() >= mine.untilMs) return false
    if (others > 0 && Date.now() - mine.sinceMs > TURN_MS) return false
    mine.usedMs = Date.now()
    return true
  }

  return {
    async enter(holder) {
      if (closed) throw new SlurmError('SSH_CLOSED')
      if (usable(holder, waiting)) return
      const sinceMs = Date.now()
      waiting += 1
      const turn = queue.then(() => waitForTurn(holder, sinceMs))
      queue = turn.catch(() => undefined)
      try {
        await turn
      } finally {
        waiting -= 1
        const waitedMs = Date.now() - sinceMs
        if (waitedMs >= LOOK_AGAIN_MS) onWaited(waitedMs)
      }
    },
    async renew() {
      for (const { holder } of [...held.values()]) {
        const askedAtMs = Date.now()
        const kept = await slots.take(cluster, slotOf(holder), settings.connections)
        const mine = held.get(holder.identity)
        if (kept && mine) mine.untilMs = askedAtMs + SLOT_MS
        // Closed for somebody else meanwhile.
        else if (kept) await slots.giveBack(cluster, [slotOf(holder)])
        else if (mine) {
          held.delete(holder.identity)
          await holder.drop()
        }
      }
    },
    get held() {
      return held.size
    },
    get waiting() {
      return waiting
    },
    async close() {
      closed = true
      // Whoever waits is let go at its next look, and gives back what it was granted on the way.
      await queue
      const mine = [...held.values()].map(({ holder }) => slotOf(holder))
      held.clear()
      // Where the store is away they end by themselves.
      await slots.giveBack(cluster, mine).catch(() => undefined)
    },
  }
}
