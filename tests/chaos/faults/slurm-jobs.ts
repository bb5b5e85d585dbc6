// What Slurm and its people do to jobs: a node is lost, a job is requeued, preempted, cancelled by somebody else.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job } from '@trotline/contracts'
import { startDaemon, stopDaemon } from '../../../deploy/local/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'
import { settleQueue } from './slurm-daemons.ts'

const idOf = (job: Job): string => job.slurm?.jobId ?? ''
const nameOf = (job: Job): string => job.slurm?.name ?? ''

/** How often Slurm has started a job again, by its own word. null: it does not list it. */
async function restartsOf(world: World, job: Job): Promise<number | null> {
  const text = await world
    .slurm(['squeue', '-h', '-t', 'all', `--name=${nameOf(job)}`, '-O', 'RestartCnt'])
    .catch(() => '')
  return /^\d+$/.test(text.trim()) ? Number(text) : null
}

/** slurmd of its node dies; its worker does not. Slurm takes the node for dead, requeues the job, and the node comes back. */
const nodeFails: Fault = {
  name: 'node-fails',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 1_500 })
    const node = job.slurm?.nodes ?? ''
    const lines = await world.slurm(['squeue', '-h', '-w', node, '-o', '%j'])
    const jobs = lines.split('\n').flatMap(name => /^tl-([a-z0-9]+)-\d+$/.exec(name)?.[1] ?? [])
    const end = world.marks.begin({
      fault: this.name,
      jobs: [...new Set([job.id, ...jobs])],
      excuses: ['node-fail', 'no-result', 'launch-failed', 'exit-code', 'signal', 'lost'],
    })
    await stopDaemon(world.cluster.home, `slurmd-${node}`, 'SIGKILL')
    try {
      await eventually(
        'Slurm takes the node for dead',
        async () => /^down/.test(await world.slurm(['sinfo', '-h', '-N', '-n', node, '-o', '%T'])),
        90_000,
      )
      const restarts = await restartsOf(world, job)
      return restarts === null || restarts > 0 ? 1 : 0
    } finally {
      await startDaemon(world.cluster.home, `slurmd-${node}`)
      await settleQueue(world)
      end()
    }
  },
}

const requeuedRunning: Fault = {
  name: 'requeued-running',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 600 })
    const end = world.marks.begin({ fault: this.name, jobs: [job.id] })
    await world.slurm(['scontrol', 'requeue', idOf(job)])
    const felt = await eventually(
      'Slurm counts a restart',
      async () => ((await restartsOf(world, job)) ?? 0) > 0,
      60_000,
    )
    end()
    return felt ? 1 : 0
  },
}

/** Accepted while slurmctld remembers the job: it starts once more, and must find that it has nothing to do. */
const requeuedFinished: Fault = {
  name: 'requeued-finished',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.completed()
    const end = world.marks.begin({ fault: this.name, jobs: [job.id] })
    await world.slurm(['scontrol', 'requeue', idOf(job)])
    // Slurm keeps it pending for some ten seconds (cred_expire); then it starts and leaves.
    const felt = await eventually(
      'the job has started again and left',
      async () => {
        const text = await world.slurm([
          'squeue',
          '-h',
          '-t',
          'all',
          `--name=${nameOf(job)}`,
          '-O',
          'RestartCnt:5,State:20',
        ])
        return /^1\s+(COMPLETED|FAILED)/.test(text)
      },
      90_000,
    )
    end()
    return felt ? 1 : 0
  },
}

/** A whole node is asked for in a partition that goes first; only jobs of the scavenger partition make room. */
const preempted: Fault = {
  name: 'preempted',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 600, resources: { partition: 'scavenger', constraint: 'k80' } })
    const node = job.slurm?.nodes ?? ''
    const others = await world.slurm(['squeue', '-h', '-w', node, '-o', '%j'])
    const jobs = others.split('\n').flatMap(name => /^tl-([a-z0-9]+)-\d+$/.exec(name)?.[1] ?? [])
    const end = world.marks.begin({ fault: this.name, jobs: [...new Set([job.id, ...jobs])], excuses: ['preempted'] })
    const claim = await world.slurm([
      'sbatch',
      '--parsable',
      '--partition=gpuk80',
      `--nodelist=${node}`,
      '--exclusive',
      '--job-name=higher-claim',
      '--output=/dev/null',
      '--time=1',
      '--wrap=sleep 2',
    ])
    try {
      const felt = await eventually(
        'Slurm counts a restart',
        async () => ((await restartsOf(world, job)) ?? 0) > 0,
        90_000,
      )
      return felt ? 1 : 0
    } finally {
      await world.slurm(['scancel', claim]).catch(() => '')
      end()
    }
  },
}

const cancelledByOutsider: Fault = {
  name: 'scancel-by-outsider',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 800 })
    const end = world.marks.begin({ fault: this.name, jobs: [job.id], excuses: ['cancelled'] })
    await world.slurm(['scancel', idOf(job)])
    const felt = await eventually('Slurm has cancelled it', async () => {
      const state = await world.slurm(['squeue', '-h', '-t', 'all', `--name=${nameOf(job)}`, '-o', '%T'])
      return /^(CANCELLED|COMPLETING|FAILED|COMPLETED)/.test(state)
    })
    end()
    return felt ? 1 : 0
  },
}

const directoryDeleted: Fault = {
  name: 'directory-deleted',
  track: 'cluster',
  async inject({ world, victims }) {
    const begin = new Date(Date.now() + 8_000).toISOString()
    const job = await victims.pending({ epochs: 20, backend: 'auto', resources: { beginAt: begin } })
    const end = world.marks.begin({
      fault: this.name,
      jobs: [job.id],
      excuses: ['launch-failed', 'no-result', 'exit-code', 'signal', 'environment', 'lost'],
      directoryGone: true,
    })
    await rm(world.jobDirectory(job.id), { recursive: true })
    const ended = await eventually('it has ended', async () => (await world.client.job(job.id))?.endedAt, 120_000)
    end()
    return ended ? 1 : 0
  },
}

/** What a clean-up by age takes: files of a submission that Slurm has long taken. Whoever owns the cluster next finds it without them. */
const filesPurged: Fault = {
  name: 'old-files-purged',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 400 })
    for (const file of ['receipt-1.json', 'tried-1', 'lock']) await rm(join(world.jobDirectory(job.id), file))
    for (const seat of world.servers) seat.signal('SIGKILL')
    const ended = await eventually(
      'it has ended',
      async () => {
        const now = await world.client.job(job.id)
        return now?.endedAt ? now : null
      },
      300_000,
    )
    return ended.submissions.length === 1 ? 1 : 0
  },
}

export const SLURM_JOB_FAULTS: readonly Fault[] = [
  nodeFails,
  requeuedRunning,
  requeuedFinished,
  preempted,
  cancelledByOutsider,
  directoryDeleted,
  filesPurged,
]
