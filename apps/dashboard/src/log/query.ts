// What is looked for in a log: a text, or a pattern that can neither hang the page nor mean something else on the cluster.

export interface Query {
  text: string
  regex: boolean
  ignoreCase: boolean
}
/** Places in a text, in order, none empty and none within another. */
export type Find = (text: string, found: (start: number, end: number) => void) => void

/** As long as a line is drawn at first; a pattern costs more than its length. */
const MOST_SEARCHED_BY_PATTERN = 10_000

/** The sentence says what is wrong with the pattern. An empty text finds nothing. */
export function compileQuery({ text, regex, ignoreCase }: Query): { find: Find } | { problem: string } {
  if (text === '') return { find: () => {} }
  if (!regex && !ignoreCase) return { find: (searched, found) => findText(searched, text, found) }
  const problem = regex ? patternProblem(text) : null
  if (problem !== null) return { problem }
  try {
    const source = regex ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    const pattern = new RegExp(source, ignoreCase ? 'gi' : 'g')
    return { find: (searched, found) => findPattern(regex ? head(searched) : searched, pattern, found) }
  } catch (error) {
    return {
      problem: `This is not a pattern: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`,
    }
  }
}

const head = (text: string): string =>
  text.length > MOST_SEARCHED_BY_PATTERN ? text.slice(0, MOST_SEARCHED_BY_PATTERN) : text

function findText(searched: string, text: string, found: (start: number, end: number) => void): void {
  for (let at = searched.indexOf(text); at >= 0; at = searched.indexOf(text, at + text.length))
    found(at, at + text.length)
}

function findPattern(searched: string, pattern: RegExp, found: (start: number, end: number) => void): void {
  pattern.lastIndex = 0
  for (let match = pattern.exec(searched); match !== null; match = pattern.exec(searched)) {
    if (match[0] === '') pattern.lastIndex += 1
    else found(match.index, match.index + match[0].length)
  }
}

/** What the cluster's grep does not have either, and repetitions of repetitions, which take for ever on a line that does not match. */
function patternProblem(pattern: string): string | null {
  // Per open group, the outermost first: whether something in it repeats without end.
  const repeats = [false]
  let inClass = false
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at]
    const rest = pattern.slice(at)
    if (sign === '\\') {
      if (!inClass && /^\\(?:[1-9]|k<)/.test(rest)) return 'Patterns here have no back-references (\\1).'
      at += 1
    } else if (inClass) inClass = sign !== ']'
    else if (sign === '[') inClass = true
    else if (sign === '(') {
      if (/^\(\?<?[=!]/.test(rest)) return 'Patterns here do not look ahead or behind ((?=, (?!, (?<=).'
      repeats.push(false)
    } else if (sign === ')') {
      const inside = repeats.length > 1 ? repeats.pop() : false
      const again = /^\)(?:[*+]|\{\d+,?\d*\})/.test(rest)
      if (inside && again)
        return 'A repetition inside a repeated group can take for ever: search the whole file instead.'
      if (inside || /^\)(?:[*+]|\{\d+,\})/.test(rest)) repeats[repeats.length - 1] = true
    } else if (sign === '*' || sign === '+' || /^\{\d+,\}/.test(rest)) repeats[repeats.length - 1] = true
  }
  return null
}
