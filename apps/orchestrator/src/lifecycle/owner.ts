// The process that owns a cluster does its work: renews the lease, watches, sweeps the due index, runs stages, follows
// epochs files, keeps facts and health fresh. Without the lease nothing here touches the cluster.
//
// waiting  another process owns it          -> working when the lease is taken
// working  loops run, connections are open  -> waiting when the lease is lost or Redis is away past its end
import type { ClusterHealth } from '@trotline/contracts'
import type { Logger } from 'pino'
import type { ClusterAccess, OwnedCluster } from '../clusters/access.ts'
import { healthOf, keepConnected } from '../clusters/health.ts'
import { createNodeKnowledge } from '../clusters/node-knowledge.ts'
import type { ClusterSettings } from '../config.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import type { FactsStore } from '../store/facts.ts'
import type { LeaseClaim } from '../store/job-store.ts'
import { type Lease, RENEW_EVERY_MS } from '../store/lease.ts'
import type { Probes } from '../store/probes.ts'
import type { Sightings } from '../store/sightings.ts'
import type { StageContext } from './context.ts'
import { followEpochFiles } from './follow-epochs.ts'
import { loop } from './loop.ts'
import { createMaterialising, type Materialising, type MaterialisingDeps } from './materialise.ts'
import { census } from './materialise-census.ts'
import type { EnvironmentParts } from './materialise-context.ts'
import { createJobEnvironments } from './materialise-jobs.ts'
import { createProbing } from './probe.ts'
import { createRunner, type Runner } from './runner.ts'
import { watch } from './watch.ts'
import { createWatchMemory } from './watch-memory.ts'

const SWEEP_EVERY_MS = 5_000
const HEALTH_EVERY_MS = 3_000
const FACTS_EVERY_MS = 60_000
/** Until there are facts no request for the cluster can be judged (accept.ts). */
const FACTS_RETRY_MS = 5_000
const PROBE_EVERY_MS = 2_000
const ENVIRONMENTS_EVERY_MS = 1_000
const CENSUS_EVERY_MS = 3_600_000
const CENSUS_RETRY_MS = 60_000
const DUE_AT_ONCE = 500

export interface Owner {
  start(): void
  stop(): Promise<void>
  nudge(jobId: string): void
  /** null while another process owns the cluster. */
  accessIfOwned(): ClusterAccess | null
}

export interface OwnerSettings {
  cluster: ClusterSettings
  /** The way to the cluster, made anew each time it is owned. */
  connect(settings: ClusterSettings): OwnedCluster
  lease: Lease
  facts: FactsStore
  sightings: Sightings
  probes: Probes
  /** What environments are made from. */
  environments: EnvironmentParts
  /** The compute capability of a GPU by its name; null: an unknown or ambiguous name. */
  capabilityOf: (gpu: string) => string | null
  /** Everything of the stage context that does not depend on the connection. */
  context: Omit<StageContext, 'cluster' | 'environments' | 'lease' | 'log' | 'recordClaim'>
  log: Logger
}

interface Work {
  access: OwnedCluster
  runner: Runner
  environments: Materialising
  stopLoops: () => Promise<void>
}

