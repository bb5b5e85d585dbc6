// A solver with channels on this disk, as the server has it: its threads, its files and its limits are the real ones.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EnvironmentSpec, VirtualPackages } from '@trotline/contracts'
import { createLog } from '@trotline/orchestrator'
import { EnvironmentsSettings } from '../../apps/orchestrator/src/environment-settings.ts'
import { createChannels } from '../../apps/orchestrator/src/solving/channels/channels.ts'
import { createSolver, type SolveProblem, type Solver } from '../../apps/orchestrator/src/solving/solver.ts'
import { type RepodataEntry, writeRepodata } from './conda-channel.ts'
import { ranMs, waitedMs } from './waited.ts'

export const NODES: VirtualPackages = { __cuda: '9.2', __glibc: '2.17', __linux: '3.10' }

/** Removed when the test is over. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-solve-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const channelUrl = (name: string): string => `https://conda.example.org/${name}`

export interface SolvingWorld {
  solver: Solver
  close(): Promise<void>
}

/** `channels`: folders by name. */
export function openSolver(
  folder: string,
  channels: Readonly<Record<string, string>>,
  settings: { solve?: Partial<EnvironmentsSettings['solve']>; uv?: string; pipIndex?: string } = {},
): SolvingWorld {
  const parsed = EnvironmentsSettings.parse({
    directory: join(folder, 'environments'),
    channels: Object.entries(channels).map(([name, directory]) => ({ name, url: channelUrl(name), directory })),
    ...settings,
  })
  const log = createLog('silent')
  const opened = createChannels(parsed, { log })
  const solver = createSolver(parsed, { log, channels: opened })
  return {
    solver,
    close: async () => {
      await solver.close()
      await opened.close()
    },
  }
}

/** As openSolver, closed when the test is over. */
export function solverFor(t: TestContext, ...given: Parameters<typeof openSolver>): Solver {
  const world = openSolver(...given)
  t.after(() => world.close())
  return world.solver
}

export function problemOf(spec: EnvironmentSpec, more: Partial<SolveProblem> = {}): SolveProblem {
  const nodes = { platform: 'linux-64' as const, virtualPackages: NODES, targetWords: 'partition gpuold', gpu: true }
  return { spec, ...nodes, repodata: 'cached', ...more }
}

export interface RecordMade {
  name: string
  version?: string
  depends?: string[]
  constrains?: string[]
}

/** Repodata without archives. */
export async function writeRecords(folder: string, records: readonly RecordMade[]): Promise<void> {
  const entries = records.map(({ name, version = '1', depends = [], constrains = [] }): [string, RepodataEntry] => {
    const at = `linux-64/${name}-${version}-0.conda`
    const hash = (kind: string): string => createHash(kind).update(at).digest('hex')
    const rest = { subdir: 'linux-64', md5: hash('md5'), sha256: hash('sha256'), size: 1000 }
    return [at, { name, version, build: '0', build_number: 0, depends, constrains, ...rest }]
  })
  await writeRepodata(folder, new Map(entries), { zst: false })
}

/** `pigeons` packages of as many versions but one, no two of which may have the same: there is no way, and it takes a solver for ever to see it. */
export function pigeonhole(pigeons: number): RecordMade[] {
  const names = Array.from({ length: pigeons }, (_, i) => `pigeon${i}`)
  return names.flatMap(name =>
    Array.from({ length: pigeons - 1 }, (_, hole) => ({
      name,
      version: String(hole),
      constrains: names.filter(other => other !== name).map(other => `${other} !=${hole}`),
    })),
  )
}

/** A chain of packages whose last one is not there: rattler 0.3.5 panics over the size of what it has to say. */
export const chain = (length: number): RecordMade[] =>
  Array.from({ length }, (_, i) => ({ name: `link${i}`, depends: [`link${i + 1}`] }))

/**
 * The longest time that the event loop of this thread was held up while `act` went on, in milliseconds. What is not work of the thread's
 * own is not counted: a wait for a processor, of which longestWaitMs says how long it was, a page that comes from a slow disk, a virtual
 * machine that stood still. All that is the machine's doing.
 */
export async function longestBlock<T>(
  act: () => Promise<T>,
): Promise<{ value: T; blockedMs: number; longestWaitMs: number }> {
  let [last, waited, ran] = [performance.now(), waitedMs(), ranMs()]
  let [blockedMs, longestWaitMs] = [0, 0]
  const look = (): void => {
    const [now, waitedNow, ranNow] = [performance.now(), waitedMs(), ranMs()]
    blockedMs = Math.max(blockedMs, Math.min(now - last - EVERY_MS - (waitedNow - waited), ranNow - ran))
    longestWaitMs = Math.max(longestWaitMs, waitedNow - waited)
    ;[last, waited, ran] = [now, waitedNow, ranNow]
  }
  const timer = setInterval(look, EVERY_MS)
  try {
    const value = await act()
    look()
    return { value, blockedMs, longestWaitMs }
  } finally {
    clearInterval(timer)
  }
}

const EVERY_MS = 5
