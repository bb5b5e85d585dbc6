// A log that somebody follows: whatever is read of it is read one after the other by the one reader, and shared by all. Pieces are the same
// object for all who stand at the same place, and end where blocks do, so that followers who came at different bytes soon take the same.
//
//   file   [ block ][ block ][ block ][ tail, not full yet  <- the one reader asks for what follows
//            kept while wanted, read again where not
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../errors.ts'
import type { Recent } from './recent.ts'
import { unfinishedBytes } from './utf8-border.ts'

export interface LogSlice {
  bytes: Uint8Array
  sizeBytes: number
}

/** null: no such file yet. */
export type ReadLog = (offset: number, lengthBytes: number) => Promise<LogSlice | null>

export interface LogPiece {
  offset: number
  /** The same object for everybody who takes them, so that what is made of them can be made once. */
  bytes: Uint8Array
  /** To where the file was seen when this was cut from it. */
  seen: number
}

export interface Taking {
  /** At least 4. */
  most: number
  /** Leaves out the first bytes of a character of UTF-8 whose last ones are not there. */
  wholeCharacters: boolean
}

export interface LogFilesSettings {
  blockBytes: number
  /** Blocks that are kept, of all files together. */
  blocks: number
  /** Pieces that are kept, of all files together, with what was made of them. */
  pieces: number
  /** How soon the reader asks again where nothing is new: from the first to the last of these. */
  quietMs: readonly [least: number, most: number]
}

/** Blocks behind the one that is taken are read meanwhile, so many at once, unless there are many followers, each at its own place. */
const AHEAD = 4
const FEW = 8
/** Reads ahead on their way, of all files together: what is read for one follower must not push out what another is about to take. */
const MOST_AHEAD = 8

/** Followers that are woken between two turns of the event loop. */
const AT_ONCE = 25

/** What all logs of a process share. */
export interface LogsInCommon {
  settings: LogFilesSettings
  blocks: Recent<Promise<LogSlice | null>>
  pieces: Recent<LogPiece>
  readingAhead: number
}

/** The block that is not full yet. */
interface Tail {
  start: number
  /** As long as a block; the system gives its memory when it is written to. */
  into: Buffer
  length: number
}

export class SharedLog {
  users = 0
  /** Counts how often the file began anew. */
  generation = 0
  readonly #name: string
  readonly #read: ReadLog
  readonly #shared: LogsInCommon
  /** null: nobody has been at the end of the file yet. */
  #tail: Tail | null = null
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** Of the last look, where it is no passing one. */
  #trouble: { error: unknown } | null = null
  #sizeSeen = 0
  readonly #waiting = new Set<() => void>()
  #reading = false
  #looking: Promise<void> | null = null
  #ended = false
  /** Of the read that was asked for last. */
  #reads: Promise<unknown> = Promise.resolve()

  constructor(name: string, read: ReadLog, shared: LogsInCommon) {
    this.#name = name
    this.#read = read
    this.#shared = shared
  }

