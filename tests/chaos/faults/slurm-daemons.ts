// Slurm's own daemons: restarted, killed and set back to an earlier state, away; and the accounting behind them.
import { cp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trotline/contracts'
import { startDaemon, stopDaemon } from '../../../deploy/local/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import type { World } from '../world.ts'
import type { Fault, FaultSite } from './fault.ts'

/** slurmctld is away when squeue cannot ask it. */
const cannotAsk = (world: World): Promise<boolean> =>
  world.slurm(['squeue', '-h']).then(
    () => false,
    () => true,
  )

async function away(
  { world, victims, random }: FaultSite,
  name: string,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<number> {
  const { home } = world.cluster
  await victims.accepted({ epochs: 60 })
  await sleep(random.whole(0, 1_500))
  await stopDaemon(home, name, signal)
  try {
    const felt = name === 'slurmctld' ? await cannotAsk(world) : await accountingIsAway(world)
    await victims.accepted({ epochs: 20, backend: 'auto' })
    await sleep(random.whole(0, 5_000))
    return felt ? 1 : 0
  } finally {
    await startDaemon(home, name)
  }
}

const accountingIsAway = (world: World): Promise<boolean> =>
  world.slurm(['sacct', '-X', '-n', '-j', '1']).then(
    () => false,
    () => true,
  )

const controllerRestarted: Fault = {
  name: 'slurmctld-restarted',
  track: 'cluster',
  inject: site => away(site, 'slurmctld', 'SIGTERM'),
}

/** What it took in the last seconds may be unknown to it afterwards: state is saved every few seconds. */
const controllerKilled: Fault = {
  name: 'slurmctld-killed',
  track: 'cluster',
  async inject(site) {
    const end = site.world.marks.begin({ fault: this.name, excuses: FORGETTING, forgets: true })
    try {
      return await away(site, 'slurmctld', 'SIGKILL')
    } finally {
      await settleQueue(site.world)
      end()
    }
  },
}

/** A slurmctld that comes back with an older state asks nodes about jobs that are over, and starts again what it takes for lost. */
const FORGETTING = ['node-fail', 'launch-failed', 'lost'] as const

/**
 * The state directory of some seconds ago comes back, as after a failover to a stale copy: jobs taken since are forgotten, and
 * their ids are given out again. Nothing is started in between, so that what is forgotten has not run: a job that trains
 * and is forgotten is waited for until its time limit has passed, and that takes longer than a short run.
 */
const controllerForgets: Fault = {
  name: 'slurmctld-forgets',
  track: 'cluster',
  async inject({ world, victims, random }) {
    const { home } = world.cluster
    const state = join(home, 'state')
    const copy = join(world.folder, 'state-of-before')
    const end = world.marks.begin({ fault: this.name, excuses: FORGETTING, forgets: true })
    try {
      // A slurmctld that starts sets partitions back to what slurm.conf says: up.
      for (const partition of USED_PARTITIONS)
        await world.slurm(['scontrol', 'update', `PartitionName=${partition}`, 'State=DOWN'])
      const kept = await victims.pending({ epochs: 20, backend: 'auto' })
      await savedSince(state, Date.now())
      await rm(copy, { recursive: true, force: true })
      await cp(state, copy, { recursive: true })
      const forgotten: Job[] = []
      for (let i = random.whole(1, 3); i > 0; i--)
        forgotten.push(await victims.pending({ epochs: 20, backend: 'auto' }))
      await stopDaemon(home, 'slurmctld', 'SIGKILL')
      await rm(state, { recursive: true, force: true })
      await cp(copy, state, { recursive: true })
      await startDaemon(home, 'slurmctld')
      await eventually(
        'the record shows that it was submitted again',
        async () => {
          const jobs = await Promise.all(forgotten.map(job => world.client.job(job.id)))
          return jobs.every(job => job?.submissions.some(one => one.cause === 'forgotten'))
        },
        120_000,
      )
      // What stands in the copy was never forgotten, so it is not submitted again.
      return (await world.client.job(kept.id))?.submission === 1 ? forgotten.length : 0
    } finally {
      await startDaemon(home, 'slurmctld')
      for (const partition of USED_PARTITIONS)
        await world.slurm(['scontrol', 'update', `PartitionName=${partition}`, 'State=UP'])
      await settleQueue(world)
      end()
    }
  },
}

const USED_PARTITIONS = ['shared', 'scavenger'] as const

/** slurmctld writes its jobs some seconds after a change, whole, and renames the file into place. */
const savedSince = (state: string, ms: number): Promise<boolean> =>
  eventually('slurmctld has saved its state', async () => (await stat(join(state, 'job_state'))).mtimeMs > ms, 60_000)

const databaseDaemonStopped: Fault = {
  name: 'slurmdbd-stopped',
  track: 'cluster',
  inject: site => away(site, 'slurmdbd', 'SIGTERM'),
}

/** slurmdbd stays and has nothing to answer with. */
const databaseStopped: Fault = {
  name: 'mariadb-stopped',
  track: 'cluster',
  async inject({ world, victims, random }) {
    const { home } = world.cluster
    await victims.accepted({ epochs: 20, backend: 'auto' })
    await stopDaemon(home, 'mariadbd', random.chance(0.5) ? 'SIGTERM' : 'SIGKILL')
    try {
      const felt = await eventually('sacct cannot answer', () => accountingIsAway(world), 30_000).catch(() => false)
      await sleep(random.whole(0, 4_000))
      return felt ? 1 : 0
    } finally {
      await startDaemon(home, 'mariadbd')
      // slurmdbd may have ended meanwhile.
      await startDaemon(home, 'slurmdbd')
    }
  },
}

/** What an administrator does afterwards: nodes back into service, and jobs that Slurm holds for nobody's fault let go. */
export async function settleQueue(world: World): Promise<number> {
  let mended = 0
  const nodes = await world.slurm(['sinfo', '-h', '-N', '-o', '%N %T']).catch(() => '')
  for (const line of new Set(nodes.split('\n'))) {
    const [node = '', state = ''] = line.split(' ')
    if (!/^(drain|down|fail)/.test(state)) continue
    await world.slurm(['scontrol', 'update', `NodeName=${node}`, 'State=RESUME']).catch(() => '')
    mended++
  }
  const held = await world.slurm(['squeue', '-h', '-t', 'PD', '-o', '%i|%j|%r']).catch(() => '')
  for (const line of held.split('\n')) {
    const [id = '', name = '', reason = ''] = line.split('|')
    if (!name.startsWith('tl-') || !/requeued held|held state|JobHeldAdmin|JobHoldMaxRequeue/.test(reason)) continue
    await world.slurm(['scontrol', 'release', id]).catch(() => '')
    mended++
  }
  return mended
}

export const SLURM_DAEMON_FAULTS: readonly Fault[] = [
  controllerRestarted,
  controllerKilled,
  controllerForgets,
  databaseDaemonStopped,
  databaseStopped,
]
