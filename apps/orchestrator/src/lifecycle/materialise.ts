// Makes and tends the environments of one cluster, for the process that owns it. A round looks at all about which there is something to
// do, and starts a step for each that has none under way: one that takes long (archives on their way) keeps no other waiting.
// Whatever interrupts a step, the record tells where to go on.
import type { SlurmJob } from '@trotline/slurm'
import type { Logger } from 'pino'
import type { ClusterAccess } from '../clusters/access.ts'
import { pauseInWords } from '../clusters/paused.ts'
import type { WorkerReleases } from '../clusters/release.ts'
import { type CodedError, isCoded } from '../errors.ts'
import type { LeaseClaim } from '../store/job-store.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import type { Crash } from './crash-points.ts'
import { isClusterFault, isPatience } from './ladder.ts'
import { begin, bring } from './materialise-bring.ts'
import type { EnvironmentParts, MaterialiseContext } from './materialise-context.ts'
import { follow, type Watched } from './materialise-follow.ts'
import { into, isTending, isWaiting, isWishedOnly, later } from './materialise-moves.ts'
import { cancelUnstarted, start } from './materialise-start.ts'
import { heedWish, tend } from './materialise-tend.ts'
import { fail, troubleOf } from './materialise-trouble.ts'

type Record = MaterialisationRecord

const CLUSTER_AGAIN_MS = 10_000
/** A quota, a full disk: what a maker cannot be started for is no short trouble after this. */
const START_PATIENCE_MS = 1_800_000
/** A bug, mostly. */
const UNFORESEEN_AGAIN_MS = 60_000
/** Steps of one lock in a row, where each changes something: a ready release is brought, ordered and started in one go. */
const MOST_STEPS = 8
/** What jobs wait for, or need not wait for any longer. */
const SETTLED = new Set<Record['state']>(['ready', 'failed', 'cancelled'])

export interface MaterialisingDeps extends EnvironmentParts {
  cluster: ClusterAccess
  releases: WorkerReleases
  lease(): LeaseClaim
  crash: Crash
  log: Logger
  now(): Date
  /** The state that jobs wait for may have come, or will not come any more. */
  onSettled(lock: string): void
}

export interface Materialising {
  /** To be called again and again by the process that owns the cluster. */
  round(): Promise<void>
  /** No step begins any more; resolves when those under way have ended, which closing the cluster's access hastens. */
  stop(): Promise<void>
}

