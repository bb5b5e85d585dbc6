// Every word that Trotline answers with and a person may look up: what it means, why it comes, what cures it. The guide's pages and
// `trotline explain` print it from here. Which words there are is said where they arise; tests/house/explained.test.ts compares.
import { CODES } from './codes.ts'
import { FAILURES } from './failures.ts'
import { PROBLEM_CODES } from './problem-codes.ts'
import { RULES } from './rules.ts'

export const EXPLAINED_KINDS = {
  problem: 'an error answer',
  failure: 'why a job failed',
  code: 'what could not be done behind a request',
  rule: 'a rule of compatibility',
} as const
export type ExplainedKind = keyof typeof EXPLAINED_KINDS

/** In whole sentences. */
export interface Told {
  title: string
  cause: string
  cure: string
}

export interface Explanation extends Told {
  code: string
  kind: ExplainedKind
}

const BY_KIND: Readonly<Record<ExplainedKind, Readonly<Record<string, Told>>>> = {
  problem: PROBLEM_CODES,
  failure: FAILURES,
  code: CODES,
  rule: RULES,
}

/** All of a kind, in the order in which they are written down. */
export const explanationsOf = (kind: ExplainedKind): Explanation[] =>
  Object.entries(BY_KIND[kind]).map(([code, told]) => ({ code, kind, ...told }))

export const allExplanations = (): Explanation[] =>
  (Object.keys(BY_KIND) as ExplainedKind[]).flatMap(kind => explanationsOf(kind))

/** A word may be of two kinds, such as `environment`; none: nobody says it. Case and `_` for `-` do not matter. */
export function explain(word: string): Explanation[] {
  const plain = (text: string): string => text.toLowerCase().replaceAll('_', '-')
  return allExplanations().filter(({ code }) => plain(code) === plain(word))
}