  async take(offset: number, taking: Taking): Promise<LogPiece | { cut: true }> {
    if (this.#isEnd(offset)) {
      // The reader asks for what follows; without one, or where more is known to be there, somebody has to.
      const isOld = performance.now() - this.#lookedAtMs > this.#shared.settings.quietMs[1]
      if (this.#sizeSeen > offset || (!this.#reading && isOld)) await this.#look()
      else if (this.#trouble !== null) throw this.#trouble.error
      if (this.#isEnd(offset)) return { offset, bytes: new Uint8Array(), seen: offset }
    }
    const { blockBytes } = this.#shared.settings
    const start = offset - (offset % blockBytes)
    const first = await this.#from(start, offset)
    if (first === null) return offset === 0 ? { offset, bytes: new Uint8Array(), seen: 0 } : { cut: true }
    if (first.sizeBytes < offset) return { cut: true }
    const isFull = first.bytes.length === blockBytes
    if (isFull && this.users <= FEW) this.#readAhead(start + blockBytes)
    const here = first.bytes.subarray(offset - start, offset - start + taking.most)
    if (here.length >= 4 || !isFull) return this.#piece(offset, here, taking)
    // A character may lie on the border of two blocks.
    const second = (await this.#behind(start + blockBytes)).subarray(0, taking.most - here.length)
    return this.#piece(offset, second.length === 0 ? here : Buffer.concat([here, second]), taking)
  }

  async news(offset: number, limitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#tail !== null && offset < endOf(this.#tail))) return
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
      this.#startReader(offset)
    })
  }

  end(): void {
    this.#ended = true
    this.#forget()
    this.wakeAll()
  }

  #piece(offset: number, bytes: Uint8Array, { wholeCharacters }: Taking): LogPiece {
    const seen = offset + bytes.length
    const whole = wholeCharacters ? bytes.subarray(0, bytes.length - unfinishedBytes(bytes)) : bytes
    if (whole.length === 0) return { offset, bytes: whole, seen }
    const { pieces } = this.#shared
    const key = `${this.#keys()}${offset}-${whole.length}`
    const known = pieces.get(key)
    if (known !== undefined) return known.seen === seen ? known : { ...known, seen }
    const piece = { offset, bytes: whole, seen }
    pieces.set(key, piece)
    return piece
  }

  #isEnd(offset: number): boolean {
    return this.#tail !== null && offset === endOf(this.#tail)
  }

