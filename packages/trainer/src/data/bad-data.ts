// One sentence for everything that can be wrong with a data file: where it is, and what was found there.
import { TrainerError } from '../errors.ts'

/** Where in a file: what is not known is left out. */
export interface Place {
  path: string
  /** `line 17`, `row 4`, `image 12`: counted from 1, as the file's own kind counts. */
  at?: string
  column?: string
}

/** @param found the end of the sentence: `"abc" is not a number` */
export function badData({ path, at, column }: Place, found: string, cause?: unknown): TrainerError {
  const place = [path, at, column === undefined ? undefined : `column ${column}`].filter(part => part !== undefined)
  const row = at === undefined ? null : Number(/\d+$/.exec(at)?.[0])
  return new TrainerError('TRAIN_BAD_DATA', `${place.join(', ')}: ${found}.`, {
    details: { path, row, column: column ?? null },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** A cell as it is quoted in a sentence: never longer than a line, without line breaks. */
export const quoted = (cell: string): string => JSON.stringify(cell.length > 60 ? `${cell.slice(0, 60)}…` : cell)
