// Looks at all live jobs over REST twice a second: for the progress line, for the time to recover, and to know when all have ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal, type Job } from '@trotline/contracts'
import type { Client } from './client.ts'

const EVERY_MS = 500

export interface Watcher {
  readonly jobs: ReadonlyMap<string, Job>
  /** Acknowledged jobs that have not ended, as far as is known. */
  live(): string[]
  /** Fulfilled when a job next goes from one state to another. */
  nextProgress(): Promise<number>
  stop(): Promise<void>
}

export function startWatcher(client: Client): Watcher {
  const jobs = new Map<string, Job>()
  let stopped = false
  let waiting: ((atMs: number) => void)[] = []

  const live = (): string[] => {
    const ids = new Set(client.asked.map(one => one.id).filter(id => id !== null))
    return [...ids].filter(id => {
      const known = jobs.get(id)
      return known === undefined || !isTerminal(known.state)
    })
  }

  async function look(id: string): Promise<void> {
    const job = await client.job(id)
    if (job === null) return
    const before = jobs.get(id)
    jobs.set(id, job)
    // Epochs come without the cluster's owner, and a first look is no change: only a state that moved shows that all parts work.
    if (before !== undefined && before.state !== job.state) {
      const atMs = Date.now()
      for (const tell of waiting) tell(atMs)
      waiting = []
    }
  }

  const running = (async () => {
    while (!stopped) {
      const ids = live()
      for (let i = 0; i < ids.length && !stopped; i += 8) await Promise.all(ids.slice(i, i + 8).map(look))
      await sleep(EVERY_MS)
    }
  })()

  return {
    jobs,
    live,
    nextProgress: () => new Promise(resolve => waiting.push(resolve)),
    async stop() {
      stopped = true
      await running
    },
  }
}
