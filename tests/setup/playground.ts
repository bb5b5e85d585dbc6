// The folder that one run of the tests lives in: a shared cluster's home, and the temporary folder of every test file.
// Whatever a run leaves behind lies or runs below it, so it can be taken away whole, also after a time limit or Ctrl-C.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { down, up } from '../../deploy/local/cluster.ts'
import { argumentsOf, environmentOf, isAlive, listProcesses, type ProcessEntry } from '../../deploy/local/proc.ts'

export interface Playground {
  /** Home of the shared cluster. */
  clusterHome: string
  /** TMPDIR of the tests: open to other Unix users, as /tmp is. */
  temporary: string
  startCluster(signal: AbortSignal): Promise<void>
  /** Answers what had been left running, in words: a test that ended well leaves nothing. */
  takeAway(): Promise<string[]>
}

export function createPlayground(): Playground {
  // Not the caller's TMPDIR: a second Unix user has to get through, and paths in slurm.conf have to be short.
  const folder = mkdtempSync('/tmp/trotline-test-')
  const clusterHome = join(folder, 'cluster')
  const temporary = join(folder, 'tmp')
  for (const [path, mode] of [
    [folder, 0o755],
    [clusterHome, 0o755],
    [temporary, 0o1777],
  ] as const) {
    mkdirSync(path, { recursive: true })
    chmodSync(path, mode)
  }

  return {
    clusterHome,
    temporary,
    async startCluster(signal) {
      await up({ home: clusterHome, signal })
    },
    async takeAway() {
      await down({ home: clusterHome, purge: true })
      for (const home of clustersBelow(temporary)) await down({ home, purge: true })
      const left = await endStrays(folder)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
      return left
    },
  }
}

/** Clusters of single test files that could not take them down themselves. */
function clustersBelow(temporary: string): string[] {
  return readdirSync(temporary, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(entry => [join(temporary, entry.name), join(temporary, entry.name, 'cluster')])
    .filter(home => existsSync(join(home, 'cluster.json')))
}

const TERM_MS = 3_000

async function endStrays(folder: string): Promise<string[]> {
  const found = () => listProcesses().filter(entry => entry.pid !== process.pid && belongsTo(entry, folder))
  // Who is about to leave is not left: a step that has lost its slurmd takes a moment.
  for (const giveUpAtMs = Date.now() + TERM_MS; found().length > 0 && Date.now() < giveUpAtMs; ) await sleep(100)
  const strays = found()
  const words = strays.map(({ pid }) => `${pid} ${argumentsOf(pid).join(' ').slice(0, 160)}`)
  for (const { pid } of strays) end(pid, 'SIGTERM')
  const endMs = Date.now() + TERM_MS
  while (strays.some(isAlive) && Date.now() < endMs) await sleep(50)
  for (const stray of strays.filter(isAlive)) end(stray.pid, 'SIGKILL')
  return words
}

const belongsTo = ({ pid }: ProcessEntry, folder: string): boolean =>
  argumentsOf(pid).some(word => word.includes(`${folder}/`)) ||
  [...environmentOf(pid).values()].some(value => value.startsWith(`${folder}/`))

function end(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch {
    // gone in between
  }
}
