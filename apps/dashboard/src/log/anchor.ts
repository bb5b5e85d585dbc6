// Holds a reader's place: the row at the top of the view stays where it is, whatever is put before it, let go, or turns out higher than
// it was taken to be. Pure: pixels come in and go out.
import type { Row } from './row.ts'
import type { VirtualRows } from './virtual-rows.ts'

export interface Anchor {
  /** Of the row at the view's top. */
  id: number
  index: number
  /** Its top, in pixels from the top of all rows, when it was looked at. */
  offset: number
}

export function anchorAt(rows: readonly Row[], heights: VirtualRows, scrollTop: number): Anchor | null {
  const index = heights.rowAt(scrollTop)
  const row = rows[index]
  return row === undefined ? null : { id: row.id, index, offset: heights.offsetOf(index) }
}

/** Where it is now; -1: it was let go. Looked for near its old place first. */
function indexOfRow(rows: readonly Row[], { id, index }: Pick<Anchor, 'id' | 'index'>): number {
  return rows[index]?.id === id ? index : rows.findIndex(row => row.id === id)
}

/**
 * Rows came before the anchor, or went: heights that were measured move along with their rows. Answers how many; null: the anchor is gone,
 * and so is what was measured.
 */
export function follow(rows: readonly Row[], heights: VirtualRows, anchor: Anchor): number | null {
  const index = indexOfRow(rows, anchor)
  if (index < 0) return null
  const moved = index - anchor.index
  heights.shift(moved)
  return moved
}

/** By how many pixels the view has to move so that the anchor's row stays where it was. */
export function drift(rows: readonly Row[], heights: VirtualRows, anchor: Anchor): number {
  const index = indexOfRow(rows, anchor)
  return index < 0 ? 0 : heights.offsetOf(index) - anchor.offset
}
