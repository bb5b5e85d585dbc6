// What is followed of a log, as server-sent events: bytes as text where they are UTF-8, else as base64. The id of each event is where its
// reader stands after it, `attempt:offset`, so a reader that comes back with it misses no byte and gets none twice.
import type { LogCursor, LogFollowed } from '../streams/follow-log.ts'
import { type Chunk, frame, frameWith, HEARTBEAT_MS } from './event-stream.ts'
import { bytesMember } from './json-bytes.ts'

/** `2:88213`, or `88213`, which is of the attempt asked for. null: neither. */
export function cursorOf(text: string, attempt: number | null): LogCursor | null {
  const [, first, second] = /^(?:([0-9]{1,6}):)?([0-9]{1,15})$/.exec(text) ?? []
  if (second === undefined) return null
  const of = first === undefined ? attempt : Number(first)
  return of === null ? null : { attempt: of, offset: Number(second) }
}

export const idOf = ({ attempt, offset }: LogCursor): string => `${attempt}:${offset}`

/** A comment at least every 15 s. */
export async function* logFrames(followed: AsyncIterable<LogFollowed>): AsyncGenerator<Chunk> {
  let silentSinceMs = performance.now()
  yield ': following\n\n'
  for await (const one of followed) {
    if (one.kind === 'bytes') {
      const { attempt, offset, bytes } = one
      const next = offset + bytes.length
      yield* frameWith(
        { id: idOf({ attempt, offset: next }), event: 'log', data: { attempt, offset, next } },
        shown(bytes),
      )
    } else if (one.kind !== 'idle') yield frameOf(one)
    else if (performance.now() - silentSinceMs > HEARTBEAT_MS) yield ': still here\n\n'
    else continue
    silentSinceMs = performance.now()
  }
}

function frameOf(one: Exclude<LogFollowed, { kind: 'idle' | 'bytes' }>): string {
  switch (one.kind) {
    case 'attempt': {
      const { attempt, run, node } = one
      return frame({ id: idOf({ attempt, offset: 0 }), event: 'attempt', data: { attempt, run, node } })
    }
    case 'cut':
      return frame({
        id: idOf({ attempt: one.attempt, offset: 0 }),
        event: 'cut',
        data: { attempt: one.attempt, at: one.at },
      })
    case 'end':
      return frame({
        id: idOf({ attempt: one.attempt, offset: one.offset }),
        event: 'end',
        data: { attempt: one.attempt, offset: one.offset },
      })
  }
}

/** What has been made of bytes, for as long as somebody has these: all who follow a log are told the same pieces of it. */
const made = new WeakMap<Uint8Array, Uint8Array>()

/** The bytes as a member of JSON, `"text":"…"` or, where they are no UTF-8, `"base64":"…"`. */
export function shown(bytes: Uint8Array): Uint8Array {
  const known = made.get(bytes)
  if (known !== undefined) return known
  const member = bytesMember(bytes)
  made.set(bytes, member)
  return member
}