  /** The block that begins at `start`, as far as it is there. Of the tail's only where it has something from `offset` on. null: no file. */
  async #from(start: number, offset: number): Promise<LogSlice | null> {
    const tail = this.#tail
    if (tail !== null && tail.start === start && offset < endOf(tail))
      return { bytes: tail.into.subarray(0, tail.length), sizeBytes: endOf(tail) }
    return this.#block(start)
  }

  /** The next block. Of the tail what is known: whoever has taken that asks for more. */
  async #behind(start: number): Promise<Uint8Array> {
    const tail = this.#tail
    if (tail?.start === start) return tail.into.subarray(0, tail.length)
    return (await this.#block(start))?.bytes ?? new Uint8Array()
  }

  #block(start: number): Promise<LogSlice | null> {
    const known = this.#shared.blocks.get(`${this.#keys()}${start}`)
    return (
      known ??
      this.#keep(
        start,
        this.#inTurn(() => this.#read(start, this.#shared.settings.blockBytes)),
      )
    )
  }

  #keep(start: number, reading: Promise<LogSlice | null>): Promise<LogSlice | null> {
    const { blocks, settings } = this.#shared
    const { generation } = this
    const key = `${this.#keys()}${start}`
    const block = reading.then(slice => {
      // One that is not full may have grown: it is shared only while it is on its way.
      if (generation !== this.generation || (slice?.bytes.length ?? 0) < settings.blockBytes) blocks.delete(key, block)
      if (generation === this.generation) this.#saw(start, slice)
      return slice
    })
    block.catch(() => blocks.delete(key, block))
    blocks.set(key, block)
    return block
  }

  /** So that the cluster is not waited for after each block. */
  #readAhead(start: number): void {
    const tail = this.#tail
    if (tail !== null && start >= tail.start) {
      if (this.#sizeSeen > endOf(tail)) this.#look().catch(() => undefined)
      return
    }
    const { blocks, settings } = this.#shared
    const end = Math.min(start + AHEAD * settings.blockBytes, tail?.start ?? this.#sizeSeen)
    if (end <= start || blocks.get(`${this.#keys()}${start}`) !== undefined) return
    if (this.#shared.readingAhead >= MOST_AHEAD) return
    this.#shared.readingAhead += 1
    const reading = this.#inTurn(() => this.#read(start, end - start)).finally(() => {
      this.#shared.readingAhead -= 1
    })
    for (let at = start; at < end; at += settings.blockBytes) {
      const part = reading.then(
        slice => slice && { ...slice, bytes: slice.bytes.subarray(at - start, at - start + settings.blockBytes) },
      )
      this.#keep(at, part).catch(() => undefined)
    }
  }

  /** Asks for what follows the tail. One look for all who want it now. */
  #look(from = 0): Promise<void> {
    const { blockBytes } = this.#shared.settings
    this.#looking ??= this.#inTurn(async () => {
      const at = this.#tail === null ? from - (from % blockBytes) : endOf(this.#tail)
      const slice = await this.#read(at, blockBytes - (at % blockBytes))
      this.#trouble = null
      this.#lookedAtMs = performance.now()
      this.#saw(at, slice)
    }).finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** @param at a block's beginning, or where the tail ended; it was read from there to the end of its block, or of the file */
  #saw(at: number, slice: LogSlice | null): void {
    if (this.#ended) return
    const { bytes, sizeBytes } = slice ?? { bytes: new Uint8Array(), sizeBytes: 0 }
    if (sizeBytes < this.#sizeSeen) {
      this.#begunAnew()
      return
    }
    this.#sizeSeen = sizeBytes
    if (sizeBytes < at) return
    const { blocks, settings } = this.#shared
    const end = at + bytes.length
    const before = this.#tail
    // A full block further back says nothing about the end.
    if (end % settings.blockBytes === 0 && bytes.length > 0 && !this.#isEnd(at)) return
    if (before !== null && end <= endOf(before)) return
    const start = at - (at % settings.blockBytes)
    const tail = before?.start === start ? before : emptyTail(start, settings.blockBytes)
    tail.into.set(bytes, at - start)
    tail.length = end - start
    this.#tail = tail
    if (tail.length === settings.blockBytes) {
      blocks.set(`${this.#keys()}${start}`, Promise.resolve({ bytes: tail.into, sizeBytes: end }))
      this.#tail = emptyTail(end, settings.blockBytes)
    }
    this.#lookedAtMs = performance.now()
    if (bytes.length > 0) this.wakeAll()
  }

  #startReader(offset: number): void {
    if (this.#reading || this.#ended) return
    this.#reading = true
    void this.#readOn(offset).finally(() => {
      this.#reading = false
    })
  }

  /** Ends when nobody waits, and begins again with whoever does. */
  async #readOn(offset: number): Promise<void> {
    const { quietMs } = this.#shared.settings
    let pauseMs = quietMs[0]
    while (!this.#ended && this.users > 0 && this.#waiting.size > 0) {
      const before = this.#tail === null ? 0 : endOf(this.#tail)
      await this.#look(offset).catch(error => {
        if (isCoded(error) && error.transient) return
        this.#trouble = { error }
        this.#lookedAtMs = performance.now()
        this.wakeAll()
      })
      if (this.#tail === null) this.wakeAll()
      else if (endOf(this.#tail) > before) {
        pauseMs = quietMs[0]
        // Whoever was waiting takes it and comes back; only then somebody waits again.
        await new Promise(resolve => setImmediate(resolve))
        continue
      }
      await sleep(pauseMs)
      pauseMs = Math.min(quietMs[1], pauseMs * 1.5)
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#reads.then(task)
    this.#reads = result.catch(() => undefined)
    return result
  }

  #begunAnew(): void {
    this.#forget()
    this.generation += 1
    this.#tail = null
    this.#sizeSeen = 0
    this.wakeAll()
  }

  #keys(): string {
    return `${this.#name}.${this.generation}:`
  }

  #forget(): void {
    this.#shared.blocks.deleteAll(this.#keys())
    this.#shared.pieces.deleteAll(this.#keys())
  }

  /** A few at a time: a thousand, each with a piece to send, would hold up whoever else wants something of this process. */
  wakeAll(): void {
    const all = [...this.#waiting]
    const wakeFrom = (first: number): void => {
      for (const wake of all.slice(first, first + AT_ONCE)) wake()
      if (first + AT_ONCE < all.length) setImmediate(wakeFrom, first + AT_ONCE)
    }
    wakeFrom(0)
  }
}

const endOf = (tail: Tail): number => tail.start + tail.length

const emptyTail = (start: number, blockBytes: number): Tail => ({
  start,
  into: Buffer.allocUnsafeSlow(blockBytes),
  length: 0,
})
