// Conda's order of versions and its constraints on them. The order is conda's own (conda/models/version.py): parts between
// dots, underscores and dashes, each cut into numbers and words; a word is older than a number, dev than any, post is newest.

type Part = readonly (number | string)[]
export interface CondaVersion {
  epoch: number
  parts: readonly Part[]
  local: readonly Part[]
}

const VERSION = /^(?:(\d+)!)?([a-z0-9][a-z0-9._-]*)(?:\+([a-z0-9._-]+))?$/

/** null: conda would refuse it. */
export function parseCondaVersion(text: string): CondaVersion | null {
  const match = VERSION.exec(text.trim().toLowerCase())
  if (match?.[2] === undefined || match[2].length > 100) return null
  const parts = partsOf(match[2])
  const local = match[3] === undefined ? [] : partsOf(match[3])
  return parts === null || local === null ? null : { epoch: Number(match[1] ?? 0), parts, local }
}

function partsOf(text: string): Part[] | null {
  const parts = text.split(/[._-]/).map(part => {
    const pieces = (part.match(/\d+|[a-z]+/g) ?? []).map(piece => (/^\d/.test(piece) ? Number(piece) : piece))
    return typeof pieces[0] === 'string' ? [0, ...pieces] : pieces
  })
  return parts.some(part => part.length === 0) ? null : parts
}

export function compareConda(one: CondaVersion, other: CondaVersion): number {
  return one.epoch - other.epoch || compareParts(one.parts, other.parts) || compareParts(one.local, other.local)
}

function compareParts(one: readonly Part[], other: readonly Part[]): number {
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const a = one[i] ?? [0]
    const b = other[i] ?? [0]
    for (let j = 0; j < Math.max(a.length, b.length); j++) {
      const difference = comparePieces(a[j] ?? 0, b[j] ?? 0)
      if (difference !== 0) return difference
    }
  }
  return 0
}

function comparePieces(a: number | string, b: number | string): number {
  const rank = (piece: number | string) =>
    piece === 'dev' ? 0 : piece === 'post' ? 3 : typeof piece === 'string' ? 1 : 2
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  return typeof a === 'number' && typeof b === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0
}

/** What a constraint such as `>=3.6,<3.9`, `1.3`, `=1.3`, `==1.3.1`, `1.3.*` or `3.6|3.7` lets through. */
export type Constraint = (version: CondaVersion) => boolean

/** null: nobody can read it. A bare `1.3` means what conda's command line means by it: 1.3 and all that it begins. */
export function parseConstraint(text: string): Constraint | null {
  if (text.length > 200) return null
  const either: Constraint[] = []
  for (const alternative of text.split('|')) {
    const all: Constraint[] = []
    for (const piece of alternative.split(',')) {
      const one = parsePiece(piece.trim())
      if (one === null) return null
      all.push(one)
    }
    either.push(version => all.every(holds => holds(version)))
  }
  return version => either.some(holds => holds(version))
}

function parsePiece(piece: string): Constraint | null {
  if (piece === '*' || piece === '') return piece === '*' ? () => true : null
  const [, operator = '', written = ''] = /^(===|==|!=|>=|<=|~=|=|>|<)?\s*(\S+)$/.exec(piece) ?? []
  const starred = /\.?\*$/.test(written)
  // Conda would take words for versions too; who writes `latest` means something that no table has.
  const bound = /^\d/.test(written) ? parseCondaVersion(written.replace(/\.?\*$/, '')) : null
  if (bound === null) return null
  const begins: Constraint = version => startsWith(version, bound)
  switch (operator) {
    case '':
    case '=':
      return begins
    case '==':
    case '===':
      return starred ? begins : version => compareConda(version, bound) === 0
    case '!=':
      return starred ? version => !begins(version) : version => compareConda(version, bound) !== 0
    case '>=':
      return version => compareConda(version, bound) >= 0
    case '<=':
      return version => compareConda(version, bound) <= 0
    case '>':
      return version => compareConda(version, bound) > 0
    case '<':
      return version => compareConda(version, bound) < 0
    default: {
      const shorter = { ...bound, parts: bound.parts.slice(0, -1) }
      return bound.parts.length < 2
        ? null
        : version => compareConda(version, bound) >= 0 && startsWith(version, shorter)
    }
  }
}

const startsWith = (version: CondaVersion, prefix: CondaVersion): boolean =>
  version.epoch === prefix.epoch &&
  compareParts(
    prefix.parts.map((_, i) => version.parts[i] ?? [0]),
    prefix.parts,
  ) === 0
