// What happens to a job on its node: the worker dies, its step daemon dies, its clock lies, its disk is full.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { cp, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '@trotline/contracts'
import { startDaemon, stopDaemon } from '../../../deploy/local/cluster.ts'
import { isAlive } from '../../../deploy/local/proc.ts'
import { eventually } from '../../support/eventually.ts'
import { stepDaemonOf, workerOf } from '../node-processes.ts'
import type { VictimOptions } from '../victims.ts'
import type { World } from '../world.ts'
import type { Fault, FaultSite } from './fault.ts'

const workerKilled: Fault = {
  name: 'worker-killed',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 800 })
    const worker = workerOf(world, job.id)
    if (worker === undefined) return 0
    const end = world.marks.begin({ fault: this.name, jobs: [job.id], excuses: ['signal'] })
    process.kill(worker.pid, 'SIGKILL')
    await eventually('the worker is dead', () => !isAlive(worker))
    end()
    return 1
  },
}

/**
 * Slurm does not notice by itself for a long time: slurmctld hears what runs when slurmd registers again, and that is what
 * an administrator makes it do. The worker is nobody's child now and trains on, beside the next run of the requeued job.
 */
const stepDaemonKilled: Fault = {
  name: 'slurmstepd-killed',
  track: 'cluster',
  async inject({ world, victims }) {
    const job = await victims.training({ epochs: 800 })
    const node = job.slurm?.nodes ?? ''
    const step = stepDaemonOf(world, job.slurm?.jobId ?? '')
    if (step === undefined) return 0
    const end = world.marks.begin({
      fault: this.name,
      jobs: [job.id],
      excuses: ['signal', 'node-fail', 'no-result', 'launch-failed', 'exit-code', 'lost'],
    })
    process.kill(step.pid, 'SIGKILL')
    await eventually('slurmstepd is dead', () => !isAlive(step))
    await stopDaemon(world.cluster.home, `slurmd-${node}`)
    await startDaemon(world.cluster.home, `slurmd-${node}`)
    const felt = await eventually(
      'the record tells of it: another run, or an ending',
      async () => {
        const now = await world.client.job(job.id)
        return now !== null && (now.runs.length > job.runs.length || now.endedAt !== null)
      },
      300_000,
    )
    end()
    return felt ? 1 : 0
  },
}

/** A job that has not started yet, and shell lines that its script alone will read. */
async function withOwnPrologue(
  { world, victims }: FaultSite,
  lines: string,
  options: VictimOptions,
  work: (id: string) => Promise<number>,
): Promise<number> {
  const beginAt = new Date(Date.now() + 8_000).toISOString()
  const id = await victims.accepted({ ...options, resources: { beginAt } })
  await writeFile(world.prologueFile, `case $SLURM_JOB_NAME in tl-${id}-*) ${lines} ;; esac\n`)
  try {
    return await work(id)
  } finally {
    await writeFile(world.prologueFile, '')
  }
}

const endOf = (world: World, id: string): Promise<Job> =>
  eventually(
    `job ${id} has ended`,
    async () => {
      const job = await world.client.job(id)
      return job?.endedAt ? job : null
    },
    300_000,
  )

/** Debian's package; the program's library does it. */
export const FAKETIME = { program: 'faketime', debianPackage: 'faketime' }
export const faketimeLibrary = (): string | null =>
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib']
    .map(folder => join(folder, 'faketime/libfaketime.so.1'))
    .find(file => existsSync(file)) ?? null

/** Years wrong, either way. What runs in that time must lose nothing but the truth of its own time stamps. */
const wrongClock: Fault = {
  name: 'worker-clock-wrong',
  track: 'cluster',
  unavailable: () =>
    faketimeLibrary() === null
      ? 'libfaketime is not installed (apt-get install --no-install-recommends faketime)'
      : null,
  async inject(site) {
    const { world, random } = site
    const days = random.pick([-3000, -400, -1, 1, 400, 3000])
    const settings = `export LD_PRELOAD=${faketimeLibrary()} FAKETIME='${days > 0 ? '+' : ''}${days}d' DONT_FAKE_MONOTONIC=1`
    return withOwnPrologue(site, settings, { epochs: 40, backend: 'cpu' }, async id => {
      const job = await endOf(world, id)
      // The fence tells what the worker believed the time to be.
      const fence = join(world.jobDirectory(id), 'runs', job.runs.at(-1)?.run ?? '', 'fence')
      const { at } = JSON.parse(readFileSync(fence, 'utf8')) as { at: string }
      return Math.abs(Date.parse(at) - Date.now()) > 12 * 3_600_000 ? 1 : 0
    })
  },
}

/** RLIMIT_FSIZE: every file ends at so many KiB, as on a disk that has just filled. Epochs and results cannot be written whole. */
const fullDisk: Fault = {
  name: 'disk-full',
  track: 'cluster',
  async inject(site) {
    const { world, random } = site
    const kib = random.pick([1, 2, 8, 24])
    return withOwnPrologue(site, `ulimit -f ${kib}`, { epochs: 400, backend: 'auto' }, async id => {
      const end = world.marks.begin({
        fault: this.name,
        jobs: [id],
        excuses: ['environment', 'no-result', 'exit-code', 'signal', 'launch-failed', 'training'],
      })
      const job = await endOf(world, id)
      end()
      return job.state === 'failed' ? 1 : sizesAt(world, id, kib * 1024)
    })
  },
}

/** The real thing: a file system of 64 KiB where the runs of the job are to lie. Its files come back to their place afterwards. */
const fullFileSystem: Fault = {
  name: 'file-system-full',
  track: 'cluster',
  unavailable: () => (process.getuid?.() === 0 ? mountTrouble() : 'only root can mount a file system'),
  async inject({ world, victims }) {
    const beginAt = new Date(Date.now() + 8_000).toISOString()
    const { id } = await victims.pending({ epochs: 400, backend: 'auto', resources: { beginAt } })
    const runs = join(world.jobDirectory(id), 'runs')
    const saved = join(world.folder, `runs-of-${id}`)
    const end = world.marks.begin({
      fault: this.name,
      jobs: [id],
      excuses: ['environment', 'no-result', 'exit-code', 'signal', 'launch-failed', 'training'],
    })
    mountSmall(runs)
    try {
      const { state } = await endOf(world, id)
      end()
      return state === 'failed' || (await statfs(runs)).bavail === 0 ? 1 : 0
    } finally {
      await cp(runs, saved, { recursive: true })
      unmount(runs)
      await cp(saved, runs, { recursive: true })
    }
  },
}

const mountSmall = (at: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', at], { stdio: 'pipe' })
/** Lazily: somebody may still have a file of it open. */
const unmount = (at: string): void => void execFileSync('umount', ['--lazy', at], { stdio: 'pipe' })

/** Containers often deny it to root, too. */
function mountTrouble(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'tl-mount-'))
  try {
    mountSmall(folder)
    unmount(folder)
    return null
  } catch (error) {
    return `no file system can be mounted here: ${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)}`
  } finally {
    rmdirSync(folder)
  }
}

/** A job may end well on a full disk where its files were smaller; it was felt where one of them reached the limit. */
function sizesAt(world: World, id: string, bytes: number): number {
  const runs = join(world.jobDirectory(id), 'runs')
  const files = readdirSync(runs, { recursive: true }).map(name => statSync(join(runs, String(name))))
  return files.some(file => file.isFile() && file.size >= bytes) ? 1 : 0
}

export const WORKER_FAULTS: readonly Fault[] = [workerKilled, stepDaemonKilled, wrongClock, fullDisk, fullFileSystem]