export function createMaterialising(deps: MaterialisingDeps): Materialising {
  const { cluster, store, lease, log, now, onSettled } = deps
  const { name, environments } = cluster.settings
  const working = new Map<string, { ended: Promise<void>; abort: AbortController; phase: string }>()
  const watched = new Map<string, Watched>()
  const seen = new Map<string, number>()
  /** Makers whose start was meant by this very process: those of an earlier one are looked up. */
  const meantHere = new Set<string>()
  let stopped = false
  let listedAtMs = Number.NEGATIVE_INFINITY
  let listing: Promise<readonly SlurmJob[]> | null = null

  const context: MaterialiseContext = {
    ...deps,
    listed() {
      const atMs = performance.now()
      if (listing === null || atMs - listedAtMs > cluster.settings.pollIntervalMs) {
        listedAtMs = atMs
        const asked = cluster.service().scheduler.listJobs()
        listing = asked
        asked.catch(() => {
          if (listing === asked) listing = null
        })
      }
      return listing
    },
    async change(lock, decide) {
      let before: Record | null = null
      const { record, outcome } = await store.change(
        name,
        lock,
        current => {
          before = current
          return current === null ? null : decide(current)
        },
        { lease: lease() },
      )
      if (outcome === 'changed' && stateOf(before) !== stateOf(record)) {
        log.info(
          { lock, from: stateOf(before), to: stateOf(record) },
          `environment: ${record?.detail ?? 'It was removed.'}`,
        )
        if (record !== null && SETTLED.has(record.state)) onSettled(lock)
      }
      return record
    },
  }

  async function round(): Promise<void> {
    if (stopped) return
    const records = (await store.due(name)).toSorted((a, b) => (a.wantedAt < b.wantedAt ? -1 : 1))
    for (const { lock, inner } of records) {
      const work = working.get(lock)
      if (inner.wish?.kind === 'cancel' && inner.doing?.phase === 'bring') work?.abort.abort()
    }
    const making = records.filter(({ inner }) =>
      ['bring', 'start', 'follow', 'stop'].includes(inner.doing?.phase ?? ''),
    )
    const wanted = records.filter(record => isWaiting(record) && record.inner.dueAt <= now().getTime())
    let room = environments.atOnce - making.length
    // A look reads every byte, a removal every folder: fifty of them at once would be felt by whoever works on the login node.
    let hands = environments.atOnce - records.filter(isTending).length
    const paused = wanted.length > 0 ? await cluster.paused() : null
    for (const record of records) {
      if (working.has(record.lock) || stopped) continue
      if (isWaiting(record)) {
        if (record.inner.dueAt > now().getTime()) continue
        if (paused !== null) {
          await tellWait(record, `It waits: the cluster is ${pauseInWords(paused)}.`)
          continue
        }
        if (room <= 0) {
          await tellWait(record, 'It waits for another environment to be made first.')
          continue
        }
        room -= 1
      } else if (isWishedOnly(record)) {
        if (hands <= 0) continue
        hands -= 1
      }
      work(record)
    }
  }

  const tellWait = async (record: Record, detail: string): Promise<void> => {
    if (record.detail !== detail)
      await context.change(record.lock, current => (isWaiting(current) ? { ...current, detail } : current))
  }

  function work(record: Record): void {
    const abort = new AbortController()
    const ended = steps(record, abort.signal)
      .catch(error => afterTrouble(record.lock, error))
      .catch(error => {
        if (isCoded(error)) log.warn({ lock: record.lock, code: error.code }, `environment: ${error.message}`)
        else log.error({ lock: record.lock, err: error }, 'environment: a step failed in a way nobody foresaw')
      })
      .finally(() => void working.delete(record.lock))
    working.set(record.lock, { ended, abort, phase: record.inner.doing?.phase ?? '' })
  }

  async function steps(record: Record, signal: AbortSignal): Promise<void> {
    let current: Record | null = record
    for (let i = 0; i < MOST_STEPS && current !== null && !stopped; i += 1) {
      const before: Record = current
      current = await step(before, signal)
      const moved = current !== null && (phaseOf(current) !== phaseOf(before) || current.state !== before.state)
      if (!moved) return
    }
  }

  async function step(record: Record, signal: AbortSignal): Promise<Record | null> {
    const { doing, wish, dueAt } = record.inner
    const cancel = wish?.kind === 'cancel'
    if (dueAt > now().getTime() && !cancel) return record
    switch (doing?.phase) {
      case undefined:
        if (record.state === 'wanted' && cancel) return cancelUnstarted(record, context)
        if (record.state === 'wanted' && wish?.kind !== 'remove') return begin(record, context)
        return heedWish(record, context)
      case 'bring': {
        if (cancel) return cancelUnstarted(record, context)
        const next = await bring(record, context, signal)
        if (next?.inner.doing?.phase === 'start') meantHere.add(`${next.lock} ${next.attempt}`)
        return next
      }
      case 'start': {
        // Whether it has begun is not known before it was asked for: it is started and then told to end.
        const here = meantHere.delete(`${record.lock} ${record.attempt}`)
        return start(record, context, !here)
      }
      case 'follow':
      case 'stop': {
        const eye = watched.get(record.lock) ?? { run: '', word: '', wordMs: 0, overMs: null, askedMs: 0 }
        watched.set(record.lock, eye)
        const next = await follow(record, context, eye)
        if (next === null || !['follow', 'stop'].includes(phaseOf(next))) watched.delete(record.lock)
        return next
      }
      default: {
        const next = await tend(record, context, seen)
        if (next === null || next.inner.doing?.run !== doing?.run) seen.delete(doing?.run ?? '')
        return next
      }
    }
  }

  async function afterTrouble(lock: string, error: unknown): Promise<void> {
    const record = await store.read(name, lock)
    if (stopped || record === null) return
    if (isAbort(error) && record.inner.wish?.kind === 'cancel') return void (await cancelUnstarted(record, context))
    if (!isCoded(error)) {
      log.error({ lock, err: error }, 'environment: a step failed in a way nobody foresaw')
      const detail = 'The server met an error of its own, which its log tells; it is tried again.'
      await context.change(lock, current =>
        later(current, now().toISOString(), now().getTime() + UNFORESEEN_AGAIN_MS, detail),
      )
      return
    }
    if (error.code === 'LEASE_LOST' || error.code === 'SSH_CLOSED') return
    if (error.code === 'STORE_UNREACHABLE') throw error
    await putOff(record, error)
  }

  async function putOff(record: Record, error: CodedError): Promise<void> {
    const at = now().toISOString()
    // The way to the cluster is no fault of the environment's, and a pause or a limit is none at all.
    if (isClusterFault(error.code) || isPatience(error.code) || error.code.startsWith('SSH_')) {
      await context.change(record.lock, current =>
        later(current, at, now().getTime() + CLUSTER_AGAIN_MS, error.message),
      )
      return
    }
    log.warn({ lock: record.lock, code: error.code }, `environment: ${error.message}`)
    const phase = phaseOf(record)
    // What may have been started is asked for again under the same name, as long as that can be a matter of time.
    const startedMs = Date.parse(record.inner.doing?.since ?? at)
    const hopeless = !error.transient || now().getTime() - startedMs > START_PATIENCE_MS
    if (phase === '' || phase === 'bring' || (phase === 'start' && hopeless)) {
      await fail(record, context, troubleOf(error))
      return
    }
    await context.change(record.lock, current =>
      error.transient || phase !== 'look'
        ? later(current, at, now().getTime() + CLUSTER_AGAIN_MS, error.message)
        : into(current, at, null, error.message),
    )
  }

  return {
    round,
    async stop() {
      stopped = true
      for (const { abort } of working.values()) abort.abort()
      while (working.size > 0) await Promise.allSettled([...working.values()].map(({ ended }) => ended))
    },
  }
}

const phaseOf = (record: Record): string => record.inner.doing?.phase ?? ''
const stateOf = (record: Record | null): string => record?.state ?? 'none'
const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'SOLVE_CANCELLED'))
