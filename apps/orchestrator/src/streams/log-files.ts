// One reader for each log that somebody follows, however many follow it. Its newest bytes stand in a window that all take from; what is
// older is read in blocks that are shared while they are wanted. Nothing is buffered for a follower: each comes for its own bytes.
//
//   file   ...........|  blocks, read when somebody asks  |[ window: the newest 1 MiB ]  <- the one reader asks here
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../errors.ts'

export interface LogSlice {
  bytes: Uint8Array
  sizeBytes: number
}

/** null: no such file yet. */
export type ReadLog = (offset: number, lengthBytes: number) => Promise<LogSlice | null>

export interface LogPiece {
  offset: number
  bytes: Uint8Array
}

export interface LogFile {
  /**
   * The bytes at `offset`, at most `most`; empty at the end of what is there; `cut`: the file is shorter than that and begins anew.
   * @throws what the cluster or its owner answered
   */
  take(offset: number, most: number): Promise<LogPiece | { cut: true }>
  /** Resolves once there may be something new after `offset`, after limitMs, or when the signal is aborted. */
  news(offset: number, limitMs: number, signal: AbortSignal): Promise<void>
  /** Everybody who opened it closes it; the last one ends its reader. */
  close(): void
}

export interface LogFiles {
  /** @param key names the file: cluster, identity and path */
  open(key: string, read: ReadLog): LogFile
  /** Files with a reader now. */
  readonly count: number
}

export interface LogFilesSettings {
  blockBytes: number
  windowBytes: number
  /** Blocks that are kept for each file. */
  blocks: number
  /** How soon the reader asks again where nothing is new: from the first to the last of these. */
  quietMs: readonly [least: number, most: number]
}

export const LOG_FILES: LogFilesSettings = {
  blockBytes: 262_144,
  windowBytes: 1_048_576,
  blocks: 16,
  quietMs: [200, 1_000],
}

export function createLogFiles(settings: LogFilesSettings = LOG_FILES): LogFiles {
  const files = new Map<string, { file: SharedFile; users: number }>()
  return {
    open(key, read) {
      const entry = files.get(key) ?? { file: new SharedFile(read, settings), users: 0 }
      files.set(key, entry)
      entry.users += 1
      let open = true
      let generation = entry.file.generation
      return {
        take(offset, most) {
          const began = entry.file.generation
          if (began === generation) return entry.file.take(offset, most)
          generation = began
          return Promise.resolve({ cut: true })
        },
        news: (offset, limitMs, signal) => entry.file.news(offset, limitMs, signal),
        close() {
          if (!open) return
          open = false
          entry.users -= 1
          if (entry.users > 0) return
          entry.file.end()
          files.delete(key)
        },
      }
    },
    get count() {
      return files.size
    },
  }
}

class SharedFile {
  readonly #read: ReadLog
  readonly #settings: LogFilesSettings
  /** The newest bytes, in order, without a gap. */
  #window: Uint8Array[] = []
  #windowStart = 0
  #windowEnd = 0
  /** Counts how often the file began anew. */
  generation = 0
  readonly #blocks = new Map<number, Promise<LogSlice | null>>()
  readonly #waiting = new Set<() => void>()
  #reading = false
  #ended = false

  constructor(read: ReadLog, settings: LogFilesSettings) {
    this.#read = read
    this.#settings = settings
  }

