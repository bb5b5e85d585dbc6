// The log of an environment's making as server-sent events, from a byte on, until nothing is being made any more and its last byte was
// told. The id of each event is the byte that its reader goes on from.
import type { Materialisation } from '@trotline/contracts'
import { createLastLooks } from '../streams/last-looks.ts'
import { LOG_FILES, type LogFile } from '../streams/log-files.ts'
import { patiently } from '../streams/patiently.ts'
import { createPieceSize } from '../streams/piece-size.ts'
import { type Chunk, frame, frameWith, HEARTBEAT_MS } from './event-stream.ts'
import { shown } from './log-frames.ts'

export interface FollowedBuild {
  /** null: nobody wants it there any more. */
  stateOf(): Promise<Materialisation | null>
  /** Closed at the end. */
  open(): LogFile
  start: number
}

/** How soon it is looked again whether it is still being made. */
const LOOK_EVERY_MS = 1_000

export async function* buildLogFrames(
  { stateOf, open, start }: FollowedBuild,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  let from = start
  const lastLooks = createLastLooks()
  const size = createPieceSize(LOG_FILES.blockBytes)
  let silentSinceMs = performance.now()
  yield ': following\n\n'
  const file = open()
  try {
    while (!signal.aborted) {
      // Asked before the log is read: what was written before the end is told then.
      const state = await patiently(stateOf, signal)
      const isOver = state?.state !== 'wanted' && state?.state !== 'making'
      const taking = { most: size.bytes, wholeCharacters: !(isOver && lastLooks.begun) }
      const piece = await patiently(() => file.take(from, taking), signal)
      if ('cut' in piece) {
        // Another try at making it begins its log anew.
        yield frame({ id: '0', event: 'cut', data: { at: from } })
        from = 0
        continue
      }
      if (piece.bytes.length > 0) {
        const next = from + piece.bytes.length
        yield* frameWith({ id: String(next), event: 'log', data: { offset: from, next } }, shown(piece.bytes))
        from = next
        size.told(piece.bytes.length)
        lastLooks.anew()
        silentSinceMs = performance.now()
        continue
      }
      if (isOver && lastLooks.nothing()) {
        yield frame({ id: String(from), event: 'end', data: state })
        return
      }
      if (performance.now() - silentSinceMs >= HEARTBEAT_MS) {
        yield ': still here\n\n'
        silentSinceMs = performance.now()
      }
      await file.news(piece.seen, LOOK_EVERY_MS, signal)
    }
  } finally {
    file.close()
  }
}
