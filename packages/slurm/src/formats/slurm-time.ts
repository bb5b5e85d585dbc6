// Points in time as Slurm prints them under TZ=UTC and SLURM_TIME_FORMAT=standard: 2026-11-22T13:40:31.

const NONE = new Set(['', 'N/A', 'Unknown', 'None', 'NONE', '(null)'])
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

/** RFC 3339 in UTC; null where Slurm says there is none (yet); undefined when the text is no time at all. */
export function parseSlurmTime(text: string): string | null | undefined {
  if (NONE.has(text)) return null
  return TIME.test(text) ? `${text}Z` : undefined
}
