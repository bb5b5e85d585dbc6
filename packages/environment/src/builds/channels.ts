// What a channel is like: whether the matrix knows all of it, and whether its packages ask the solver for a driver.
import type { Matrix, Row } from '../matrix/matrix.ts'

export const channelRow = (channel: string, framework: string, matrix: Matrix): Row<'channels'> | null =>
  matrix.tables.channels.find(row => row.channel === channel && row.framework === framework) ?? null

/** `pytorch`, `conda:pytorch`, `pypi`, `main` as the matrix names them; null: a channel it does not know. */
export function channelOf(text: string): string | null {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^conda:/, '')
    .replace(/^pkgs\//, '')
  if (name === 'pip' || name === 'pypi') return 'pip'
  if (name === 'npm') return 'npm'
  if (name === 'defaults' || name === 'main' || name === 'anaconda') return 'conda:defaults'
  if (name === 'pytorch') return 'conda:pytorch'
  return name === 'conda-forge' ? 'conda:conda-forge' : null
}
