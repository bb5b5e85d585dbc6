// Screens fed with text, and what they show.

import type { Row, TextRow } from '../../../../apps/dashboard/src/log/row.ts'
import { LogScreen, type ScreenLimits } from '../../../../apps/dashboard/src/log/screen.ts'
import { seamText } from '../../../../apps/dashboard/src/log/seams.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export function screenOf(
  text: string | Uint8Array,
  options: { raw?: boolean; limits?: Partial<ScreenLimits>; offset?: number } = {},
): LogScreen {
  const screen = new LogScreen({ attempt: 1, offset: options.offset ?? 0 }, options)
  screen.feed(typeof text === 'string' ? bytesOf(text) : text)
  return screen
}

export const textRows = (rows: readonly Row[]): TextRow[] => rows.flatMap(row => (row.kind === 'text' ? [row] : []))
export const shown = (screen: LogScreen): string[] =>
  screen.rows.map(row => (row.kind === 'text' ? row.text : `— ${seamText(row.seam)} —`))
export const linesOf = (text: string | Uint8Array): string[] => shown(screenOf(text))
