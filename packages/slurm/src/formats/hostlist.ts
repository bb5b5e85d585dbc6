// Slurm's compressed host lists: c[01-03,07],login1, rack[1-2]node[1-4] (man scontrol, show hostnames).

const RANGE = /^(\d+)(?:-(\d+))?$/

/**
 * Expands a host list into names, in Slurm's order. null when the text is no host list.
 *
 * @throws RangeError past `limit` names: a range is a few characters, its names may be millions.
 */
export function expandHostlist(text: string, limit = 65_536): string[] | null {
  if (text === '' || text === '(null)' || text === 'None assigned' || text === 'n/a') return []
  const names: string[] = []
  for (const part of splitOutsideBrackets(text) ?? [null]) {
    const expanded = part === null ? null : expandPart(part, limit)
    if (expanded === null) return null
    names.push(...expanded)
    if (names.length > limit) throw new RangeError(`a host list of more than ${limit} names`)
  }
  return names
}

function splitOutsideBrackets(text: string): string[] | null {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    if (char === '[') depth++
    else if (char === ']') depth--
    if (depth < 0 || depth > 1) return null
    if (at === text.length || (char === ',' && depth === 0)) {
      if (at === from) return null
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return depth === 0 ? parts : null
}

function expandPart(part: string, limit: number): string[] | null {
  const open = part.indexOf('[')
  if (open === -1) return /^[\w.-]+$/.test(part) ? [part] : null
  const close = part.indexOf(']', open)
  const rest = close + 1 === part.length ? [''] : expandPart(part.slice(close + 1), limit)
  const numbers = expandNumbers(part.slice(open + 1, close), limit)
  if (rest === null || numbers === null) return null
  if (numbers.length * rest.length > limit) throw new RangeError(`a host list of more than ${limit} names`)
  const prefix = part.slice(0, open)
  return numbers.flatMap(number => rest.map(tail => `${prefix}${number}${tail}`))
}

function expandNumbers(text: string, limit: number): string[] | null {
  const numbers: string[] = []
  for (const item of text.split(',')) {
    const match = RANGE.exec(item)
    if (!match) return null
    const [, first = '', last = first] = match
    // The width of the first number is the padding of all: [08-10] is 08, 09, 10.
    if (Number(last) - Number(first) >= limit) throw new RangeError(`a host list of more than ${limit} names`)
    for (let number = Number(first); number <= Number(last); number++) {
      numbers.push(String(number).padStart(first.length, '0'))
    }
  }
  return numbers
}