export function createOwner(settings: OwnerSettings): Owner {
  const { cluster, connect, lease, facts, sightings, probes, environments, capabilityOf, context, log } = settings
  let work: Work | null = null
  let stopLease: (() => Promise<void>) | null = null

  async function tend(): Promise<void> {
    const held = await lease.hold().catch(error => {
      // Redis is away: we own the cluster until our own clock says that the lease may have ended.
      if (lease.value === null) return false
      throw error
    })
    if (held && work === null) {
      log.info('owns the cluster now')
      work = begin()
    } else if (!held && work !== null) {
      log.warn('owns the cluster no more')
      await end()
    }
  }

  function begin(): Work {
    const access = connect(cluster)
    const nodes = createNodeKnowledge(cluster, { facts, sightings }, capabilityOf, context.now)
    const claim = (): LeaseClaim => {
      if (lease.value === null)
        throw new OrchestratorError('LEASE_LOST', `This process does not own cluster ${cluster.name} now`)
      return { cluster: cluster.name, value: lease.value }
    }
    const { now: clock } = context
    const stage: StageContext = {
      ...context,
      cluster: access,
      environments: createJobEnvironments({ store: environments.store, settings: cluster, lease: claim, now: clock }),
      log,
      recordClaim: (sighting, job) => nodes.recordClaim(sighting, job),
      lease: claim,
    }
    const runner = createRunner(stage, log)
    const making: MaterialisingDeps = {
      ...environments,
      cluster: access,
      releases: context.releases,
      lease: claim,
      crash: context.crash,
      log,
      now: clock,
      onSettled: lock => {
        environments.store.jobIds(cluster.name, lock).then(
          ids => ids.forEach(runner.nudge),
          error => log.debug({ err: error, lock }, 'environment: the jobs that wait for it are found by the sweep'),
        )
      },
    }
    const materialising = createMaterialising(making)
    const memory = createWatchMemory()
    let trouble: ClusterHealth | null = null
    const now = (): string => context.now().toISOString()

    const loops = [
      loop('watch', cluster.pollIntervalMs, log, async () => {
        try {
          const tick = await watch(stage, memory)
          if (tick.live > 0) trouble = null
          for (const id of tick.due) runner.nudge(id)
        } catch (error) {
          trouble = troubleOf(error, now()) ?? trouble
          throw error
        }
      }),
      loop('sweep', SWEEP_EVERY_MS, log, async () => {
        for (const id of await context.jobs.due(cluster.name, Date.now(), DUE_AT_ONCE)) runner.nudge(id)
      }),
      loop('health', HEALTH_EVERY_MS, log, async () => {
        await keepConnected(access)
        await facts.writeHealth(cluster.name, healthOf(access, trouble, now()))
        await facts.writeCost(cluster.name, { breakers: access.breakers(), footprint: await access.footprint() })
      }),
      loop('permissions', RENEW_EVERY_MS, log, () => access.renew()),
      loop('facts', FACTS_EVERY_MS, log, lookAtFacts, { retryMs: FACTS_RETRY_MS }),
      loop('environments', ENVIRONMENTS_EVERY_MS, log, materialising.round),
      loop('environment census', CENSUS_EVERY_MS, log, () => census(making), { retryMs: CENSUS_RETRY_MS }),
      loop('probe', PROBE_EVERY_MS, log, createProbing({ cluster: access, nodes, probes, log, now: context.now })),
    ]
    if (cluster.reports.kind === 'directory') loops.push(loop('epochs', 1_000, log, followEpochFiles(stage)))
    return {
      access,
      runner,
      environments: materialising,
      stopLoops: async () => {
        await Promise.all(loops.map(stop => stop()))
      },
    }

    async function lookAtFacts(): Promise<void> {
      const { scheduler } = access.service()
      try {
        const { version, accounting, preemptType } = await scheduler.facts()
        const partitions = await scheduler.partitions()
        // With preempt/qos it is a job's QOS that decides, and no partition can tell.
        const rules = preemptType === 'preempt/partition_prio' ? await scheduler.partitionRules() : null
        await nodes.listed({ slurmVersion: version, accounting, partitions, rules, at: now() })
        trouble = null
      } catch (error) {
        trouble = troubleOf(error, now()) ?? trouble
        throw error
      }
    }
  }

  async function end(): Promise<void> {
    const ending = work
    work = null
    if (ending === null) return
    const stages = ending.runner.stop()
    const environments = ending.environments.stop()
    const loops = ending.stopLoops()
    // Closing first ends whatever waits for an answer; the record says where to go on.
    await ending.access.close()
    await Promise.allSettled([stages, environments, loops])
  }

  return {
    start() {
      stopLease ??= loop('lease', RENEW_EVERY_MS, log, tend)
    },
    async stop() {
      await stopLease?.()
      await end()
      await lease.release()
    },
    nudge: jobId => work?.runner.nudge(jobId),
    accessIfOwned: () => (work !== null && lease.value !== null ? work.access : null),
  }
}

/** What the cluster answered in a way that nobody can use. Whoever did not answer is told by connections and breakers (clusters/health.ts). */
function troubleOf(error: unknown, at: string): ClusterHealth | null {
  if (!isCoded(error) || !/^SLURM_(?!UNREACHABLE)|^SSH_OUTPUT_LIMIT$|^WORK_DIR_AWAY$/.test(error.code)) return null
  return { ok: false, code: error.code, detail: error.message, at }
}
