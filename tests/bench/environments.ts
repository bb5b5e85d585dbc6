// What environments cost: to solve one while the server is asked for other things, to look at every byte of one, and to start a job in one that
// is ready.
import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { buildIfStale } from '../../deploy/quickstart/build.ts'
import { PLACES } from '../../deploy/quickstart/places.ts'
import type { Place } from '../integration/worker-process.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { ASKED_PER_SECOND, apiFigures } from './environments-api.ts'
import { SOLVE_RECORDS, solveFigures } from './environments-solve.ts'
import { createJobStarts, type JobStart } from './environments-start.ts'
import { bundleEntering, hashedByCoreutils, type MadeScene, madeScene, verified } from './environments-verify.ts'
import type { HeldUp } from './event-loop.ts'
import { median, percentile, shown } from './rounds.ts'
import { comparison, table } from './table.ts'

const GOALS = { solveSeconds: 1, apiMs: 50, blockedMs: 100, verifySeconds: 5, startMs: 200 } as const

/** Worker processes of each kind a round: their times differ by more than the environment adds. */
const STARTS = 4

export const environments: Bench = {
  about: `Solving: seven roots of a channel of ${SOLVE_RECORDS / 1000},000 records, in this process beside rattler by itself, which is handed all of the channel, and over
REST by the built server, one solve after the other, while jobs are asked for ${ASKED_PER_SECOND} times a second (half of them the list); --seconds is how long a half
round of that is. Looking at every byte: 1,000 packages of 50 files, the release's own program in a new process, beside coreutils' sha256sum. Starting: the
release's worker with a command that says when it began, without an environment and in ready ones, in turns. All files are in the page cache.`,
  usual: { rounds: 5, jobs: 0, seconds: 10 },
  small: { rounds: 1, jobs: 0, seconds: 3 },
  run,
}

async function run(options: BenchOptions): Promise<void> {
  const { scene, print } = options
  scene.diagnostic((await buildIfStale()) ? 'built' : 'the build is current')
  for (const [part, measure] of [
    ['solving', solving],
    ['the API while the server solves', api],
    ['environments that are there', made],
  ] as const) {
    scene.diagnostic(`${part}; ${load()}`)
    await measure(options)
    print(`${load()}\n`)
  }
}

const load = (): string =>
  `load average ${loadavg()
    .map(one => one.toFixed(1))
    .join(', ')} on ${availableParallelism()} CPUs`

async function solving({ rounds, scene, print }: BenchOptions): Promise<void> {
  const { measured, coldSeconds, heldUp } = await solveFigures({ rounds, scene })
  print(comparison(measured))
  print(
    `\nThe first solve, with the channel read and indexed: ${shown(coldSeconds)} s. The event loop beside it was held up at most ${shown(heldUp.most)} ms.`,
  )
  const [ours] = measured
  print('')
  print(
    table(GOAL_HEAD, [
      goal(`a solve of ${SOLVE_RECORDS / 1000}k records, warm`, median(ours?.figures ?? []), GOALS.solveSeconds, 's'),
    ]),
  )
}

async function api({ rounds, seconds, scene, print }: BenchOptions): Promise<void> {
  const figures = await apiFigures({ rounds, seconds, scene })
  const { solveSeconds, coldSeconds, quietMs, solvingMs } = figures
  const [quiet, busy] = [quietMs.flat(), solvingMs.flat()]
  const row = (name: string, share: number): string[] => {
    const ratios = quietMs.map((times, i) => percentile(solvingMs[i] ?? [], share) / percentile(times, share))
    return [
      name,
      ...[quiet, busy].map(times => shown(percentile(times, share))),
      `${shown(median(ratios))} (${shown(Math.min(...ratios))} - ${shown(Math.max(...ratios))})`,
    ]
  }
  print(
    table(
      [`the API, ${ASKED_PER_SECOND} questions/s, ${quiet.length} each`, 'quiet, ms', 'solving, ms', 'ratio, by round'],
      [row('half of them within', 0.5), row('99 of 100', 0.99), row('all', 1)],
    ),
  )
  const words = (held: readonly HeldUp[]): string =>
    `${shown(most(held.map(one => one.blockedMs)))} ms (and waited ${shown(most(held.map(one => one.waitedMs)))} ms for a processor)`
  print(
    `\nThe server's event loop was held up at most ${words(figures.heldUpSolving)} while it solved, ${words(figures.heldUpQuiet)} while not. Whoever asked waited at most ${shown(most(figures.askerWaitedMs))} ms for a processor.`,
  )
  print(
    `${solveSeconds.length} solves over REST: median ${shown(median(solveSeconds))} s, 99 of 100 within ${shown(percentile(solveSeconds, 0.99))} s; the first after the start ${shown(coldSeconds)} s. Processor time of one: ${shown(median(figures.solveCpuSeconds))} s.`,
  )
  const [first] = figures.refused
  if (first !== undefined) print(`${figures.refused.length} requests were refused, the first with: ${first}`)
  print('')
  print(
    table(GOAL_HEAD, [
      goal('a solve over REST, warm, median', median(solveSeconds), GOALS.solveSeconds, 's'),
      goal('99 of 100 questions meanwhile', percentile(busy, 0.99), GOALS.apiMs, 'ms'),
      goal('event loop held up', most(figures.heldUpSolving.map(one => one.blockedMs)), GOALS.blockedMs, 'ms'),
    ]),
  )
}

