// A row of the log as it is shown, and what of it is drawn.

import type { Seam } from './seams.ts'
import { PLAIN, type StyleCode } from './style-code.ts'

/** From this place of the text on, in UTF-16 units, until the next one. Before the first: plain. */
export interface Span {
  readonly start: number
  readonly style: StyleCode
}

export interface TextRow {
  readonly kind: 'text'
  /** Never used twice, whatever is put before or let go. */
  readonly id: number
  readonly attempt: number
  /** Of its first byte in that attempt's file. */
  readonly offset: number
  /** From 1; null: what is before it was not read. */
  readonly number: number | null
  /** It begins before the first byte that was read. */
  readonly partial: boolean
  readonly text: string
  readonly spans: readonly Span[]
  /** Characters that are on the line and not kept. */
  readonly hidden: number
  readonly ended: boolean
  /** The screen's version when it last changed: an equal one need not be drawn again. */
  readonly changedAt: number
}
export interface SeamRow {
  readonly kind: 'seam'
  readonly id: number
  readonly seam: Seam
  readonly changedAt: number
}
export type Row = TextRow | SeamRow

export interface Piece {
  text: string
  style: StyleCode
}

/** A line of 1 MB would stop the browser: this much of it is drawn until more is asked for. */
export const SHOWN_CHARACTERS = 10_000

/** `more`: characters of it that "show more" adds. */
export function shownOf(row: TextRow, expanded: boolean): { pieces: Piece[]; more: number } {
  const length = expanded ? row.text.length : wholeEnd(row.text, SHOWN_CHARACTERS)
  return { pieces: piecesOf(row, length), more: row.text.length - length }
}

function wholeEnd(text: string, most: number): number {
  if (text.length <= most) return text.length
  const last = text.charCodeAt(most - 1)
  return last >= 0xd800 && last <= 0xdbff ? most - 1 : most
}

function piecesOf({ text, spans }: TextRow, length: number): Piece[] {
  const pieces: Piece[] = []
  const add = (from: number, end: number, style: StyleCode): void => {
    if (from < Math.min(end, length)) pieces.push({ text: text.slice(from, Math.min(end, length)), style })
  }
  add(0, spans[0]?.start ?? text.length, PLAIN)
  for (const [at, { start, style }] of spans.entries()) add(start, spans[at + 1]?.start ?? text.length, style)
  return pieces
}

/** What lands on the clipboard: the job's lines and nothing of ours. */
export const copyText = (rows: readonly Row[]): string =>
  rows.flatMap(row => (row.kind === 'text' ? [row.text] : [])).join('\n')
