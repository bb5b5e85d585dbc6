// Lets a few tasks through at a time, first come first served, and opens channels with patience.
// A task that queues again after each small turn shares the gate fairly with all others: that is the round robin of readAt.
import { setTimeout as sleep } from 'node:timers/promises'
import { SlurmError } from './errors.ts'

export class Gate {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(slots: number) {
    this.#free = slots
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}

/** Thrown by an opener when the server said no to a channel: nothing has started, another try is safe. */
export class ChannelRefused extends Error {}

// sshd frees a slot slightly after the client sees "close": ten workers back to back under MaxSessions 10 were refused
// 11 to 16 of 60 times. Others may hold the slots for longer, so patience is counted in time; the jitter keeps several waiters apart.
const PATIENCE_MS = 10_000
const LONGEST_WAIT_MS = 250

export async function openPatiently<T>(open: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await open()
    } catch (cause) {
      if (!(cause instanceof ChannelRefused)) throw cause
      if (performance.now() > giveUpAt) throw new SlurmError('SSH_CHANNELS_REFUSED', { cause })
      await sleep(waitMs * (0.5 + Math.random()))
    }
  }
}
