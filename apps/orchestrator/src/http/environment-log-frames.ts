// The log of an environment's making as server-sent events, from a byte on, until nothing is being made any more and its last byte was
// told. The id of each event is the byte that its reader goes on from.
import type { Materialisation } from '@trotline/contracts'
import { unfinished } from '../streams/follow-log.ts'
import { LOG_FILES, type LogFile } from '../streams/log-files.ts'
import { patiently } from '../streams/patiently.ts'
import { frame, HEARTBEAT_MS } from './event-stream.ts'
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
/** After its end bytes may take so long to be seen (NFS attribute caches). */
const LAST_LOOKS = 2

export async function* buildLogFrames(
  { stateOf, open, start }: FollowedBuild,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let from = start
  let lastLooks = 0
  let silentSinceMs = performance.now()
  yield ': following\n\n'
  const file = open()
  try {
    while (!signal.aborted) {
      // Asked before the log is read: what was written before the end is told then.
      const state = await patiently(stateOf, signal)
      const isOver = state?.state !== 'wanted' && state?.state !== 'making'
      const piece = await patiently(() => file.take(from, LOG_FILES.blockBytes), signal)
      if ('cut' in piece) {
        // Another try at making it begins its log anew.
        yield frame({ id: '0', event: 'cut', data: { at: from } })
        from = 0
        continue
      }
      const whole = isOver && lastLooks > 0 ? piece.bytes.length : piece.bytes.length - unfinished(piece.bytes)
      if (whole > 0) {
        const next = from + whole
        const data = { offset: from, next, ...shown(piece.bytes.subarray(0, whole)) }
        yield frame({ id: String(next), event: 'log', data })
        from = next
        lastLooks = 0
        silentSinceMs = performance.now()
        continue
      }
      if (isOver && lastLooks++ >= LAST_LOOKS) {
        yield frame({ id: String(from), event: 'end', data: state })
        return
      }
      if (performance.now() - silentSinceMs >= HEARTBEAT_MS) {
        yield ': still here\n\n'
        silentSinceMs = performance.now()
      }
      await file.news(from + piece.bytes.length, LOOK_EVERY_MS, signal)
    }
  } finally {
    file.close()
  }
}
