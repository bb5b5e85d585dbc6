// Where commands wait while a ceiling of the cluster is reached: in order, cancels and watching first, and not for ever.
// What is spent is counted in the store (store/budget.ts). What comes while a reservation is on its way goes with the
// next one, so a hundred submissions a second cost a few round trips.
import { SlurmError } from '@trotline/slurm'
import type { CeilingSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import type { Budget, Demand } from '../store/budget.ts'

/** Earlier in the list goes first. */
export const URGENCY = ['urgent', 'question', 'submission'] as const
export type Urgency = (typeof URGENCY)[number]

export interface Ceilings {
  /**
   * Resolves when some of it may be done, with how much: at least 1, at most `count`.
   * @throws CLUSTER_CEILING it waited too long; STORE_UNREACHABLE nobody could be asked; SSH_CLOSED the cluster was given up
   */
  take(urgency: Urgency, count: number): Promise<number>
  readonly waiting: number
  /** Whoever waits fails with SSH_CLOSED, as calls under way do. */
  close(): void
}

interface Waiter {
  urgency: Urgency
  demand: Demand
  sinceMs: number
  resolve(granted: number): void
  reject(error: unknown): void
}

interface Options {
  cluster: string
  settings: CeilingSettings
  budget: Budget
  onWaited(ms: number): void
  onRefused(): void
}

/** A memory bound that no real day reaches: jobs wait in the store, calls of at most a few hundred of them here. */
const MOST_WAITING = 10_000
const DEMANDS_AT_ONCE = 500

export function createCeilings({ cluster, settings, budget, onWaited, onRefused }: Options): Ceilings {
  let waiting: Waiter[] = []
  let pumping = false
  let closed = false
  let wake: (() => void) | null = null

  function giveUp(waiter: Waiter, nowMs: number): void {
    onRefused()
    onWaited(nowMs - waiter.sinceMs)
    waiter.reject(
      new OrchestratorError(
        'CLUSTER_CEILING',
        `The ceiling of commands on cluster ${cluster} is reached: the call waited ${Math.round((nowMs - waiter.sinceMs) / 1000)} s and is tried again later`,
      ),
    )
  }

  async function pump(): Promise<void> {
    if (pumping) return
    pumping = true
    while (waiting.length > 0 && !closed) {
      const batch = waiting.slice(0, DEMANDS_AT_ONCE)
      let waitMs: number
      try {
        const grant = await budget.reserve(
          cluster,
          settings,
          batch.map(waiter => waiter.demand),
        )
        waitMs = grant.waitMs
        const nowMs = Date.now()
        for (const [i, waiter] of batch.entries()) {
          const granted = grant.granted[i] ?? 0
          if (granted === 0 || !remove(waiter)) continue
          if (nowMs - waiter.sinceMs > NOTICED_MS) onWaited(nowMs - waiter.sinceMs)
          waiter.resolve(granted)
        }
      } catch (error) {
        for (const waiter of batch) if (remove(waiter)) waiter.reject(error)
        continue
      }
      const nowMs = Date.now()
      for (const waiter of [...waiting])
        if (nowMs - waiter.sinceMs >= settings.waitSeconds * 1000 && remove(waiter)) giveUp(waiter, nowMs)
      if (waitMs > 0 && waiting.length > 0) await pause(Math.min(Math.max(waitMs, 10), LOOK_AGAIN_MS))
    }
    // In the same turn as the last look at the list: whoever comes next begins anew.
    pumping = false
  }

  /** False: it was settled meanwhile. */
  function remove(waiter: Waiter): boolean {
    const at = waiting.indexOf(waiter)
    if (at >= 0) waiting.splice(at, 1)
    return at >= 0
  }

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function enqueue(waiter: Waiter): void {
    const rank = URGENCY.indexOf(waiter.urgency)
    const behind = waiting.findIndex(other => URGENCY.indexOf(other.urgency) > rank)
    if (behind < 0) waiting.push(waiter)
    else {
      waiting.splice(behind, 0, waiter)
      // It goes before what waits for the window: look now.
      wake?.()
    }
  }

  return {
    take(urgency, count) {
      if (closed) return Promise.reject(new SlurmError('SSH_CLOSED'))
      return new Promise((resolve, reject) => {
        const demand: Demand = { kind: urgency === 'submission' ? 'submission' : 'command', count }
        const waiter: Waiter = { urgency, demand, sinceMs: Date.now(), resolve, reject }
        if (waiting.length >= MOST_WAITING) {
          giveUp(waiter, Date.now())
          return
        }
        enqueue(waiter)
        void pump()
      })
    },
    get waiting() {
      return waiting.length
    },
    close() {
      closed = true
      const all = waiting
      waiting = []
      for (const waiter of all) waiter.reject(new SlurmError('SSH_CLOSED'))
      wake?.()
    },
  }
}

/** Below this it was the round trip to the store, not a ceiling. */
const NOTICED_MS = 100
/** Another process may have spent, or not spent, what we wait for. */
const LOOK_AGAIN_MS = 1_000
