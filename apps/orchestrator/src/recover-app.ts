// The server's command `recover`: makes an emptied or an older store whole again from the job directories on the clusters.
// Constructs what lifecycle/recover-cluster.ts needs and says what came of it. Exit 0: all is well; 1: some directories could
// not be read or some jobs wait for a person; 2: a cluster or the store could not be asked, or a server owns a cluster.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClusterAccess, type OwnedCluster } from './clusters/access.ts'
import { PROGRAM, readSettings, type Settings } from './config.ts'
import { isCoded, OrchestratorError } from './errors.ts'
import { type IdentityReport, recoverCluster } from './lifecycle/recover-cluster.ts'
import { createLog } from './logging.ts'
import { createEnvironmentStore } from './store/environments.ts'
import { createEpochStore } from './store/epoch-store.ts'
import { createJobStore, type LeaseClaim } from './store/job-store.ts'
import { createKeys } from './store/keys.ts'
import { createLease, LEASE_MS, type Lease, RENEW_EVERY_MS } from './store/lease.ts'
import { connectFailingFast, whenReady } from './store/redis.ts'
import { createSharedLimits } from './store/shared-limits.ts'

export const RECOVER_USAGE = `${PROGRAM} recover --config FILE [--dry-run]`

const STORE_LIMIT_MS = 10_000

const CLOSING = `A job that was accepted (202) and not yet prepared on its cluster when the store was lost has left no trace and is not in this
table: whoever sent it with an Idempotency-Key may send it again with the same key and gets one job.`

export interface Told {
  say(line: string): void
  /** For people who wait; not part of the answer. */
  progress(line: string): void
}

/** @param argv behind `recover`. Answers the exit code. */
export async function recoverApp(argv: readonly string[], told: Told): Promise<number> {
  const dryRun = argv.includes('--dry-run')
  const strange = argv.find((word, i) => !['--dry-run', '--config'].includes(word) && argv[i - 1] !== '--config')
  if (strange !== undefined)
    throw new OrchestratorError('CONFIG_INVALID', `"${strange}" is not known.\n  ${RECOVER_USAGE}`)
  return recoverAll(readSettings(argv), { dryRun, ...told })
}

export async function recoverAll(settings: Settings, how: Told & { dryRun: boolean }): Promise<number> {
  const redis = connectFailingFast(settings.store, createLog('fatal'))
  try {
    await whenReady(redis, STORE_LIMIT_MS)
    const keys = createKeys(settings.store.prefix)
    const { eventsPerJob, idempotencyHours } = settings.limits
    const idempotencyMs = idempotencyHours * 3_600_000
    const epochs = createEpochStore({ redis, keys, eventsPerJob })
    const jobs = createJobStore({ redis, keys, epochs, eventsPerJob, idempotencyMs })
    const environments = createEnvironmentStore(redis, keys, {
      idempotencyMs,
      keptMiBPerOwner: settings.environments.keptMiBPerOwner,
    })
    const shared = createSharedLimits(redis, keys, idempotencyMs)
    let exit = 0
    for (const cluster of settings.clusters) {
      const lease = createLease(redis, keys, cluster.name)
      const access = createClusterAccess(cluster, shared)
      try {
        if (!how.dryRun) await take(lease, cluster.name, how)
        const held = keep(how.dryRun ? null : lease, access)
        try {
          const reports = await recoverCluster({
            cluster: access,
            jobs,
            epochs,
            environments,
            lease: how.dryRun ? null : () => claim(lease, cluster.name),
            mayOwn: (owner, identity) => mayOwn(settings, owner, identity),
            idempotencyMs,
            now: () => new Date(),
            onProgress: (identity, done, of) =>
              how.progress(`cluster ${cluster.name}, identity ${identity}: ${done} of ${of} job directories`),
          })
          tell(cluster.name, reports, how)
          if (reports.some(report => report.unreadable.length > 0 || report.held > 0)) exit = Math.max(exit, 1)
        } finally {
          clearInterval(held)
        }
      } catch (error) {
        if (!isCoded(error)) throw error
        how.say(`cluster ${cluster.name}: ${error.code}: ${error.message}\n  What was written stands; run it again.`)
        exit = 2
      } finally {
        await access.close()
        await lease.release()
      }
    }
    how.say(`\n${CLOSING}`)
    return exit
  } finally {
    redis.disconnect()
  }
}

/** A server that died leaves its lease behind for a while; one that lives renews it. */
async function take(lease: Lease, cluster: string, { progress }: Told): Promise<void> {
  const endMs = Date.now() + LEASE_MS + RENEW_EVERY_MS
  for (let said = false; !(await lease.hold()); said = true) {
    if (Date.now() > endMs) {
      throw new OrchestratorError('LEASE_LOST', `A running server owns cluster ${cluster}: stop the servers first`)
    }
    if (!said)
      progress(`cluster ${cluster}: waiting up to ${LEASE_MS / 1000} s for the lease of a server that may be gone`)
    await sleep(1_000)
  }
}

/** Keeps the lease and the permissions to connect. A renewal that fails shows in `claim`, or as the connection's end. */
function keep(lease: Lease | null, access: OwnedCluster): NodeJS.Timeout {
  return setInterval(() => {
    void lease?.hold().catch(() => undefined)
    void access.renew().catch(() => undefined)
  }, RENEW_EVERY_MS)
}

function claim(lease: Lease, cluster: string): LeaseClaim {
  if (lease.value === null) throw new OrchestratorError('LEASE_LOST', `The lease of cluster ${cluster} was lost`)
  return { cluster, value: lease.value }
}

/** An owner without tokens (any more) does no harm: nobody but operators sees the job. */
function mayOwn({ tokens }: Settings, owner: string, identity: string): boolean {
  const own = tokens.filter(token => token.owner === owner)
  return own.length === 0 || own.some(token => token.identity === identity)
}

/** Lines of changes shown for each identity; the table counts them all. */
const MOST_LINES = 1_000

function tell(cluster: string, reports: readonly IdentityReport[], { say, dryRun }: Told & { dryRun: boolean }): void {
  const head = ['identity', 'found', 'restored', 'moved forward', 'held', 'unchanged', 'unreadable']
  const rows = reports.map(report => [
    report.identity,
    ...[
      report.found,
      report.restored,
      report.movedForward,
      report.held,
      report.unchanged,
      report.unreadable.length,
    ].map(String),
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)))
  say(`cluster ${cluster}${dryRun ? ' (dry run: nothing was written)' : ''}`)
  for (const row of [head, ...rows])
    say(
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}`,
    )
  for (const { changes, unreadable } of reports) {
    const lines = [...changes, ...unreadable.map(({ id, why }) => `${id} unreadable: ${why}`)]
    for (const line of lines.slice(0, MOST_LINES)) say(`  ${line}`)
    if (lines.length > MOST_LINES) say(`  ... and ${lines.length - MOST_LINES} more`)
  }
}
