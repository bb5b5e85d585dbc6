// Who runs on the nodes of this world's cluster: read from /proc, because a fault has to hit the right process and no other.
import { argumentsOf, environmentOf, listProcesses, type ProcessEntry } from '../../deploy/local/proc.ts'
import type { World } from './world.ts'

/** The worker of a run; undefined where it has ended or not begun. */
export function workerOf(world: World, jobId: string): ProcessEntry | undefined {
  const directory = world.jobDirectory(jobId)
  return listProcesses().find(entry => {
    const argv = argumentsOf(entry.pid)
    return argv.some(word => word.endsWith('/worker.mjs')) && argv.includes(directory)
  })
}

/** slurmstepd of a Slurm job of this cluster. Its title says which: "slurmstepd: [12.batch]". */
export function stepDaemonOf(world: World, slurmJobId: string): ProcessEntry | undefined {
  const title = `[${slurmJobId}.batch]`
  return listProcesses().find(
    entry =>
      entry.command.startsWith('slurmstepd') &&
      argumentsOf(entry.pid).join(' ').includes(title) &&
      isOfCluster(world, entry),
  )
}

/** Its title may lie over its settings; then a child of it still has them. */
function isOfCluster(world: World, step: ProcessEntry): boolean {
  const own = [step, ...listProcesses().filter(entry => entry.parentPid === step.pid)]
  return own.some(entry => (environmentOf(entry.pid).get('SLURM_CONF') ?? '').startsWith(`${world.cluster.home}/`))
}
