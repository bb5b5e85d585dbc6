// Worked cases: given, expected verdict, and the rule that decides. examples.json was worked out by hand from the sources;
// derived.json by somebody else from the same facts, without looking at the judge.
import { readFileSync } from 'node:fs'
import type { CompatibilityQuestion, CompatibilityReport, Verdict } from '@trotline/contracts'
import { parseMatrix } from '@trotline/environment'

export interface Case {
  id: string
  given: CompatibilityQuestion
  expect: Verdict
  alsoAccept?: Verdict[]
  rule: string
  why: string
}

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

export const MATRIX_TEXT = read('conda/compatibility.json')

export const matrix = parseMatrix(MATRIX_TEXT)

export const casesOf = (name: 'examples' | 'derived'): Case[] =>
  JSON.parse(read(`tests/fixtures/compatibility/${name}.json`))

/** Rules of the findings that make the verdict, and of those that pass. */
export const rulesOf = (report: CompatibilityReport): Set<string> =>
  new Set(
    report.findings
      .filter(({ verdict }) => verdict === report.verdict || verdict === 'compatible')
      .flatMap(({ rule }) => rule.split('+')),
  )

/** Small and seeded (mulberry32): the same numbers in every run. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
