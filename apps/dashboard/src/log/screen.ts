// A log as a terminal would have it, fed with bytes: rows of text, the last of them still within the cursor's reach, and seams of ours.
// Lost is only what a program wrote over itself: sequences that are not understood are dropped and counted, lines too long or too old are
// counted, bytes that are no text are shown as \xNN. Memory is bounded, whatever is fed.
//
// The cursor stands at row `#row` of `#live` (the last rows of text) and at column `#column`. `#row === #live.length` is the line after
// the last one, which becomes a row once something is written there. Seams that lose bytes, and those of a new file, empty `#live`:
// nothing after them reaches what is before.

import { eachRun, openBytes } from '@trotline/client'
import { createEscapeReader, type Sequence } from './escape-reader.ts'
import { KeptRows, type RowLimits, sizeOf } from './kept-rows.ts'
import { codePoints, joinRows, LineWriter, type Mutable } from './line-writer.ts'
import type { Row, TextRow } from './row.ts'
import type { Seam } from './seams.ts'
import { createSgr, markedStyle, PLAIN, type StyleCode } from './style-code.ts'

export interface ScreenLimits extends RowLimits {
  /** Of one line. */
  columns: number
  /** How many rows up the cursor gets: nested progress bars are a handful. */
  reach: number
}
export const SCREEN_LIMITS: ScreenLimits = { rows: 100_000, characters: 16_777_216, columns: 65_536, reach: 50 }

/** Programs ask for column 999 to find the right edge; no real terminal is wider. */
const WIDEST = 1000
/** Blanking the beginning of a line costs its length each time. */
const MOST_BLANKED = 4096

