// What was found amiss, in words: the files, the package that each belongs to, and how many there are in all.
import type { Drift } from '@trotline/contracts'

export type Amiss = Drift['files'][number]['what']

export interface Finding {
  /** Relative to the prefix; of a package: its file in conda-meta. */
  path: string
  what: Amiss
  /** `zlib 1.2.13 h5eee18b_0`; null: nobody's. */
  package: string | null
  /** In place of the usual words, to stand behind the name of the package or the path: `is missing`. */
  words?: string
}

/** As the contract has it. */
const MOST_FILES = 32
/** What is told of is the first by kind and name; beyond so many only the count grows. */
const MOST_KEPT = 20_000

/** The worst first: what cannot be read, since more follows from it; a package that is not the lock's; bytes; what is not there. */
const ORDER: Readonly<Record<Amiss, number>> = {
  unreadable: 0,
  'package-changed': 1,
  'package-missing': 2,
  'package-extra': 3,
  changed: 4,
  missing: 5,
  extra: 6,
}

export interface Findings {
  add(finding: Finding): void
  count(): number
  /** null: nothing is amiss. */
  drift(): Drift | null
}

export function collectFindings(): Findings {
  const kept: Finding[] = []
  let count = 0
  return {
    add(finding) {
      count++
      if (kept.length < MOST_KEPT) kept.push(finding)
    },
    count: () => count,
    drift: () => (count === 0 ? null : driftOf(kept, count)),
  }
}

function driftOf(findings: readonly Finding[], count: number): Drift {
  const sorted = [...findings].sort((a, b) => ORDER[a.what] - ORDER[b.what] || (a.path < b.path ? -1 : 1))
  const [first] = sorted
  const others = count - 1
  const more = others === 0 ? '' : `, and ${others} more ${others === 1 ? 'file or package' : 'files or packages'}`
  return {
    detail: `${first === undefined ? '' : findingText(first)}${more}`.slice(0, 2000),
    files: sorted.slice(0, MOST_FILES).map(({ path, what, package: of }) => ({
      path: path.slice(0, 1000),
      what,
      package: of === null ? null : of.slice(0, 300),
    })),
    count,
  }
}

/** Without a full stop: more may follow. */
export function findingText({ path, what, package: of, words }: Finding): string {
  if (what.startsWith('package-')) return `${of ?? path} ${words ?? PACKAGE_WORDS[what] ?? what}`
  const whose = of === null ? '' : ` of ${of}`
  if (words !== undefined) return `${path}${whose} ${words}`
  if (what === 'changed') return `${path} has other bytes than ${of === null ? 'when it was made' : `${of} brought`}`
  if (what === 'missing') return `${path}${whose} is missing`
  if (what === 'extra')
    return `${path} is there, and ${of === null ? 'no package brought it' : `${of} did not bring it`}`
  return `${path}${whose} cannot be read`
}

const PACKAGE_WORDS: Readonly<Partial<Record<Amiss, string>>> = {
  'package-missing': 'is in the lock and is not installed',
  'package-extra': 'is installed and is not in the lock',
  'package-changed': 'is not the one that the lock names',
}
