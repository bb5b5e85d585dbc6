// Which Python is asked for: 3.9, 3.9.18, the free-threaded 3.13t, or a constraint of conda such as <3.7.
import { type Constraint, parseCondaVersion, parseConstraint } from './conda.ts'
import { compareDotted, dotted } from './dotted.ts'

export interface PythonAsked {
  text: string
  /** 3.9 or 3.13t, as tables write it; null where a constraint was given. */
  minor: string | null
  allows: Constraint
}

/** null: neither a version nor a constraint. */
export function parsePython(text: string): PythonAsked | null {
  const trimmed = text.trim()
  const match = /^(\d)\.(\d{1,2})(t)?(?:\.\d{1,3}(?:[a-z0-9.]*|\.\*)?|\.\*)?$/.exec(trimmed)
  if (match !== null) {
    const minor = `${match[1]}.${match[2]}${match[3] ?? ''}`
    const allows = parseConstraint(`${match[1]}.${match[2]}`)
    return allows === null ? null : { text: trimmed, minor, allows }
  }
  // `3` is every 3.x, as `=3` and `3.*` are.
  if (!/[<>=!~*|,]|^\d$/.test(trimmed)) return null
  const allows = parseConstraint(trimmed)
  return allows === null ? null : { text: trimmed, minor: null, allows }
}

/** Of these minors, those that the question allows. */
export const allowedOf = (asked: PythonAsked, minors: readonly string[]): string[] =>
  asked.minor !== null
    ? minors.filter(minor => minor === asked.minor)
    : minors.filter(minor => {
        // `<3.7` shuts 3.7 out and lets 3.6 in, whatever its patch: a large one stands for the newest, .0 for the oldest.
        const ends = [`${minor}.0`, `${minor}.99`].map(parseCondaVersion)
        return ends.some(end => end !== null && asked.allows(end))
      })

/** 2.7, 3.6 … in order; free-threaded ones after their namesakes. */
export const sortedPythons = (minors: readonly string[]): string[] =>
  [...minors].sort((a, b) => compareDotted(dotted(a.replace('t', '.1')), dotted(b.replace('t', '.1'))))
