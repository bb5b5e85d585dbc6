// Where a reader stands in each of its topics, as the id of an event: base64url of a JSON object, topic -> cursor.
import { MOST_TOPICS, StreamTopic } from '@trotline/contracts'
import { z } from 'zod'

/** A number of a change or of an event, or `attempt:offset` of a log. */
const Cursor = z.string().regex(/^[0-9]{1,15}(:[0-9]{1,15})?$/)
const Cursors = z
  .record(StreamTopic, Cursor)
  .refine(cursors => Object.keys(cursors).length <= MOST_TOPICS, `has more than ${MOST_TOPICS} topics`)

/** With 32 topics an id has some 3,000 characters. */
export const MOST_ID_CHARACTERS = 6_000

/** null: it is no id of the stream. */
export function cursorsOf(id: string): Map<string, string> | null {
  if (id.length > MOST_ID_CHARACTERS) return null
  let raw: unknown
  try {
    raw = JSON.parse(Buffer.from(id, 'base64url').toString())
  } catch {
    return null
  }
  const cursors = Cursors.safeParse(raw)
  return cursors.success ? new Map(Object.entries(cursors.data)) : null
}

export const idOfCursors = (cursors: ReadonlyMap<string, string>): string =>
  Buffer.from(JSON.stringify(Object.fromEntries(cursors))).toString('base64url')