const [BACKSPACE, TAB, LINE_FEED, RETURN, ESC, DELETE] = [0x08, 0x09, 0x0a, 0x0d, 0x1b, 0x7f]
const CONTROL_PICTURES = 0x2400
const DELETE_PICTURE = '\u2421'
const SHORT = 12
const ESCAPED = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, '0')}`)

export interface Place {
  attempt: number
  /** In bytes, of that attempt's file. */
  offset: number
}

export class LogScreen {
  readonly #kept: KeptRows
  #version = 0
  #dropped = 0
  #attempt: number
  #offset: number
  /** Behind the last line feed: where a line begins that is not there yet. */
  #lineOffset: number
  #partial: boolean
  #nextNumber: number | null
  #style: StyleCode = PLAIN
  #live: LineWriter[] = []
  #row = 0
  #column = 0
  #open = new Uint8Array(0)
  readonly #escape = createEscapeReader()
  readonly #sgr = createSgr()
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #limits: ScreenLimits
  readonly #raw: boolean

  /** @param raw every byte is shown, control characters as symbols, and nothing is overwritten */
  constructor(from: Place, { raw = false, limits = {} }: { raw?: boolean; limits?: Partial<ScreenLimits> } = {}) {
    this.#limits = { ...SCREEN_LIMITS, ...limits }
    this.#kept = new KeptRows(this.#limits)
    this.#raw = raw
    this.#attempt = from.attempt
    this.#offset = from.offset
    this.#lineOffset = from.offset
    this.#partial = from.offset > 0
    this.#nextNumber = from.offset > 0 ? null : 1
  }

  /** Oldest first. Changed in place: `version` and each row's `changedAt` tell. */
  get rows(): readonly Row[] {
    return this.#kept.rows
  }
  get version(): number {
    return this.#version
  }
  /** Control characters and sequences that were left out. */
  get dropped(): number {
    return this.#dropped
  }
  /** The byte that is wanted next. */
  get place(): Place {
    return { attempt: this.#attempt, offset: this.#offset }
  }

  /** The next bytes of the file, cut anywhere. */
  feed(fed: Uint8Array): void {
    if (fed.length === 0) return
    this.#version += 1
    const bytes = this.#open.length === 0 ? fed : joined(this.#open, fed)
    const first = this.#offset - this.#open.length
    this.#open = new Uint8Array(0)
    let at = 0
    while (at < bytes.length) {
      if (this.#escape.reading) {
        const answer = this.#escape.take(bytes[at] ?? 0)
        if (answer === 'again') this.#dropped += 1
        else {
          at += 1
          if (answer !== undefined) this.#obey(answer)
        }
        continue
      }
      let end = at
      let seen = 0
      for (; end < bytes.length; end++) {
        const byte = bytes[end] ?? 0
        if ((byte < 0x20 && (byte !== TAB || this.#raw)) || byte === DELETE) break
        seen |= byte
      }
      if (end > at) {
        const open = end === bytes.length && seen >= 0x80 ? openBytes(bytes, at, end) : 0
        if (open > 0) this.#open = bytes.slice(end - open, end)
        this.#text(bytes, at, end - open, seen < 0x80)
      }
      if (end < bytes.length) this.#control(bytes[end] ?? 0, first + end + 1)
      at = end + 1
    }
    this.#offset += fed.length
    this.#settle()
    this.#kept.letGo(this.#live[0]?.row, this.#version)
  }

  /** Something happened between two bytes. 'attempt' and 'cut' begin a file afresh; what is missing moves the place on. */
  seam(seam: Exclude<Seam, { kind: 'let-go' }>): void {
    this.#version += 1
    if (seam.kind === 'lost' && seam.missing === 0) {
      // The line under way goes on below, so the seam stands above it.
      const last = this.#live.at(-1)
      this.#kept.putSeam(seam, last !== undefined && !last.row.ended ? last.row : null, this.#version)
      return
    }
    this.#flush()
    this.#live = []
    this.#row = 0
    this.#column = 0
    this.#style = PLAIN
    this.#kept.putSeam(seam, null, this.#version)
    const afresh = seam.kind === 'attempt' || seam.kind === 'cut'
    if (seam.kind === 'attempt') this.#attempt = seam.attempt
    if (seam.kind === 'lost') this.#offset = seam.resumedAt
    if (seam.kind === 'skipped') this.#offset = seam.from + seam.bytes
    if (afresh) this.#offset = 0
    this.#lineOffset = this.#offset
    this.#partial = !afresh
    this.#nextNumber = afresh ? 1 : null
    this.#kept.letGo(undefined, this.#version)
  }

  /** No more bytes come: an unfinished character is shown as what it is. */
  end(): void {
    this.#version += 1
    this.#flush()
  }

  /** The first row, where it begins before what was read: it is better read again, whole, than shown by half. */
  dropPartial(): void {
    const [first, second] = this.rows
    if (first?.kind !== 'text' || !first.partial || second?.kind !== 'text') return
    const within = this.#live[0]?.row === first
    if (within && this.#row === 0) return
    if (within) {
      this.#live.shift()
      this.#row -= 1
    }
    this.#version += 1
    this.#kept.dropFirst()
  }

  /** What is on the screen is the beginning of its attempt, and there is one before it: the seam between them. */
  beginsWith(seam: Extract<Seam, { kind: 'attempt' }>): void {
    const { first } = this.#kept
    const follows = first?.kind === 'seam' && first.seam.kind === 'attempt' && first.seam.attempt > seam.attempt
    if (first !== undefined && !follows && (first.kind === 'seam' || first.offset > 0))
      throw new TypeError('only the first line of an attempt has the attempt before it')
    this.#version += 1
    this.#kept.putFirst(seam, this.#version)
  }

  /**
   * Earlier bytes: of the first row's attempt up to where it begins, or the end of an attempt before it. Answers how many rows were added.
   * 0: there is no room, or no whole row. Ask on from the first row's offset.
   */
  prepend({ attempt, offset }: Place, bytes: Uint8Array): number {
    const { first } = this.#kept
    const before = first?.kind === 'seam' && first.seam.kind === 'attempt' && attempt < first.seam.attempt
    const fits = first?.kind === 'text' && first.attempt === attempt && first.offset === offset + bytes.length
    if (!before && !fits) throw new TypeError('what is put before a log has to end where it begins')
    const earlier = new LogScreen({ attempt, offset }, { raw: this.#raw, limits: this.#limits })
    earlier.feed(bytes)
    earlier.end()
    const last = earlier.rows.at(-1)
    const joins = fits && first.partial && last?.kind === 'text' && !last.ended
    if (!joins || earlier.rows.length > 1) earlier.dropPartial()
    if (!this.#kept.hasRoomFor(earlier.#kept)) return 0
    this.#version += 1
    if (fits) {
      const mutable = first as Mutable<TextRow>
      if (!joins) mutable.partial = false
      else if (!this.#joinFirst(last, mutable)) return 0
      mutable.changedAt = this.#version
    }
    this.#dropped += earlier.#dropped
    const added = joins ? earlier.rows.slice(0, -1) : earlier.rows
    this.#kept.putBefore(added, this.#version)
    if (offset === 0) {
      const next = this.#kept.number(attempt, this.#version)
      if (this.#attempt === attempt && next !== null) this.#nextNumber = next
    }
    return added.length
  }

  /** A line that is still within reach moves its cursor along. Answers false where it was written over already. */
  #joinFirst(before: TextRow, row: Mutable<TextRow>): boolean {
    const size = sizeOf(row)
    const at = this.#live.findIndex(line => line.row === row)
    if (at < 0) joinRows(before, row, this.#limits.columns)
    else {
      const width = this.#live[at]?.putBefore(before) ?? null
      if (width === null) return false
      if (at === this.#row) this.#column += width
    }
    this.#kept.resized(row, size)
    return true
  }

  /** The row that has this byte; -1: it is not kept. Of a file that was told twice, the later telling. */
  indexOf({ attempt, offset }: Place): number {
    return this.rows.findLastIndex(row => row.kind === 'text' && row.attempt === attempt && row.offset <= offset)
  }

  #text(bytes: Uint8Array, from: number, end: number, ascii: boolean): void {
    if (end === from) return
    if (ascii) {
      this.#put(this.#decode(bytes, from, end), end - from, this.#style)
      return
    }
    eachRun(
      bytes,
      from,
      end,
      (a, b) => {
        const text = this.#decode(bytes, a, b)
        this.#put(text, codePoints(text), this.#style)
      },
      byte => this.#put(ESCAPED[byte] ?? '', 4, markedStyle(this.#style)),
    )
  }

  #decode(bytes: Uint8Array, from: number, end: number): string {
    // A decoder costs about as much as a dozen characters one by one.
    if (end - from > SHORT) return this.#decoder.decode(bytes.subarray(from, end))
    let text = ''
    for (let at = from; at < end; at++) {
      const byte = bytes[at] ?? 0
      if (byte >= 0x80) return this.#decoder.decode(bytes.subarray(from, end))
      text += String.fromCharCode(byte)
    }
    return text
  }

  #put(text: string, width: number, style: StyleCode): void {
    const line = this.#line()
    const before = sizeOf(line.row)
    line.write(this.#column, text, width, style)
    this.#kept.resized(line.row, before)
    this.#column += width
  }

  /** @param after the offset of the byte after it */
  #control(byte: number, after: number): void {
    if (this.#raw) {
      const picture = byte === DELETE ? DELETE_PICTURE : String.fromCharCode(CONTROL_PICTURES + byte)
      this.#put(picture, 1, markedStyle(PLAIN))
      if (byte === LINE_FEED) this.#lineFeed(after)
    } else if (byte === LINE_FEED) this.#lineFeed(after)
    else if (byte === RETURN) this.#column = 0
    else if (byte === BACKSPACE) this.#column = Math.max(0, this.#column - 1)
    else if (byte === ESC) this.#escape.begin()
    else this.#dropped += 1
  }

  #lineFeed(after: number): void {
    const line = this.#line()
    if (this.#row === this.#live.length - 1 && !line.row.ended) {
      line.row.ended = true
      line.touched = true
    }
    this.#row += 1
    this.#column = 0
    this.#lineOffset = after
  }

  #obey(sequence: Sequence): void {
    if (sequence === null) {
      this.#dropped += 1
      return
    }
    const { params, final } = sequence
    if (final === 'm') {
      const { code, dropped } = this.#sgr(this.#style, params)
      this.#style = code
      this.#dropped += dropped
      return
    }
    const given = Number.parseInt(params, 10)
    const many = Number.isNaN(given) || given === 0 ? 1 : given
    if (final === 'A' || final === 'F') this.#row = Math.max(0, this.#row - many)
    else if (final === 'B' || final === 'E') this.#row = Math.min(this.#lastRow(), this.#row + many)
    else if (final === 'C') this.#column = Math.max(this.#column, Math.min(WIDEST, this.#column + many))
    else if (final === 'D') this.#column = Math.max(0, this.#column - many)
    else if (final === 'G') this.#column = Math.min(WIDEST, many) - 1
    else if (final !== 'K' || !this.#erase(Number.isNaN(given) ? 0 : given)) this.#dropped += 1
    if (final === 'E' || final === 'F') this.#column = 0
  }

  /** The line after the last one is only there once the last one has ended. */
  #lastRow(): number {
    const last = this.#live.at(-1)
    return last === undefined || last.row.ended ? this.#live.length : this.#live.length - 1
  }

  #erase(which: number): boolean {
    const line = this.#live[this.#row]
    if (which > 2 || (which === 1 && this.#column > MOST_BLANKED)) return false
    if (line === undefined) return true
    if (which === 0) line.eraseToEnd(this.#column)
    else if (which === 1) line.eraseStart(this.#column + 1)
    else line.eraseToEnd(0)
    return true
  }

  /** The line under the cursor, made where it is not there yet. */
  #line(): LineWriter {
    const known = this.#live[this.#row]
    if (known !== undefined) return known
    const line = new LineWriter(
      {
        id: this.#kept.nextId(),
        attempt: this.#attempt,
        offset: this.#lineOffset,
        number: this.#nextNumber,
        partial: this.#partial,
        changedAt: this.#version,
      },
      this.#limits.columns,
    )
    this.#partial = false
    if (this.#nextNumber !== null) this.#nextNumber += 1
    this.#kept.rows.push(line.row)
    this.#live.push(line)
    if (this.#live.length > this.#limits.reach) {
      // Out of reach: what it holds is final.
      const left = this.#live.shift()
      if (left?.touched) this.#settleOne(left)
    }
    this.#row = this.#live.length - 1
    return line
  }

  #settle(): void {
    for (const line of this.#live) if (line.touched) this.#settleOne(line)
  }

  #settleOne(line: LineWriter): void {
    const before = sizeOf(line.row)
    line.settle()
    line.touched = false
    line.row.changedAt = this.#version
    this.#kept.resized(line.row, before)
  }

  #flush(): void {
    for (const byte of this.#open) this.#put(ESCAPED[byte] ?? '', 4, markedStyle(this.#style))
    this.#open = new Uint8Array(0)
    if (this.#escape.reading) this.#dropped += 1
    this.#escape.reset()
    this.#settle()
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
