// One array of an NPY file, whose first axis counts rows. Up to 128 MiB it is held in memory; a larger one is read row by row from the
// file, which stays open. Either way every number was looked at once, before the training begins.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { badData } from './bad-data.ts'
import { fill, readBytes, unreadable, withFile } from './file.ts'
import { float32Fault } from './finite.ts'
import { NPY_HEAD_BYTES, type NpyHeader, parseNpyHeader } from './npy-header.ts'
import { type NpyNumbers, numbersOf } from './npy-numbers.ts'
import { takeTurn } from './turn.ts'

export interface NpyArray {
  readonly path: string
  readonly rows: number
  /** Without the rows: [] for one number a row. */
  readonly shape: readonly number[]
  /** Copies one row, scaled, to `into` from `at` on. */
  read(row: number, into: Float32Array | Float64Array, at: number): void
  close(): void
}

/** Where the array lies in a file: the whole of an NPY file, or a stored member of an NPZ. */
export interface Region {
  /** To open. */
  path: string
  /** To name in a sentence. */
  name: string
  from: number
  bytes: number
}

export interface Rescale {
  scale: number
  offset: number
}

const SAME: Rescale = { scale: 1, offset: 0 }
const HELD_BYTES = 134_217_728
/** Checked between two turns of the event loop: some ms. */
const CHECK_BYTES = 1_048_576

export interface ArrayOptions {
  signal: AbortSignal
  /** Arrays up to this size are held in memory. */
  heldBytes?: number
  /** How a row of a larger one is read, when its batch comes. */
  read?: ReadRow
}

type ReadRow = (file: number, into: Uint8Array, offset: number, length: number, at: number) => number

/** @throws as openData does */
export async function openArray(
  region: Region,
  rescale: Rescale | null,
  { signal, heldBytes = HELD_BYTES, read = readSync }: ArrayOptions,
): Promise<NpyArray> {
  const { path, name, from, bytes } = region
  return withFile(path, signal, async file => {
    const header = parseNpyHeader(name, await readBytes(file, from, Math.min(bytes, NPY_HEAD_BYTES)))
    const array = layOut(name, header, bytes)
    if (array.bytes <= heldBytes) {
      const content = new Uint8Array(array.bytes)
      const filled = await fill(file, content, from + header.begin)
      if (filled < array.bytes) throw badData({ path: name }, `became shorter while it was read: ${filled} bytes`)
      return held(name, array, content, rescale, signal)
    }
    // Block by block, each as if it were an array of its own.
    const block = new Uint8Array(rowsAtOnce(array) * array.rowBytes)
    const numbers = numbersOf(array.kind, block.buffer)
    for (const { first, rows } of blocksOfRows(array)) {
      const filled = await fill(
        file,
        block.subarray(0, rows * array.rowBytes),
        from + header.begin + first * array.rowBytes,
      )
      if (filled < rows * array.rowBytes) throw badData({ path: name, at: `row ${first + rows}` }, 'is missing now')
      check(name, array, numbers, rescale, { first, rows, from: 0 })
    }
    return inFile(region, array, from + header.begin, rescale, read)
  })
}

/** The same of bytes that are in memory already. */
export function arrayOf(
  name: string,
  content: Uint8Array,
  rescale: Rescale | null,
  signal: AbortSignal,
): Promise<NpyArray> {
  const header = parseNpyHeader(
    name,
    Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, NPY_HEAD_BYTES)),
  )
  const array = layOut(name, header, content.length)
  // A copy, because a typed array begins at a multiple of its element's size.
  return held(name, array, content.slice(header.begin), rescale, signal)
}

interface Layout extends NpyHeader {
  rows: number
  /** Of a row. */
  rest: number[]
  rowNumbers: number
  rowBytes: number
  bytes: number
}

function layOut(name: string, header: NpyHeader, fileBytes: number): Layout {
  const { kind, shape, begin } = header
  const [rows, ...rest] = shape
  if (rows === undefined) throw badData({ path: name }, 'holds a single number, and its first axis is to count rows')
  const rowNumbers = rest.reduce((product, size) => product * size, 1)
  const rowBytes = rowNumbers * Number(kind.slice(1))
  if (rows === 0 || rowNumbers === 0) throw badData({ path: name }, `is empty: its shape is ${textOf(shape)}`)
  const bytes = rows * rowBytes
  const found = fileBytes - begin
  if (found < bytes) {
    const at = `row ${Math.floor(found / rowBytes) + 1}`
    throw badData(
      { path: name, at },
      `is cut off: ${textOf(shape)} of ${kind} are ${bytes} bytes, and there are ${found}`,
    )
  }
  if (found > bytes)
    throw badData(
      { path: name },
      `goes on after its end: ${textOf(shape)} of ${kind} are ${bytes} bytes, and there are ${found}`,
    )
  return { ...header, rows, rest, rowNumbers, rowBytes, bytes }
}

