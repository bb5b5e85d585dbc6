// A breaker with a clock and a probe: lets calls through while it is closed, fails them at once while it is not,
// and asks by itself, with one cheap question, whether the part is well again.
import type { Breaker } from '@trotline/contracts'
import type { BreakerSettings } from '../config.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import { createBreaker } from './breaker.ts'

export interface Resting {
  /** @throws CLUSTER_RESTING, transient, while the part is left alone */
  pass(): void
  /** Which faults are the part's own is the caller's to know. */
  failed(error: { code: string; message: string }, startedAtMs: number): void
  answered(): void
  view(): Breaker
  close(): void
}

interface Options {
  cluster: string
  identity: string
  part: Breaker['part']
  settings: BreakerSettings
  /** Resolves where the part is well. */
  probe(): Promise<void>
  /** Counts a call that was not made. */
  onRefused(): void
  now?: () => number
}

const OWN_FAULTS: Record<Breaker['part'], string> = { ssh: 'SSH_', slurmctld: 'SLURM_' }
const NAMES: Record<Breaker['part'], string> = { ssh: 'The way to cluster', slurmctld: 'slurmctld of cluster' }

export function createResting(options: Options): Resting {
  const { cluster, identity, part, settings, probe, onRefused, now = Date.now } = options
  const machine = createBreaker(
    {
      faults: settings.faults,
      windowMs: settings.windowSeconds * 1000,
      restMs: settings.restSeconds * 1000,
      longestRestMs: settings.longestRestSeconds * 1000,
    },
    now(),
  )
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function arm(): void {
    const { state, nextProbeAtMs } = machine.view
    if (closed || state !== 'open' || nextProbeAtMs === null) return
    clearTimeout(timer)
    timer = setTimeout(() => void tryAgain(), Math.max(0, nextProbeAtMs - now()))
    timer.unref()
  }

  async function tryAgain(): Promise<void> {
    machine.probing(now())
    try {
      await probe()
      machine.probed(null, now())
    } catch (error) {
      // A probe that could not be made (the store is away, or the way itself rests) says nothing new of this part.
      const told = isCoded(error) && error.code.startsWith(OWN_FAULTS[part])
      const fault = told ? { code: error.code, detail: error.message, atMs: now() } : machine.view.lastFault
      machine.probed(fault ?? { code: 'BUG', detail: String(error), atMs: now() }, now())
      arm()
    }
  }

  return {
    pass() {
      const { state, sinceMs, nextProbeAtMs, lastFault } = machine.view
      if (state === 'closed') return
      onRefused()
      const next = state === 'open' && nextProbeAtMs !== null ? `tried again at ${iso(nextProbeAtMs)}` : 'tried now'
      throw new OrchestratorError(
        'CLUSTER_RESTING',
        `${NAMES[part]} ${cluster} is left alone since ${iso(sinceMs)} and ${next}. ${lastFault?.code}: ${lastFault?.detail}`,
        { details: { part, identity, code: lastFault?.code } },
      )
    },
    failed({ code, message }, startedAtMs) {
      machine.failed({ code, detail: message, atMs: now() }, startedAtMs)
      arm()
    },
    answered: () => machine.answered(now()),
    view() {
      const { state, sinceMs, faults, lastFault, nextProbeAtMs } = machine.view
      return {
        identity,
        part,
        state,
        since: iso(sinceMs),
        faults,
        lastFault: lastFault && { code: lastFault.code, detail: lastFault.detail, at: iso(lastFault.atMs) },
        nextProbeAt: state === 'open' && nextProbeAtMs !== null ? iso(nextProbeAtMs) : null,
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