  async take(offset: number, most: number): Promise<LogPiece | { cut: true }> {
    if (offset >= this.#windowStart && offset < this.#windowEnd)
      return { offset, bytes: this.#fromWindow(offset, most) }
    // At the end of what the reader has seen there is nothing to ask: the reader asks.
    if (this.#reading && offset === this.#windowEnd) return { offset, bytes: new Uint8Array() }
    const { blockBytes } = this.#settings
    const start = Math.floor(offset / blockBytes) * blockBytes
    const slice = await this.#block(start)
    if (slice === null) return offset === 0 ? { offset, bytes: new Uint8Array() } : { cut: true }
    if (slice.sizeBytes < offset) return { cut: true }
    const bytes = slice.bytes.subarray(offset - start, offset - start + most)
    if (bytes.length >= Math.min(most, 4) || start + slice.bytes.length >= slice.sizeBytes) return { offset, bytes }
    // A character may lie on the border of two blocks.
    const more = await this.#block(start + blockBytes)
    return { offset, bytes: Buffer.concat([bytes, more?.bytes.subarray(0, most - bytes.length) ?? new Uint8Array()]) }
  }

  async news(offset: number, limitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (offset >= this.#windowStart && offset < this.#windowEnd)) return
    await new Promise<void>(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, limitMs)
      signal.addEventListener('abort', done)
      this.#waiting.add(done)
      // After it is counted: the reader ends where nobody waits.
      this.#startAt(offset)
    })
  }

  end(): void {
    this.#ended = true
    this.#wakeAll()
  }

  /** Across the borders of what was read at a time: a character may lie on one. */
  #fromWindow(offset: number, most: number): Uint8Array {
    const parts: Uint8Array[] = []
    let wanted = most
    let start = this.#windowStart
    for (const chunk of this.#window) {
      const from = Math.max(0, offset - start)
      if (from < chunk.length && wanted > 0) {
        const part = chunk.subarray(from, from + wanted)
        parts.push(part)
        wanted -= part.length
      }
      start += chunk.length
    }
    return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : Buffer.concat(parts)
  }

  /** One that is not full may have grown: it is shared only while it is on its way. */
  #block(start: number): Promise<LogSlice | null> {
    const { blockBytes, blocks } = this.#settings
    const known = this.#blocks.get(start)
    if (known !== undefined) return known
    const generation = this.generation
    const reading = this.#read(start, blockBytes)
    this.#blocks.set(start, reading)
    const forget = (): void => {
      if (this.#blocks.get(start) === reading) this.#blocks.delete(start)
    }
    reading.then(slice => {
      if (generation !== this.generation || (slice?.bytes.length ?? 0) < blockBytes) forget()
    }, forget)
    // A Map lists its keys in the order in which they came.
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= blocks) break
      this.#blocks.delete(oldest)
    }
    return reading
  }

  /** The reader begins where the first follower waits. Who waits further back has blocks to read before it comes to wait. */
  #startAt(offset: number): void {
    if (this.#reading || this.#ended) return
    this.#reading = true
    if (this.#windowEnd !== offset) {
      this.#window = []
      this.#windowStart = offset
      this.#windowEnd = offset
    }
    void this.#readOn().finally(() => {
      this.#reading = false
    })
  }

  /** Ends when nobody waits, and begins again with whoever does. */
  async #readOn(): Promise<void> {
    const { blockBytes, quietMs } = this.#settings
    let pauseMs = quietMs[0]
    while (!this.#ended && this.#waiting.size > 0) {
      const from = this.#windowEnd
      const slice = await this.#read(from, blockBytes).catch(error => {
        if (!isCoded(error) || !error.transient) this.#wakeAll()
        return null
      })
      if (slice !== null && slice.sizeBytes < from) this.#begunAnew()
      else if (slice !== null && slice.bytes.length > 0) {
        this.#append(slice.bytes)
        pauseMs = quietMs[0]
        // Whoever has been waiting takes it and comes back; only then somebody waits again.
        this.#wakeAll()
        await new Promise(resolve => setImmediate(resolve))
        continue
      }
      await sleep(pauseMs)
      pauseMs = Math.min(quietMs[1], pauseMs * 1.5)
    }
  }

  #append(bytes: Uint8Array): void {
    this.#window.push(bytes)
    this.#windowEnd += bytes.length
    while (this.#windowEnd - this.#windowStart > this.#settings.windowBytes && this.#window.length > 1)
      this.#windowStart += this.#window.shift()?.length ?? 0
  }

  #begunAnew(): void {
    this.generation += 1
    this.#window = []
    this.#windowStart = 0
    this.#windowEnd = 0
    this.#blocks.clear()
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
