// How a cluster feels, in one line for operators: the worst thing that is known, under the code of its cause.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Breaker, ClusterHealth } from '@trotline/contracts'
import type { OwnedCluster } from './access.ts'

/** A login node that hangs must not keep the line from being written: it lives 20 s. */
const CONNECT_PATIENCE_MS = 2_000

/** Whoever needs a connection that fails asks for it again sooner: a stage within 15 s, the watch at its next look. */
const NEEDED_MS = 60_000

/** The service identity's connection is kept up even while nothing is asked, so that trouble shows before a job meets it. */
export async function keepConnected(access: OwnedCluster): Promise<void> {
  const { transport } = access.service()
  const { state } = transport.health
  if (state === 'connected' || state === 'connecting' || access.crowded()) return
  await Promise.race([
    transport.connect().catch(() => undefined),
    sleep(CONNECT_PATIENCE_MS, undefined, { ref: false }),
  ])
}

/**
 * Of an identity other than the service's only what somebody has run into of late counts: a connection that was lost while nobody
 * used it is opened by its next use.
 * @param trouble what no connection and no breaker shows, such as an answer of Slurm that cannot be read
 */
export function healthOf(access: OwnedCluster, trouble: ClusterHealth | null, at: string): ClusterHealth {
  const service = access.service()
  const neededSinceMs = Date.parse(at) - Math.max(NEEDED_MS, 2 * access.settings.pollIntervalMs)
  const breakers = access.breakers().filter(breaker => breaker.lastFault !== null)
  const resting = breakers.find(breaker => breaker.state !== 'closed')
  if (resting) return told(resting, at)
  const down = access.used().find(({ name, transport: { health } }) => {
    if (health.state === 'connected' || health.state === 'unused') return false
    if (name === service.name) return true
    return health.lastError !== null && health.lastError.code !== 'SSH_LOST' && health.since >= neededSinceMs
  })
  if (down) {
    const { lastError } = down.transport.health
    const [code, detail] = [lastError?.code ?? 'SSH_UNREACHABLE', lastError?.message ?? 'is not connected']
    return { ok: false, code, detail, at }
  }
  const faulty = breakers.find(
    ({ identity, lastFault }) => identity === service.name || Date.parse(lastFault?.at ?? '') >= neededSinceMs,
  )
  if (faulty) return told(faulty, at)
  return trouble ?? { ok: true, code: 'ok', detail: 'connected', at }
}

function told({ state, since, nextProbeAt, part, lastFault }: Breaker, at: string): ClusterHealth {
  const what = part === 'ssh' ? 'the way to it' : 'slurmctld'
  const rests =
    state === 'closed'
      ? ''
      : ` (${what} is left alone since ${since}, ${nextProbeAt === null ? 'and tried now' : `next try ${nextProbeAt}`})`
  return { ok: false, code: lastFault?.code ?? 'BUG', detail: `${lastFault?.detail ?? ''}${rests}`, at }
}
