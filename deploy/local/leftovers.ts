// Finds what daemons leave behind when they end: slurmstepd, the jobs' own processes, commands that came in over SSH.
// A process that merely has SLURM_CONF set (a shell, a test runner) is none of them.

import type { Layout } from './layout.ts'
import { ancestorsOf, descendantsOf, environmentOf, listProcesses, type ProcessEntry } from './proc.ts'
import { stopProcess } from './programs.ts'

export function leftovers(layout: Layout, sshdPort: number): ProcessEntry[] {
  const all = listProcesses()
  const spared = ancestorsOf(process.pid)
  const roots = all.filter(entry => isOurs(entry, layout, sshdPort))
  // A job submitted with --export=NONE has no SLURM_CONF; its step daemon has, and the job's processes are below that.
  const steps = roots.filter(entry => entry.command === 'slurmstepd').map(entry => entry.pid)
  const found = new Map([...roots, ...descendantsOf(steps, all)].map(entry => [entry.pid, entry]))
  return [...found.values()].filter(entry => !spared.has(entry.pid) && !isChildOfOurs(entry))
}

function isOurs(entry: ProcessEntry, layout: Layout, sshdPort: number): boolean {
  const settings = environmentOf(entry.pid)
  const slurmConf = settings.get('SLURM_CONF') ?? ''
  if (slurmConf !== layout.slurmConf && slurmConf !== layout.daemonsSlurmConf) return false
  if (settings.has('SLURM_JOB_ID') || entry.command === 'slurmstepd') return true
  return settings.get('SSH_CONNECTION')?.split(' ')[3] === String(sshdPort)
}

const isChildOfOurs = (entry: ProcessEntry) => entry.parentPid === process.pid

/** Again until none is left: a step that is ended may have been starting another process just then. */
export async function endLeftovers(layout: Layout, sshdPort: number): Promise<number> {
  const ended = new Set<number>()
  for (let round = 0; round < 5; round += 1) {
    const found = leftovers(layout, sshdPort)
    if (found.length === 0) break
    await Promise.all(found.map(entry => stopProcess(entry, round < 2 ? 'SIGTERM' : 'SIGKILL', 500)))
    for (const { pid } of found) ended.add(pid)
  }
  return ended.size
}
