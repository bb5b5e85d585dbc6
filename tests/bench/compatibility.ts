// What it costs to judge and to suggest: the worked cases of tests/fixtures/compatibility, each in turn.
import { readFile } from 'node:fs/promises'
import type { CompatibilityQuestion, Hardware } from '@trotline/contracts'
import { judge, type Matrix, nearest, newest, parseMatrix } from '@trotline/environment'
import type { Bench, BenchOptions } from './bench.ts'
import { median, shown } from './rounds.ts'
import { table } from './table.ts'

export const compatibility: Bench = {
  about: `What a check costs, a suggestion, and reading the matrix. Each worked case of tests/fixtures/compatibility is judged
alone, after one uncounted turn through all of them; those that are refused are asked for the nearest sets that run, and the
newest releases for their driver and GPU. The matrix is read from its text with nothing kept from before.
A suggestion judges up to several hundred builds: beside its time stands that of a check, as a ratio in the same round.`,
  usual: { rounds: 5, jobs: 0, seconds: 0 },
  small: { rounds: 1, jobs: 0, seconds: 0 },
  run,
}

const ROOT = new URL('../../', import.meta.url)
/** Looks per case and round: a check takes less than the clock can tell. */
const CHECKS = 50

async function run({ rounds, print, scene }: BenchOptions): Promise<void> {
  const text = await readFile(new URL('conda/compatibility.json', ROOT), 'utf8')
  const cases = JSON.parse(await readFile(new URL('tests/fixtures/compatibility/examples.json', ROOT), 'utf8')) as {
    given: CompatibilityQuestion
  }[]
  const questions = cases.map(({ given }) => given)
  const matrix = parseMatrix(text)
  const refused = questions.filter(question => judge(question, matrix).verdict === 'incompatible')
  for (const question of refused) suggestAll(question, matrix)
  const checks: number[] = []
  const nearests: number[] = []
  const newests: number[] = []
  const reads: number[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const question of questions) {
      checks.push(milliseconds(() => repeat(CHECKS, () => judge(question, matrix))) / CHECKS)
    }
    for (const question of refused) {
      nearests.push(milliseconds(() => nearest(question, matrix)))
      newests.push(milliseconds(() => newest(hardwareOf(question), matrix)))
    }
    reads.push(milliseconds(() => judge(questions[0] ?? {}, parseMatrix(text))))
    scene.diagnostic(`round ${round} of ${rounds}`)
  }
  const check = median(checks)
  const row = (what: string, figures: number[], goal: string): string[] => [
    what,
    shown(median(figures)),
    shown(Math.max(...figures)),
    `${(median(figures) / check).toFixed(0)} x`,
    goal,
  ]
  print(
    table(
      ['', 'median, ms', 'most, ms', 'beside a check', 'goal, ms'],
      [
        row(`a check (${questions.length} cases)`, checks, '0.2'),
        row(`the nearest sets (${refused.length} refused cases)`, nearests, '50'),
        row('the newest releases of all frameworks', newests, '50'),
        row('reading the matrix, with its first check', reads, '30'),
      ],
    ),
  )
}

const hardwareOf = ({ driver, gpu, computeCapability }: CompatibilityQuestion): Hardware => ({
  ...(driver === undefined ? {} : { driver }),
  ...(gpu === undefined ? {} : { gpu }),
  ...(computeCapability === undefined ? {} : { computeCapability }),
})

function suggestAll(question: CompatibilityQuestion, matrix: Matrix): void {
  nearest(question, matrix)
  newest(hardwareOf(question), matrix)
}

function repeat(times: number, what: () => void): void {
  for (let i = 0; i < times; i++) what()
}

function milliseconds(what: () => void): number {
  const began = performance.now()
  what()
  return performance.now() - began
}
