// The number of a line: exact where the file was read from its beginning, else about, from how long lines usually are. Within what was
// read without a gap the numbers of neighbours differ by one all the same.
import { count } from '../text/figures.ts'
import type { Row } from './row.ts'

export interface LineNumber {
  number: number
  exact: boolean
}

interface Block {
  /** Of its first row. */
  index: number
  /** null: nobody can tell. */
  line: number | null
  exact: boolean
}

/** So many lines say how long lines are. */
const SAMPLE = 2_000
const LEAST_SAMPLE = 20

/** Answers a row's number; null: it is a seam, or nobody can tell. Pure: rows that change later are another call. */
export function lineNumbers(rows: readonly Row[]): (index: number) => LineNumber | null {
  const bytes = usualBytes(rows)
  const blocks: Block[] = []
  let open = { attempt: 0, exact: false }
  for (const [index, row] of rows.entries()) {
    if (row.kind === 'seam') {
      if (row.seam.kind !== 'lost' || row.seam.missing > 0) open = { attempt: 0, exact: false }
      continue
    }
    const exact = row.number !== null
    if (open.attempt === row.attempt && open.exact === exact) continue
    open = { attempt: row.attempt, exact }
    const line = row.number ?? (bytes === null ? null : Math.round(row.offset / bytes) + 1)
    blocks.push({ index, line, exact })
  }
  return index => {
    const row = rows[index]
    if (row?.kind !== 'text') return null
    if (row.number !== null) return { number: row.number, exact: true }
    let [low, high] = [0, blocks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((blocks[middle] as Block).index <= index) low = middle + 1
      else high = middle
    }
    const block = blocks[low - 1]
    return block?.line == null ? null : { number: block.line + index - block.index, exact: false }
  }
}

export const numberText = ({ number, exact }: LineNumber): string => `${exact ? '' : '≈'}${count(number)}`
/** "line 1 204 551", "line ≈5 304". */
export const lineText = (line: LineNumber | null): string => (line === null ? 'a line' : `line ${numberText(line)}`)

/** The median of those that are here: one line of megabytes says nothing of the others. null: too little is here. */
function usualBytes(rows: readonly Row[]): number | null {
  const lengths: number[] = []
  const step = Math.max(1, Math.floor(rows.length / SAMPLE))
  for (let at = 0; at + 1 < rows.length; at += step) {
    const [row, next] = [rows[at], rows[at + 1]]
    if (row?.kind === 'text' && next?.kind === 'text' && next.attempt === row.attempt && next.offset > row.offset)
      lengths.push(next.offset - row.offset)
  }
  if (lengths.length < LEAST_SAMPLE) return null
  return lengths.sort((a, b) => a - b)[lengths.length >> 1] ?? null
}
