// What solving costs: seven roots of a channel of 50,000 records, and the tutorial's environment, as the server solves them; beside it the
// same solver that is handed the whole document, as it does by itself.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { EnvironmentSpec } from '@trotline/contracts'
import { readSpec } from '@trotline/environment'
import { loadRattler, type Rattler } from '@trotline/environment/solve'
import { buildSyntheticChannel } from '../support/conda-channel.ts'
import type { Scene } from '../support/slurm-itself.ts'
import { channelUrl, NODES, openSolver, problemOf } from '../support/solving.ts'
import { buildTutorialChannels, TUTORIAL_SPEC } from '../support/tutorial-channel.ts'
import { interleaved, type Measured } from './rounds.ts'

export const SOLVE_RECORDS = 50_000
const NAMES = SOLVE_RECORDS / 20
const ROOTS = [NAMES - 1, NAMES - 7, NAMES - 100, NAMES >> 1, NAMES - 500, NAMES - 900, 77].map(i => `synth${i}`)

/** For whoever solves it over REST: the spec, and the channel that has to be configured under this name. */
export const SOLVE_SPEC: EnvironmentSpec = { channels: ['synthetic'], dependencies: ROOTS }

export interface SolveFigures {
  /** First solve of each kind not counted: the solver is compiled, the repodata is indexed. */
  measured: Measured[]
  /** From nothing: the channel is read and indexed, the solver is compiled. In seconds. */
  coldSeconds: number
  /** Of this process's event loop while it solved in its thread, in milliseconds. */
  heldUp: { p99: number; most: number }
}

export async function solveFigures({ rounds, scene }: { rounds: number; scene: Scene }): Promise<SolveFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-bench-solve-'))
  scene.after(() => rmSync(folder, { recursive: true, force: true }))
  await buildSyntheticChannel(join(folder, 'synthetic'), { records: SOLVE_RECORDS })
  await buildTutorialChannels(folder, { archives: false })
  const names = ['synthetic', 'pytorch', 'main']
  const world = openSolver(folder, Object.fromEntries(names.map(name => [name, join(folder, name)])))
  scene.after(() => world.close())
  const tutorial = readSpec(TUTORIAL_SPEC)
  if (!tutorial.ok) throw new Error("the tutorial's spec cannot be read")
  const solve = async (spec: EnvironmentSpec): Promise<number> => {
    const { seconds } = await world.solver.solve(problemOf(spec))
    return seconds
  }
  const coldSeconds = await solve(SOLVE_SPEC)
  scene.diagnostic(`the first solve took ${coldSeconds.toFixed(2)} s`)
  await solve(tutorial.value)
  const rattler = await loadRattler({ memoryBytes: 2 * 1024 * 1_048_576 })
  const whole = () => wholeDocument(rattler, join(folder, 'synthetic'))
  await whole()

  const held: number[] = []
  const most: number[] = []
  const watched = async (spec: EnvironmentSpec): Promise<number> => {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const seconds = await solve(spec)
    delay.disable()
    held.push(delay.percentile(99) / 1e6)
    most.push(delay.max / 1e6)
    return seconds
  }
  const measured = await interleaved(
    [
      { name: `${SOLVE_RECORDS / 1000}k records, warm`, unit: 's', measure: () => watched(SOLVE_SPEC) },
      { name: 'rattler by itself, handed all of it', unit: 's', measure: whole },
      { name: "the tutorial's environment, warm", unit: 's', measure: () => watched(tutorial.value) },
    ],
    rounds,
    line => scene.diagnostic(line),
  )
  return { measured, coldSeconds, heldUp: { p99: Math.max(...held), most: Math.max(...most) } }
}

/** In this thread, which it blocks. */
async function wholeDocument(rattler: Rattler, folder: string): Promise<number> {
  const began = performance.now()
  const channel = channelUrl('synthetic')
  const documents = ['linux-64', 'noarch'].map(subdir => ({
    ...{ channel, subdir },
    text: readFileSync(join(folder, subdir, 'repodata.json'), 'utf8'),
  }))
  const nodes = { info: { subdir: 'linux-64' }, packages: { '__glibc-2.17-0.tar.bz2': glibc() }, 'packages.conda': {} }
  const virtual = { channel: 'https://nodes.invalid/nodes', subdir: 'linux-64', text: JSON.stringify(nodes) }
  const answer = await rattler.ask({
    specs: [...ROOTS, `__glibc ==${NODES.__glibc}`],
    documents: [...documents, virtual, { ...virtual, subdir: 'noarch', text: '{"packages":{}}' }],
    platform: 'linux-64',
  })
  if (answer.kind !== 'solved') throw new Error(`rattler did not solve it: ${JSON.stringify(answer).slice(0, 500)}`)
  return (performance.now() - began) / 1000
}

const glibc = () => ({
  ...{ name: '__glibc', version: NODES.__glibc, build: '0', build_number: 0, depends: [], subdir: 'linux-64' },
  ...{ md5: '0'.repeat(32), sha256: '0'.repeat(64), size: 0 },
})
