// The epochs of a job as columns: what a chart, a table and an export are made from. Epochs come in any order, twice, and with new
// metrics at any time. Epochs count from 0 here; only texts count from 1.
//
// Which of them count: a later attempt goes on from some epoch, and whatever an earlier attempt had from that epoch on no longer does,
// also where the later one has not come so far yet. So each attempt counts up to its `cut`, the line that counts ascends in
// epochs, and the attempts on it follow each other.
import type { Epoch } from '@trotline/contracts'

/** Values of a metric by row. NaN where it was not logged as well as where it was NaN: `logged` tells them apart. */
export interface Column {
  readonly values: Float64Array
  readonly logged: Uint8Array
}
export interface AttemptRows {
  readonly attempt: number
  /** Ascending in epochs. */
  readonly rows: readonly number[]
  /** Rows with an epoch from here on no longer count. */
  readonly cut: number
}

interface Attempt {
  attempt: number
  rows: number[]
  sorted: boolean
}

const BEYOND = { nan: Number.NaN, '+inf': Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY } as const

export class EpochHistory {
  #length = 0
  #version = 0
  #epochs = new Int32Array(64)
  #attempts = new Int32Array(64)
  #seconds = new Float64Array(64)
  readonly #at: string[] = []
  readonly #columns = new Map<string, { values: Float64Array; logged: Uint8Array }>()
  readonly #byAttempt = new Map<number, Attempt>()
  #settled: { version: number; attempts: AttemptRows[]; line: Int32Array } = {
    version: 0,
    attempts: [],
    line: new Int32Array(0),
  }

  /** Rises with every addition. */
  get version(): number {
    return this.#version
  }
  /** Rows that were taken, those counted that were told twice. */
  get length(): number {
    return this.#length
  }
  /** In the order in which they were first logged. */
  get metrics(): string[] {
    return [...this.#columns.keys()]
  }
  /** Ascending. */
  get attempts(): readonly AttemptRows[] {
    return this.#settle().attempts
  }
  /** The rows that count, ascending in epochs. */
  get line(): Int32Array {
    return this.#settle().line
  }

  epochOf(row: number): number {
    return this.#epochs[row] ?? 0
  }
  attemptOf(row: number): number {
    return this.#attempts[row] ?? 0
  }
  secondsOf(row: number): number {
    return this.#seconds[row] ?? 0
  }
  /** As reported, by the node's clock. */
  atOf(row: number): string {
    return this.#at[row] ?? ''
  }
  column(metric: string): Column | undefined {
    return this.#columns.get(metric)
  }
  /** undefined: not logged. NaN and ±Infinity are values. */
  valueOf(metric: string, row: number): number | undefined {
    const column = this.#columns.get(metric)
    return column?.logged[row] === 1 ? column.values[row] : undefined
  }

  /** What was told of an attempt's epoch before is replaced. */
  add(epochs: readonly Epoch[]): void {
    if (epochs.length === 0) return
    this.#version += 1
    this.#reserve(this.#length + epochs.length)
    for (const epoch of epochs) this.#addOne(epoch)
  }

  #addOne({ epoch, attempt, at, seconds, values, nonFinite }: Epoch): void {
    const row = this.#length
    this.#length += 1
    this.#epochs[row] = epoch
    this.#attempts[row] = attempt
    this.#seconds[row] = seconds
    this.#at[row] = at
    for (const metric in values) {
      const value = values[metric]
      const beyond = nonFinite?.[metric]
      if (typeof value === 'number') this.#put(metric, row, value)
      else if (beyond !== undefined) this.#put(metric, row, BEYOND[beyond])
    }
    const rows = this.#rowsOf(attempt)
    const last = rows.rows.at(-1)
    const before = last === undefined ? -1 : this.epochOf(last)
    if (epoch === before) rows.rows[rows.rows.length - 1] = row
    else {
      rows.sorted &&= epoch > before
      rows.rows.push(row)
    }
  }

  #put(metric: string, row: number, value: number): void {
    let column = this.#columns.get(metric)
    if (column === undefined) {
      column = {
        values: new Float64Array(this.#epochs.length).fill(Number.NaN),
        logged: new Uint8Array(this.#epochs.length),
      }
      this.#columns.set(metric, column)
    }
    column.values[row] = value
    column.logged[row] = 1
  }

  #rowsOf(attempt: number): Attempt {
    const known = this.#byAttempt.get(attempt)
    if (known !== undefined) return known
    const made = { attempt, rows: [], sorted: true }
    this.#byAttempt.set(attempt, made)
    return made
  }

  #reserve(length: number): void {
    if (length <= this.#epochs.length) return
    const room = 2 ** Math.ceil(Math.log2(length))
    const ints = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(room)
      grown.set(old)
      return grown
    }
    const floats = (old: Float64Array, empty: number): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(room)
      if (empty !== 0) grown.fill(empty, old.length)
      grown.set(old)
      return grown
    }
    this.#epochs = ints(this.#epochs)
    this.#attempts = ints(this.#attempts)
    this.#seconds = floats(this.#seconds, 0)
    for (const column of this.#columns.values()) {
      column.values = floats(column.values, Number.NaN)
      const logged = new Uint8Array(room)
      logged.set(column.logged)
      column.logged = logged
    }
  }

  #settle(): { attempts: AttemptRows[]; line: Int32Array } {
    if (this.#settled.version === this.#version) return this.#settled
    const attempts = [...this.#byAttempt.values()].sort((a, b) => a.attempt - b.attempt)
    for (const attempt of attempts) if (!attempt.sorted) this.#sort(attempt)
    const settled: AttemptRows[] = []
    let cut = Number.POSITIVE_INFINITY
    for (const { attempt, rows } of attempts.toReversed()) {
      settled.unshift({ attempt, rows, cut })
      cut = Math.min(cut, this.epochOf(rows[0] ?? 0))
    }
    const line = new Int32Array(attempts.reduce((sum, { rows }) => sum + rows.length, 0))
    let length = 0
    for (const { rows, cut } of settled)
      for (const row of rows) {
        if (this.epochOf(row) >= cut) break
        line[length++] = row
      }
    this.#settled = { version: this.#version, attempts: settled, line: line.subarray(0, length) }
    return this.#settled
  }

  /** Of what was told twice the later telling stays. */
  #sort(attempt: Attempt): void {
    const rows = attempt.rows.sort((a, b) => this.epochOf(a) - this.epochOf(b) || a - b)
    attempt.rows = rows.filter(
      (row, at) => this.epochOf(row) !== this.epochOf(rows[at + 1] ?? -1) || at === rows.length - 1,
    )
    attempt.sorted = true
  }
}

/** The rows of an attempt that a later one repeated, or will. */
export const supersededRows = (history: EpochHistory, { rows, cut }: AttemptRows): readonly number[] => {
  const first = rows.findIndex(row => history.epochOf(row) >= cut)
  return first < 0 ? [] : rows.slice(first)
}
