// What a search through a job's log answers: `GET /v1/jobs/{id}/logs?grep=`. Done on the cluster, with grep, within limits that it tells of.
import { z } from 'zod'

/** Of a line that is shown. */
export const SEARCH_LINE_BYTES = 4_096
export const MOST_SEARCH_MATCHES = 500
export const MOST_PATTERN_BYTES = 512

/** A line that matches, without its end. One that is no UTF-8 comes as base64. */
export const LogMatch = z.strictObject({
  /** Where the line begins in the file. */
  offset: z.int().min(0),
  /** Bytes from there to the first match; null: it lies behind what is shown, or a regular expression found it. */
  column: z.int().min(0).nullable(),
  text: z.string().optional(),
  base64: z.base64().optional(),
  /** The line goes on. */
  cut: z.boolean(),
})
export type LogMatch = z.infer<typeof LogMatch>

export const LogSearch = z
  .strictObject({
    attempt: z.int().min(0),
    /** The first of them. */
    matches: z.array(LogMatch).max(MOST_SEARCH_MATCHES),
    /** Lines that match, shown or not. */
    count: z.int().min(0),
    /** Size of the file that was searched. */
    bytes: z.int().min(0),
    seconds: z.number().min(0),
    /** False: the search was ended at a limit, and `count` is what it had found until then. */
    complete: z.boolean(),
    /** Which limit; null: none. */
    stopped: z.enum(['time', 'memory']).nullable(),
  })
  .meta({ id: 'LogSearch' })
export type LogSearch = z.infer<typeof LogSearch>

/** Why a pattern is not searched for, in a sentence; null: it may be. What grep itself refuses is told by grep. */
export function patternTrouble(pattern: string, regex: boolean): string | null {
  if (pattern === '') return 'The pattern is empty.'
  if (new TextEncoder().encode(pattern).length > MOST_PATTERN_BYTES)
    return `The pattern is longer than ${MOST_PATTERN_BYTES} bytes.`
  // grep would take each line of it for a pattern of its own.
  if (/[\p{Cc}]/u.test(pattern.replaceAll('\t', ' '))) return 'The pattern has control characters; it is for one line.'
  if (!regex) return null
  // Matching a back-reference takes time without bound.
  if (/(^|[^\\])(\\\\)*\\[1-9]/.test(pattern))
    return 'The pattern refers back to a group (\\1), which is not searched for.'
  const counts = [...pattern.matchAll(/\{(\d*)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [
    Number(least),
    Number(most ?? 0),
  ])
  // Each is unrolled: counts within counts multiply.
  const unrolled = counts.reduce((product, count) => product * Math.max(1, count), 1)
  return unrolled > 1_000 ? 'The counts of the pattern ({n,m}) come to more than 1,000 together.' : null
}
