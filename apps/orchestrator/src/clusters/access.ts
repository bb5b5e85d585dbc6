// The way to one cluster: a connection and a scheduler per identity, made when first used, and everything that bounds what
// they cost. Only the process that owns the cluster uses it (lifecycle/owner.ts).
import type { Breaker, Footprint, Paused } from '@trotline/contracts'
import { createSsh2Transport, SlurmError, type SlurmScheduler, type Transport } from '@trotline/slurm'
import type { ClusterSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import type { SharedLimits } from '../store/shared-limits.ts'
import { createCeilings } from './ceilings.ts'
import { LOOK_UP, urgencyOf } from './command-kind.ts'
import { createConnections } from './connections.ts'
import { createFootprint } from './footprint.ts'
import { type Guard, guardTransport } from './guard.ts'
import { guardScheduler } from './guarded-scheduler.ts'
import { pausedError } from './paused.ts'
import type { Resting } from './resting.ts'

export interface IdentityAccess {
  name: string
  unixUser: string
  transport: Transport
  scheduler: SlurmScheduler
  /**
   * To be called before orders are submitted, with their number. Resolves with how many of them may be submitted now, at
   * least 1: the ceilings may not have room for all. Waits as long as there is room for none.
   * @throws CLUSTER_PAUSED, CLUSTER_RESTING, CLUSTER_CEILING, STORE_UNREACHABLE, SSH_CLOSED: nothing may be submitted
   */
  reserveSubmissions(count: number): Promise<number>
}

export interface ClusterAccess {
  settings: ClusterSettings
  /** @throws OrchestratorError CLUSTER_UNKNOWN where the configuration no longer names the identity */
  identity(name: string): IdentityAccess
  /** The identity that uploads what all share. */
  service(): IdentityAccess
  /** Those that were used, for health. */
  used(): IdentityAccess[]
  /** To be asked before anything is submitted; null: go on. @throws STORE_UNREACHABLE: nothing may be submitted */
  paused(): Promise<Paused | null>
  close(): Promise<void>
}

/** With what only the owner's own loops use. */
export interface OwnedCluster extends ClusterAccess {
  breakers(): Breaker[]
  /** @throws STORE_UNREACHABLE */
  footprint(): Promise<Footprint>
  /** All permissions to connect are taken, or somebody waits for one. */
  crowded(): boolean
  /** Keeps the permissions to connect; to be called every few seconds. @throws STORE_UNREACHABLE */
  renew(): Promise<void>
}

export function createClusterAccess(settings: ClusterSettings, { budget, slots, pauses }: SharedLimits): OwnedCluster {
  const { name: cluster, ceilings: limits, breaker } = settings
  let closed = false
  const opened = new Map<string, { access: IdentityAccess; guard: Guard; restings: Resting[] }>()
  const footprint = createFootprint()
  const told = {
    onWaited: (ms: number) => footprint.waited(ms),
    onRefused: () => footprint.refused('ceiling'),
  }
  const ceilings = createCeilings({ cluster, settings: limits, budget, ...told })
  const connections = createConnections({ cluster, settings: limits, slots, ...told })
  const onChannels = (): void =>
    footprint.channels([...opened.values()].reduce((sum, { guard }) => sum + guard.channels(), 0))

  function identity(name: string): IdentityAccess {
    const known = opened.get(name)
    if (known) return known.access
    // Nobody would close what is opened now.
    if (closed) throw new SlurmError('SSH_CLOSED')
    const found = settings.identities.find(candidate => candidate.name === name)
    if (!found)
      throw new OrchestratorError(
        'CLUSTER_UNKNOWN',
        `Cluster ${cluster} has no identity "${name}" in the configuration`,
      )
    const { unixUser, privateKeyFile } = found
    const { host, port, knownHostsFile } = settings.ssh
    const maxChannels = limits.channelsPerConnection
    const guard = guardTransport({
      cluster,
      identity: name,
      channelsPerConnection: maxChannels,
      breaker,
      open: () => createSsh2Transport({ host, port, username: unixUser, privateKeyFile, knownHostsFile, maxChannels }),
      ceilings,
      connections,
      footprint,
      onChannels,
    })
    const { transport } = guard
    const onRefused = (): void => footprint.refused('resting')
    // Asked last: however long it waited, once a pause is acknowledged no submission begins.
    async function mustGoOn(): Promise<void> {
      const paused = await pauses.read(cluster)
      if (paused) throw pausedError(cluster, paused)
    }
    const { scheduler, resting } = guardScheduler({
      cluster,
      identity: name,
      unixUser,
      transport,
      breaker,
      onRefused,
      async beforeLookUps(steps, submits) {
        const kinds = Array.from({ length: steps }, () => LOOK_UP).flat()
        await Promise.all(kinds.map(kind => ceilings.take(urgencyOf(kind), 1)))
        if (submits) await mustGoOn()
        for (const kind of kinds) footprint.command(kind)
      },
    })
    const access: IdentityAccess = {
      name,
      unixUser,
      transport,
      scheduler,
      async reserveSubmissions(count) {
        // What rests would not be reached: nothing is spent for it.
        guard.resting.pass()
        resting.pass()
        const granted = await ceilings.take('submission', count)
        await mustGoOn()
        footprint.command('sbatch', granted)
        return granted
      },
    }
    opened.set(name, { access, guard, restings: [guard.resting, resting] })
    return access
  }

  return {
    settings,
    identity,
    service: () => identity(settings.identities[0]?.name ?? ''),
    used: () => [...opened.values()].map(({ access }) => access),
    paused: () => pauses.read(cluster),
    breakers: () => [...opened.values()].flatMap(({ restings }) => restings.map(resting => resting.view())),
    footprint: async () =>
      footprint.view({
        connections: connections.held,
        waiting: ceilings.waiting + connections.waiting,
        spent: await budget.spent(cluster),
      }),
    crowded: () => connections.waiting > 0 || connections.held >= limits.connections,
    renew: () => connections.renew(),
    async close() {
      closed = true
      // They stay, closed: a stage that is under way still asks for the way that it went.
      const all = [...opened.values()]
      ceilings.close()
      for (const resting of all.flatMap(({ restings }) => restings)) resting.close()
      await Promise.all(all.map(({ access }) => access.transport.close()))
      await connections.close()
    },
  }
}
