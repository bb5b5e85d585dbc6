// Tables of Slurm's commands as we ask for them: columns end in 0x1F, the free-text column stands last.
// A row or cell that does not fit is an error that carries the line; no row is ever dropped.
import { excerpt, SlurmError } from '../errors.ts'
import { parseSlurmTime } from './slurm-time.ts'

export const UNIT = '\x1f'
/** Ends a row where the command can print it (squeue --Format): a job name may hold a line end, seen on 22.05. */
export const ROW_END = '\x1e\n'

export interface Row {
  /** The last cell keeps whatever it holds, separators included. */
  readonly cells: readonly string[]
  /** The value, or an error that carries the row when it is null or undefined. */
  need<T>(value: T | null | undefined, what: string): T
  /** RFC 3339 in UTC; null where Slurm says that there is no such time (yet). */
  time(text: string, what: string): string | null
}

/** @throws SlurmError SLURM_UNREADABLE. */
export function parseRows(text: string, options: { columns: number; rowEnd?: string; command: string }): Row[] {
  const { columns, rowEnd = '\n', command } = options
  if (text === '') return []
  if (!text.endsWith(rowEnd))
    throw unreadable(command, text.slice(text.lastIndexOf('\n') + 1), 'the last row is cut off')
  return text
    .slice(0, -rowEnd.length)
    .split(rowEnd)
    .map(line => {
      const cells = line.split(UNIT)
      if (cells.length < columns) throw unreadable(command, line, `${cells.length} columns, expected ${columns}`)
      return rowOf(command, line, [...cells.slice(0, columns - 1), cells.slice(columns - 1).join(UNIT)])
    })
}

export function unreadable(command: string, line: string, why: string): SlurmError {
  return new SlurmError('SLURM_UNREADABLE', {
    message: `${command}: ${why}`,
    details: { command, line: excerpt(line) },
  })
}

function rowOf(command: string, line: string, cells: readonly string[]): Row {
  const need = <T>(value: T | null | undefined, what: string): T => {
    if (value === null || value === undefined) throw unreadable(command, line, `${what} is not readable`)
    return value
  }
  return {
    cells,
    need,
    time(text, what) {
      const at = parseSlurmTime(text)
      return at === null ? null : need(at, what)
    },
  }
}
