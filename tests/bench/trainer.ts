// What a training costs, beside numpy and PyTorch on one thread: the tutorial's exercises and some larger nets.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchOptions } from './bench.ts'
import { interleaved, median, shown, type Way } from './rounds.ts'
import { table } from './table.ts'
import { bundleSubject } from './trainer-bundle.ts'
import { type Comparison, comparisons } from './trainer-comparisons.ts'
import { printAutoMpg, printFashion } from './trainer-figures.ts'
import { printReporting } from './trainer-reporting.ts'
import { type Cost, NOT_INSTALLED, openYardstick, slowBlas, type Yardstick } from './trainer-yardstick.ts'

export const trainer: Bench = {
  about: `The tutorial's exercises and some larger nets, trained in turns by us and by numpy or PyTorch on one thread, which is the
faster for it at these sizes. "fit" is the whole of a job's training, with reading, shuffling, metrics and events; "steps"
are bare steps on batches in memory, on both sides. Before anything is measured, both sides' first losses are compared.
A ratio is of two figures taken one right after the other; that of processor time says nearly the same on a busy machine.
PyTorch comes from Debian (python3-torch, libopenblas0-pthread); without it only our own times are shown. Then: what part
of exercise 2's training the reporting takes, in the real worker with a real Redis.
  --exercises   also exercise 2 with seeds 0 to 4, 1,000 epochs each: its errors beside the tutorial's
  --fashion     also exercise 3's net on Debian's dataset-fashion-mnist, seeds 0 to 2, two epochs each: its accuracy
--seconds is how long each way is measured in each round.`,
  usual: { rounds: 5, jobs: 0, seconds: 2 },
  small: { rounds: 1, jobs: 0, seconds: 1 },
  extras: ['exercises', 'fashion'],
  run,
}

async function run({ rounds, seconds, extras, scene, print }: BenchOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'trotline-bench-'))
  scene.after(() => rm(directory, { recursive: true, force: true }))
  scene.diagnostic('the trainer is bundled')
  const subject = await bundleSubject(directory)
  scene.diagnostic('PyTorch starts, and both sides are compared')
  const yardstick = await openYardstick(scene)
  if (yardstick === null) print(`${NOT_INSTALLED}\n`)
  else if (yardstick.versions.blas.reference) print(`${slowBlas(yardstick.versions.blas.name)}\n`)

  const compared = await comparisons({ subject, yardstick, seconds, scene })
  const { ways, costs } = waysOf(compared)
  scene.diagnostic('each way is tried once, uncounted: compilers warm up')
  await interleaved(ways, 1, () => {})
  for (const { ours, theirs } of costs.values()) ours.length = theirs.length = 0
  await interleaved(ways, rounds, scene.diagnostic)
  print(timesTable(compared, costs, yardstick))
  const figures = { subject, yardstick, print, say: scene.diagnostic }
  if (extras.includes('exercises')) await printAutoMpg(figures)
  if (extras.includes('fashion')) await printFashion(figures)
  await printReporting({ rounds, scene, print })
}

type Costs = ReadonlyMap<string, { ours: Cost[]; theirs: Cost[] }>

/** Ours and the yardstick's one right after the other, so that a busy minute of the machine falls on both. */
function waysOf(compared: readonly Comparison[]): { ways: Way[]; costs: Costs } {
  const costs = new Map(compared.map(({ name }) => [name, { ours: [] as Cost[], theirs: [] as Cost[] }]))
  const way = (name: string, whose: 'ours' | 'theirs', measure: () => Promise<Cost>): Way => ({
    name: `${name}, ${whose}`,
    unit: 'ms',
    async measure() {
      // A turn for signals: steps are not asynchronous.
      await new Promise(resolve => setImmediate(resolve))
      const cost = await measure()
      costs.get(name)?.[whose].push(cost)
      return cost.milliseconds
    },
  })
  const ways = compared.flatMap(({ name, ours, theirs }) => [
    way(name, 'ours', ours),
    ...(theirs === null ? [] : [way(name, 'theirs', theirs)]),
  ])
  return { ways, costs }
}

function timesTable(compared: readonly Comparison[], costs: Costs, yardstick: Yardstick | null): string {
  const milliseconds = (of: readonly Cost[] = []): number[] => of.map(cost => cost.milliseconds)
  if (yardstick === null) {
    const rows = compared.map(({ name, path }) => {
      const ours = milliseconds(costs.get(name)?.ours)
      return [name, path, `${shown(median(ours))} ms`, spread(ours)]
    })
    return table([`Node.js ${process.version}`, 'measured', 'median', 'least - most'], rows)
  }
  const rows = compared.map(({ name, path, goal }) => {
    const { ours = [], theirs = [] } = costs.get(name) ?? {}
    const ratiosOf = (figure: (cost: Cost) => number): number[] =>
      ours.map((cost, round) => figure(cost) / figure(theirs[round] as Cost))
    const ratios = ratiosOf(cost => cost.milliseconds)
    return [
      name,
      path,
      `${shown(median(milliseconds(ours)))} ms`,
      `${shown(median(milliseconds(theirs)))} ms`,
      `${shown(median(ratios))} x`,
      spread(ratios),
      `${shown(median(ratiosOf(cost => cost.processorMilliseconds)))} x`,
      goal === null ? '' : `${goal} x`,
    ]
  })
  const { numpy, torch, blas } = yardstick.versions
  const sides = [`Node.js ${process.version}`, `numpy ${numpy} or PyTorch ${torch}, ${blas.name}`]
  return table(['', 'measured', ...sides, 'ratio', 'least - most', 'of processor time', 'goal'], rows)
}

const spread = (figures: readonly number[]): string => `${shown(Math.min(...figures))} - ${shown(Math.max(...figures))}`
