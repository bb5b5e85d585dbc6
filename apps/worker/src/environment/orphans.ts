// What an installer started and left behind, on this machine: a script of a package that went into the background, or whatever runs on after
// its maker and its installer were killed. It has no lock (Python and Node.js close what they inherit), and may have a session of its own.
// It is told by its HOME, which no process but those of one build has.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process in the kernel's hands, such as a hanging NFS, ends when that answers: it is waited for no longer. */
const WAIT_MS = 5000
const POLL_MS = 20

/** Ends them, and answers how many there were. The caller has the build's lock, and nothing of its own is running. */
export async function endOrphans(home: string): Promise<number> {
  const seen = new Set<number>()
  const end = performance.now() + WAIT_MS
  // One that is ended may have started another just before.
  for (let pids = withHome(home); pids.length > 0 && performance.now() < end; pids = withHome(home)) {
    for (const pid of pids) {
      seen.add(pid)
      kill(pid)
    }
    await sleep(POLL_MS)
  }
  return seen.size
}

/** proc(5): the environment that a process was started with; of others' processes it cannot be read, of one that has ended it is empty. */
function withHome(home: string): number[] {
  const wanted = `HOME=${home}`
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(wanted) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
