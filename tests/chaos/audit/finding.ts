// One thing that is wrong, in the column of the table that it counts in.

export const BAD_COLUMNS = [
  'lost',
  'doubled',
  'false endings',
  'epochs missing',
  'epochs doubled',
  'submissions without a cause',
  'two owners at once',
  'weights that differ',
] as const
export type BadColumn = (typeof BAD_COLUMNS)[number]

export interface Finding {
  column: BadColumn
  jobId: string | null
  /** What was seen, with where it was seen. */
  text: string
}
