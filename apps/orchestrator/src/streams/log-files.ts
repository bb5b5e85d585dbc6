// One reader for each log that somebody follows, however many follow it. Nothing is buffered for a follower: each comes for its own bytes.
// How a log is read and shared is in shared-log.ts.
import { Recent } from './recent.ts'
import {
  type LogFilesSettings,
  type LogPiece,
  type LogsInCommon,
  type ReadLog,
  SharedLog,
  type Taking,
} from './shared-log.ts'

export interface LogFile {
  /**
   * The bytes at `offset`; empty at the end of what is there; `cut`: the file is shorter than that and begins anew.
   * @throws what the cluster or its owner answered
   */
  take(offset: number, taking: Taking): Promise<LogPiece | { cut: true }>
  /** Resolves once there may be something new after `offset`, after limitMs, or when the signal is aborted. */
  news(offset: number, limitMs: number, signal: AbortSignal): Promise<void>
  /** Everybody who opened it closes it; the last one ends its reader. What was read is kept for a moment for who comes back. */
  close(): void
}

export interface LogFiles {
  /** @param key names the file: cluster, identity and path */
  open(key: string, read: ReadLog): LogFile
  /** Files that somebody follows now. */
  readonly count: number
}

/** 32 MiB of blocks, and some 40 MiB with the pieces. */
export const LOG_FILES: LogFilesSettings = { blockBytes: 262_144, blocks: 128, pieces: 64, quietMs: [200, 1_000] }

/** Whoever has lost the connection comes back within seconds. */
const KEPT_MS = 10_000

export function createLogFiles(settings: LogFilesSettings = LOG_FILES): LogFiles {
  const files = new Map<string, SharedLog>()
  const shared: LogsInCommon = {
    settings,
    blocks: new Recent(settings.blocks),
    pieces: new Recent(settings.pieces),
    readingAhead: 0,
  }
  let opened = 0
  return {
    open(key, read) {
      const file = files.get(key) ?? new SharedLog(`${++opened}`, read, shared)
      files.set(key, file)
      file.users += 1
      let open = true
      let { generation } = file
      return {
        async take(offset, taking) {
          const piece = generation === file.generation ? await file.take(offset, taking) : null
          if (piece !== null && generation === file.generation) return piece
          generation = file.generation
          return { cut: true }
        },
        news: (offset, limitMs, signal) =>
          generation === file.generation ? file.news(offset, limitMs, signal) : Promise.resolve(),
        close() {
          if (!open) return
          open = false
          file.users -= 1
          if (file.users > 0) return
          file.wakeAll()
          const forget = (): void => {
            if (file.users > 0 || files.get(key) !== file) return
            file.end()
            files.delete(key)
          }
          setTimeout(forget, KEPT_MS).unref()
        },
      }
    },
    get count() {
      return [...files.values()].filter(file => file.users > 0).length
    },
  }
}