export const textOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`

const rowsAtOnce = ({ rowBytes }: Layout): number => Math.max(1, Math.floor(CHECK_BYTES / rowBytes))

function* blocksOfRows(array: Layout): Generator<{ first: number; rows: number }> {
  const most = rowsAtOnce(array)
  for (let first = 0; first < array.rows; first += most) yield { first, rows: Math.min(most, array.rows - first) }
}

async function held(
  name: string,
  array: Layout,
  content: Uint8Array<ArrayBuffer>,
  rescale: Rescale | null,
  signal: AbortSignal,
): Promise<NpyArray> {
  const numbers = numbersOf(array.kind, content.buffer)
  for (const { first, rows } of blocksOfRows(array)) {
    check(name, array, numbers, rescale, { first, rows, from: first * array.rowNumbers })
    await takeTurn(signal)
  }
  const { rowNumbers } = array
  const { scale, offset } = rescale ?? SAME
  return {
    path: name,
    rows: array.rows,
    shape: array.rest,
    read: (row, into, at) => numbers.copy(row * rowNumbers, rowNumbers, into, at, scale, offset),
    close() {},
  }
}

function inFile(
  { path, name }: Region,
  array: Layout,
  begin: number,
  rescale: Rescale | null,
  readRow: ReadRow,
): NpyArray {
  const { rows, rowBytes, rowNumbers } = array
  const row1 = new Uint8Array(rowBytes)
  const numbers = numbersOf(array.kind, row1.buffer)
  const { scale, offset } = rescale ?? SAME
  let file: number | null = openSync(path, 'r')
  if (fstatSync(file).size < begin + array.bytes) {
    closeSync(file)
    throw badData({ path: name }, 'became shorter after it was checked')
  }
  return {
    path: name,
    rows,
    shape: array.rest,
    read(row, into, at) {
      if (file === null) throw new TypeError(`${name} is closed`)
      let filled = 0
      try {
        while (filled < rowBytes) {
          const bytes = readRow(file, row1, filled, rowBytes - filled, begin + row * rowBytes + filled)
          if (bytes === 0) throw badData({ path: name, at: `row ${row + 1}` }, 'is missing: the file became shorter')
          filled += bytes
        }
      } catch (error) {
        throw unreadable(path, error)
      }
      numbers.copy(0, rowNumbers, into, at, scale, offset)
    },
    close() {
      if (file !== null) closeSync(file)
      file = null
    },
  }
}

/** Looks at `rows` rows, which `numbers` holds from `from` on, and the first of which is row `first` of the array. */
function check(
  name: string,
  { kind, rowNumbers, rest }: Layout,
  numbers: NpyNumbers,
  rescale: Rescale | null,
  { first, rows, from }: { first: number; rows: number; from: number },
): void {
  if (!kind.startsWith('f') && rescale === null) return
  const { scale, offset } = rescale ?? SAME
  const at = numbers.findUnusable(from, rows * rowNumbers, scale, offset)
  if (at === -1) return
  const row = first + Math.floor((at - from) / rowNumbers)
  const index = at % rowNumbers
  const value = numbers.at(at)
  const place = { path: name, at: `row ${row + 1}`, ...(rest.length === 0 ? {} : { column: String(index + 1) }) }
  const scaled = value * scale + offset
  const became = Number.isFinite(value) && scaled !== value ? `${value}, rescaled to ${scaled},` : String(value)
  throw badData(place, `${became} at ${textOf([row, ...axes(index, rest)])} ${float32Fault(scaled)}`)
}

/** numpy's index of a row's number: [2, 0, 1] for the one at 49 of a row of [4, 8, 3]. */
function axes(index: number, rest: readonly number[]): number[] {
  const places: number[] = []
  let left = index
  for (const size of rest.toReversed()) {
    places.unshift(left % size)
    left = Math.floor(left / size)
  }
  return places
}
