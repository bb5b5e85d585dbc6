// A private real Slurm on this machine: slurmctld, six slurmd, slurmdbd with MariaDB, munge, sshd and Redis, for one Unix user.
// `up` brings it to running from whatever state it finds, `down` leaves no process. How daemons run is in daemon.ts, who they are in daemons.ts.

import { existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { DeployError } from '../errors.ts'
import { type Daemon, ensureRunning, runningProcess, stopDaemonProcess } from './daemon.ts'
import { daemonsOf } from './daemons.ts'
import { exclusively } from './exclusive.ts'
import { openHome, readJson, removeRuntimeFolder, runtimeFolder } from './folders.ts'
import { type ClusterOptions, type ClusterPlan, type Layout, layoutOf } from './layout.ts'
import { endLeftovers } from './leftovers.ts'
import { makePlan, samePlan, writeConfiguration } from './plan.ts'
import { listProcesses } from './proc.ts'
import { describeRedis, type RedisServer } from './redis.ts'
import { requirePrograms } from './requirements.ts'

export interface LocalCluster {
  home: string
  runtimeDirectory: string
  clusterName: string
  slurmConf: string
  ssh: { host: '127.0.0.1'; port: number; user: string; privateKeyFile: string; knownHostsFile: string }
  redis: RedisServer
}

/** Options that are not given stay as they were the last time. */
export interface UpOptions extends Partial<ClusterOptions> {
  home: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

export interface DaemonStatus {
  name: string
  state: 'ready' | 'silent' | 'stopped'
  pid: number | undefined
  port: number | undefined
}

export interface ClusterStatus {
  home: string
  /** True when every daemon runs and answers. */
  running: boolean
  daemons: DaemonStatus[]
  cluster: LocalCluster | undefined
}

/** To be said aloud where Slurm can be reached from outside; null: all of it is on loopback. */
export function warningOf(address: string): string | null {
  if (address.startsWith('127.')) return null
  return `Slurm's daemons listen on ${address}, where this machine's name resolves to, and not on loopback: only munge keeps others out. Let the name resolve to 127.0.1.1 in /etc/hosts to keep them in.`
}

export async function up({ home, onProgress = () => {}, signal, ...wanted }: UpOptions): Promise<LocalCluster> {
  requirePrograms(wanted.accounting ?? true)
  const folder = openHome(home)
  return exclusively(folder, async () => {
    const layout = layoutOf(folder, runtimeFolder(folder))
    const before = readJson<ClusterPlan>(layout.planFile)
    const plan = await makePlan(before, wanted, before === undefined ? [] : runningNames(layout, before))
    if (before !== undefined && !samePlan(before, plan)) await stopAll(layout, before, onProgress)
    const started = await startOn(plan).catch(async error => {
      // Between the look at a port and its daemon's bind somebody else took it: all ports are picked anew, once.
      if (!(error instanceof DeployError && /address already in use/i.test(error.message))) throw error
      onProgress('a port was taken meanwhile; picking others')
      await stopAll(layout, plan)
      return startOn(await makePlan({ ...plan, ports: {} as ClusterPlan['ports'] }, wanted, []))
    })
    return describe(layout, started)

    async function startOn(chosen: ClusterPlan): Promise<ClusterPlan> {
      await writeConfiguration(layout, chosen)
      await startAll(layout, chosen, { onProgress, signal })
      return chosen
    }
  })
}

function runningNames(layout: Layout, plan: ClusterPlan): string[] {
  const processes = listProcesses()
  return daemonsOf(layout, plan)
    .filter(daemon => runningProcess(daemon, processes) !== undefined)
    .map(daemon => daemon.name)
}

/** Each as soon as those it needs are ready. When one fails, all that this call has started are stopped again. */
async function startAll(
  layout: Layout,
  plan: ClusterPlan,
  { onProgress, signal }: { onProgress: (line: string) => void; signal: AbortSignal | undefined },
) {
  const failure = new AbortController()
  const either = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal])
  const daemons = daemonsOf(layout, plan)
  const started: Daemon[] = []
  const ready = new Map<string, Promise<void>>()
  for (const daemon of daemons) {
    const start = async () => {
      await Promise.all(daemon.needs.map(name => ready.get(name)))
      if (either.aborted) throw new DeployError('INTERRUPTED', 'interrupted')
      if (!(await ensureRunning(daemon, { signal: either }))) return
      started.push(daemon)
      onProgress(`${daemon.name} is ready`)
    }
    ready.set(daemon.name, start())
  }
  const outcomes = await Promise.allSettled(
    [...ready.values()].map(async promise => {
      await promise.catch(error => {
        failure.abort()
        throw error
      })
    }),
  )
  const errors = outcomes.filter(outcome => outcome.status === 'rejected').map(outcome => outcome.reason)
  if (errors.length === 0) return
  for (const daemon of started.reverse()) await stopDaemonProcess(daemon, 'SIGTERM')
  throw errors.find(error => !(error instanceof DeployError && error.code === 'INTERRUPTED')) ?? errors[0]
}

