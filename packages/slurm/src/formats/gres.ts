// Generic resources as sinfo and scontrol print them: gpu:k80:4(S:0-1),gpu:p100:2,shard:8,craynetwork:4, (null) for none.
// gpu:a100:no_consume:4 is a gres that jobs share (man slurm.conf, Gres).

export interface Gres {
  readonly name: string
  readonly type: string | null
  readonly count: number
}

// "(S:0-1)" is socket affinity, "(IDX:0-1)" the indexes in use.
const ITEM = /^([\w-]+)(?::(?!no_consume\b)([\w.-]+))?(?::no_consume)?(?::(\w+))?(?:\([^)]*\))?$/
// Counts may carry a binary suffix (man gres.conf, Count): 4K is 4096.
const COUNT = /^(\d+)([KMGTP]?)$/
const FACTOR: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 }

/** null when the text is no list of generic resources. */
export function parseGres(text: string): Gres[] | null {
  if (text === '' || text === '(null)' || text === 'N/A') return []
  // A comma inside parentheses does not separate: gpu:4(S:0,2).
  const items = text.split(/,(?![^(]*\))/).map(parseItem)
  return items.every(item => item !== null) ? items : null
}

function parseItem(text: string): Gres | null {
  const [, name, second, third] = ITEM.exec(text) ?? []
  if (name === undefined) return null
  if (second === undefined) return third === undefined ? { name, type: null, count: 1 } : counted(name, null, third)
  const secondCount = countOf(second)
  if (third === undefined)
    return secondCount === null ? { name, type: second, count: 1 } : { name, type: null, count: secondCount }
  return counted(name, second, third)
}

function counted(name: string, type: string | null, text: string): Gres | null {
  const count = countOf(text)
  return count === null ? null : { name, type, count }
}

function countOf(text: string): number | null {
  const match = COUNT.exec(text)
  return match ? Number(match[1]) * (FACTOR[match[2] ?? ''] ?? 1) : null
}