async function made({ rounds, scene, print }: BenchOptions): Promise<void> {
  scene.diagnostic('two environments are made')
  const release = builtRelease()
  const large = await madeScene(scene, 1000, 50)
  const usual = await madeScene(scene, 38, 500)
  const { entered } = await bundleEntering(scene)
  const startJob = createJobStarts(scene, release)
  const verify: number[] = []
  const coreutils: number[] = []
  const kinds = [null, usual, large].map(
    (one): Kind => ({ name: one === null ? 'none' : nameOf(one), scene: one, starts: [], enters: [], looked: [] }),
  )
  // Each once, not counted.
  for (const kind of kinds) await startJob(kind.scene)
  for (let round = 1; round <= rounds; round++) {
    verify.push(verified(release.directory, large))
    coreutils.push(hashedByCoreutils(large))
    for (let turn = 1; turn <= STARTS; turn++)
      for (const kind of kinds) {
        kind.starts.push(await startJob(kind.scene))
        if (kind.scene === null) continue
        const { ms, looked } = entered(kind.scene, `round ${round}, turn ${turn}`)
        kind.enters.push(ms)
        kind.looked.push(looked)
      }
    scene.diagnostic(`round ${round} of ${rounds}: every byte looked at in ${shown(verify.at(-1) ?? Number.NaN)} s`)
  }
  printVerify({ verify, coreutils, large }, print)
  printStarts(kinds, print)
}

interface Kind {
  name: string
  /** null: no environment. */
  scene: MadeScene | null
  starts: JobStart[]
  enters: number[]
  looked: number[]
}

const nameOf = ({ packages, files }: MadeScene): string =>
  `${packages.toLocaleString('en')} packages, ${files.toLocaleString('en')} files`

function printVerify(
  { verify, coreutils, large }: { verify: number[]; coreutils: number[]; large: MadeScene },
  print: BenchOptions['print'],
): void {
  const what = `every byte of ${nameOf(large)}, ${Math.round(large.bytes / 1_048_576)} MiB`
  print(
    comparison([
      { name: what, unit: 's', figures: verify },
      { name: 'find and sha256sum', unit: 's', figures: coreutils },
    ]),
  )
  print('')
  print(table(GOAL_HEAD, [goal(what, median(verify), GOALS.verifySeconds, 's')]))
}

function printStarts(kinds: readonly Kind[], print: BenchOptions['print']): void {
  const of = ({ starts }: Kind, figure: keyof JobStart): number => median(starts.map(one => one[figure]))
  const [none] = kinds
  if (none === undefined) return
  print('')
  print(
    table(
      [
        'the environment of a job',
        'fence to command, ms',
        'adds, ms',
        'entering alone, ms',
        'looked at',
        'whole worker, ms',
        'ratio',
      ],
      kinds.map(kind => [
        kind.name,
        shown(of(kind, 'startMs')),
        kind === none ? '' : shown(of(kind, 'startMs') - of(none, 'startMs')),
        kind === none ? '' : `${shown(median(kind.enters))} (at most ${shown(most(kind.enters))})`,
        kind === none ? '' : `${Math.round(100 * median(kind.looked))} %`,
        shown(of(kind, 'processMs')),
        shown(of(kind, 'processMs') / of(none, 'processMs')),
      ]),
    ),
  )
  print('')
  const rows = kinds
    .filter(kind => kind !== none)
    .map(kind =>
      goal(`added to a job's start, ${kind.name}`, of(kind, 'startMs') - of(none, 'startMs'), GOALS.startMs, 'ms'),
    )
  print(table(GOAL_HEAD, rows))
}

/** As `npm run build` made it. */
function builtRelease(): Place['release'] {
  const { plain } = JSON.parse(readFileSync(join(PLACES.workerRelease, 'current.json'), 'utf8')) as { plain: string }
  return { id: plain, directory: join(PLACES.workerRelease, plain) }
}

const GOAL_HEAD = ['', 'seen', 'asked for', ''] as const

const goal = (what: string, seen: number, asked: number, unit: string): string[] => [
  what,
  `${shown(seen)} ${unit}`,
  `${asked} ${unit}`,
  seen <= asked ? 'OK' : 'missed',
]

const most = (figures: readonly number[]): number => Math.max(...figures)