/** Stops everything; `purge` removes the home too, with all jobs, keys and records. Harmless when nothing runs. */
export async function down({ home, purge = false }: { home: string; purge?: boolean }): Promise<{ stopped: number }> {
  if (!existsSync(resolve(home))) return { stopped: 0 }
  const folder = openHome(home)
  return exclusively(folder, async () => {
    const layout = layoutOf(folder, runtimeFolder(folder))
    const plan = readJson<ClusterPlan>(layout.planFile)
    const stopped = plan === undefined ? 0 : await stopAll(layout, plan)
    removeRuntimeFolder(folder)
    if (purge && plan !== undefined) rmSync(folder, { recursive: true, force: true })
    return { stopped }
  })
}

async function stopAll(
  layout: Layout,
  plan: ClusterPlan,
  onProgress: (line: string) => void = () => {},
): Promise<number> {
  const daemons = daemonsOf(layout, plan)
  let stopped = 0
  // slurmd before slurmctld before slurmdbd before the rest, so that the last words of each still find a listener.
  for (const stage of [/^slurmd-/, /^slurmctld$/, /^slurmdbd$/, /./]) {
    const those = daemons.filter(daemon => stage.test(daemon.name))
    const results = await Promise.all(those.map(daemon => stopDaemonProcess(daemon, 'SIGTERM')))
    stopped += results.filter(Boolean).length
    if (stage.source === '^slurmd-') stopped += await endLeftovers(layout, plan.ports.sshd ?? 0)
  }
  stopped += await endLeftovers(layout, plan.ports.sshd ?? 0)
  if (stopped > 0) onProgress(`${stopped} processes stopped`)
  return stopped
}

/** Asks every daemon. Changes nothing. */
export async function status({ home }: { home: string }): Promise<ClusterStatus> {
  const found = existsSync(resolve(home)) ? openPlan(home) : undefined
  if (found === undefined) return { home: resolve(home), running: false, daemons: [], cluster: undefined }
  const { layout, plan } = found
  const processes = listProcesses()
  const daemons = await Promise.all(
    daemonsOf(layout, plan).map(async (daemon): Promise<DaemonStatus> => {
      const pid = runningProcess(daemon, processes)?.pid
      const state = pid === undefined ? 'stopped' : (await daemon.ready()) ? 'ready' : 'silent'
      return { name: daemon.name, state, pid, port: plan.ports[daemon.name] }
    }),
  )
  const running = daemons.every(daemon => daemon.state === 'ready')
  return { home: layout.home, running, daemons, cluster: describe(layout, plan) }
}

/** Starts one daemon of a cluster that has been up, and waits until it answers. */
export async function startDaemon(home: string, name: string): Promise<void> {
  await ensureRunning(oneDaemon(home, name))
}

/**
 * Stops one daemon and waits for its end. For sshd that includes its live sessions; what those had started runs on.
 * A stopped slurmd leaves its jobs running, as a real one does.
 */
export async function stopDaemon(home: string, name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  await stopDaemonProcess(oneDaemon(home, name), signal)
}

function oneDaemon(home: string, name: string): Daemon {
  const { layout, plan } = planOf(home)
  const daemons = daemonsOf(layout, plan)
  const daemon = daemons.find(one => one.name === name)
  if (daemon !== undefined) return daemon
  throw new DeployError('DAEMON_UNKNOWN', `no daemon ${name}; there are ${daemons.map(one => one.name).join(', ')}`)
}

/** What `up` answered, read from the plan it left: nothing is asked and nothing is started. */
export function plannedCluster(home: string): LocalCluster {
  const { layout, plan } = planOf(home)
  return describe(layout, plan)
}

/** Where Slurm's daemons listen; all others listen on 127.0.0.1. */
export const slurmAddress = (home: string): string => planOf(home).plan.address

function planOf(home: string): { layout: Layout; plan: ClusterPlan } {
  const found = existsSync(resolve(home)) ? openPlan(home) : undefined
  if (found !== undefined) return found
  throw new DeployError('NOT_UP', `${resolve(home)} holds no cluster: run up first`)
}

function openPlan(home: string): { layout: Layout; plan: ClusterPlan } | undefined {
  const folder = openHome(home)
  const layout = layoutOf(folder, runtimeFolder(folder))
  const plan = readJson<ClusterPlan>(layout.planFile)
  return plan && { layout, plan }
}

function describe(layout: Layout, plan: ClusterPlan): LocalCluster {
  return {
    home: layout.home,
    runtimeDirectory: layout.runtime,
    clusterName: plan.clusterName,
    slurmConf: layout.slurmConf,
    ssh: {
      host: '127.0.0.1',
      port: plan.ports.sshd ?? 0,
      user: plan.user,
      privateKeyFile: layout.userKey,
      knownHostsFile: layout.knownHosts,
    },
    redis: describeRedis(layout.redisFolder, plan.ports.redis ?? 0),
  }
}
