// How a cluster feels, in one line for operators: the worst thing that is known, under the code of its cause.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Breaker, ClusterHealth } from '@trotline/contracts'
import type { OwnedCluster } from './access.ts'

/** A login node that hangs must not keep the line from being written: it lives 20 s. */
const CONNECT_PATIENCE_MS = 2_000

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

/** @param trouble what no connection and no breaker shows, such as an answer of Slurm that cannot be read */
export function healthOf(access: OwnedCluster, trouble: ClusterHealth | null, at: string): ClusterHealth {
  const breakers = access.breakers().filter(breaker => breaker.lastFault !== null)
  const resting = breakers.find(breaker => breaker.state !== 'closed')
  if (resting) return told(resting, at)
  const down = access
    .used()
    .find(({ transport: { health } }) => health.state !== 'connected' && health.state !== 'unused')
  if (down) {
    const { lastError } = down.transport.health
    const [code, detail] = [lastError?.code ?? 'SSH_UNREACHABLE', lastError?.message ?? 'is not connected']
    return { ok: false, code, detail, at }
  }
  if (breakers[0]) return told(breakers[0], at)
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
