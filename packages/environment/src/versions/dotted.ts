// Versions of drivers, CUDA, cuDNN and glibc: whole numbers between dots, missing parts count as zero (455.32 is 455.32.00,
// 450.119.03 is newer than 450.80.02). Text that is none of these is null, and whoever asked says what is missing.

export type Dotted = readonly number[]

const DOTTED = /^\d{1,9}(?:\.\d{1,9}){0,5}$/

/** null: not a version. Leading zeros of a part do not count: 525.60.013 is 525.60.13. */
export function parseDotted(text: string): Dotted | null {
  const trimmed = text.trim()
  return DOTTED.test(trimmed) ? trimmed.split('.').map(Number) : null
}

/** Below, at or above zero, as sort wants it. */
export function compareDotted(one: Dotted, other: Dotted): number {
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether what is written of `prefix` stands at the front: 11.2 begins 11.2.152, 11 begins both. */
export const beginsWith = (version: Dotted, prefix: Dotted): boolean =>
  prefix.every((part, i) => (version[i] ?? 0) === part)

/** Both ends count, the upper one with all that it begins: 2.5.1 lies within 2.4 to 2.5. */
export const within = (version: Dotted, from: Dotted, to: Dotted): boolean =>
  compareDotted(version, from) >= 0 && (compareDotted(version, to) <= 0 || beginsWith(version, to))

export const minorOf = (version: Dotted): Dotted => [version[0] ?? 0, version[1] ?? 0]

export const sameMinor = (one: Dotted, other: Dotted): boolean => compareDotted(minorOf(one), minorOf(other)) === 0

export const showDotted = (version: Dotted): string => version.join('.')

/** For rows of the matrix, whose versions were checked when it was read. @throws TypeError on any other text */
export function dotted(text: string): Dotted {
  const known = READ.get(text)
  if (known !== undefined) return known
  const version = parseDotted(text)
  if (version === null) throw new TypeError(`${JSON.stringify(text)} is not a version`)
  if (READ.size < READ_AT_MOST) READ.set(text, version)
  return version
}

/** The same few hundred texts of the matrix are asked for in every judgement. */
const READ = new Map<string, Dotted>()
const READ_AT_MOST = 2000
