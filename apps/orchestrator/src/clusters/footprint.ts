// What we cost a cluster, counted where every call passes (guard.ts), by the process that owns it.
import { COMMAND_KINDS, type CommandKind, type Footprint } from '@trotline/contracts'

export interface FootprintCounter {
  command(kind: CommandKind, count?: number): void
  bytes(out: number, received: number): void
  waited(ms: number): void
  refused(why: 'ceiling' | 'resting'): void
  /** Told by the guards whenever a channel may have come or gone. */
  channels(now: number): void
  view(now: { connections: number; waiting: number; spent: Footprint['spentLastMinute'] }): Footprint
}

export function createFootprint(clock: () => number = Date.now): FootprintCounter {
  const sinceMs = clock()
  const minute = new Map(COMMAND_KINDS.map(kind => [kind, new RollingCount(1_000)]))
  const hour = new Map(COMMAND_KINDS.map(kind => [kind, new RollingCount(60_000)]))
  const refused = { ceiling: 0, resting: 0 }
  let bytesOut = 0
  let bytesIn = 0
  let waitedMs = 0
  let channels = 0
  let channelsPeak = 0

  const countsOf = (counts: ReadonlyMap<CommandKind, RollingCount>): Record<CommandKind, number> =>
    Object.fromEntries(COMMAND_KINDS.map(kind => [kind, counts.get(kind)?.sum(clock()) ?? 0])) as Record<
      CommandKind,
      number
    >

  return {
    command(kind, count = 1) {
      minute.get(kind)?.add(count, clock())
      hour.get(kind)?.add(count, clock())
    },
    bytes(out, received) {
      bytesOut += out
      bytesIn += received
    },
    waited(ms) {
      waitedMs += ms
    },
    refused(why) {
      refused[why] += 1
    },
    channels(now) {
      channels = now
      channelsPeak = Math.max(channelsPeak, now)
    },
    view: ({ connections, waiting, spent }) => ({
      since: new Date(sinceMs).toISOString(),
      at: new Date(clock()).toISOString(),
      connections,
      channels,
      channelsPeak,
      commandsLastMinute: countsOf(minute),
      commandsLastHour: countsOf(hour),
      spentLastMinute: spent,
      bytesOut,
      bytesIn,
      waiting,
      secondsWaited: Math.round(waitedMs / 100) / 10,
      refused: { ...refused },
    }),
  }
}

const SLOTS = 60

/** The last 60 slots of time, the present one included. */
export class RollingCount {
  readonly #slotMs: number
  readonly #counts = new Map<number, number>()

  constructor(slotMs: number) {
    this.#slotMs = slotMs
  }

  add(count: number, nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs)
    this.#counts.set(slot, (this.#counts.get(slot) ?? 0) + count)
    for (const old of this.#counts.keys()) if (old <= slot - SLOTS) this.#counts.delete(old)
  }

  sum(nowMs: number): number {
    const slot = Math.floor(nowMs / this.#slotMs)
    let sum = 0
    for (const [at, count] of this.#counts) if (at > slot - SLOTS) sum += count
    return sum
  }
}
