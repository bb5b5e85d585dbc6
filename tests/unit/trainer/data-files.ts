// Data files made by hand, byte by byte, so that what is tested is not also what wrote them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { Data } from '../../../packages/contracts/src/data.ts'
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import { openData } from '../../../packages/trainer/src/data/open-data.ts'
import type { RawData } from '../../../packages/trainer/src/data/raw-data.ts'
import { TrainerError } from '../../../packages/trainer/src/errors.ts'

/** A folder that is gone when the test file is done. `write` answers the file's path. */
export function makeFolder(): { directory: string; write(name: string, content: string | Uint8Array): string } {
  const directory = mkdtempSync(join(tmpdir(), 'data-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return {
    directory,
    write(name, content) {
      const path = join(directory, name)
      writeFileSync(path, content)
      return path
    },
  }
}

/** Nobody stops it. */
export const NEVER: AbortSignal = new AbortController().signal

/** Of a request as its sender writes it, with the contract's defaults. */
export const open = (data: Record<string, unknown>): Promise<RawData> =>
  openData(Data.parse(data), { directory: '/nowhere' }, { signal: NEVER })

/** Rows as plain lists of numbers. */
export function rowsOf(dataset: Dataset, indices = [...Array(dataset.rows).keys()]): { x: number[]; y: number[] }[] {
  const size = dataset.shape.reduce((product, side) => product * side, 1)
  const features = new Float32Array(indices.length * size).fill(Number.NaN)
  const targets = new Float32Array(indices.length * dataset.targets).fill(Number.NaN)
  dataset.read(Int32Array.from(indices), features, targets)
  return indices.map((_, i) => ({
    x: [...features.subarray(i * size, (i + 1) * size)],
    y: [...targets.subarray(i * dataset.targets, (i + 1) * dataset.targets)],
  }))
}

/** For assert.rejects: TRAIN_BAD_DATA with these words, and the place in its details. */
export const badData =
  (says: RegExp | string, place: { row?: number | null; column?: string | null } = {}) =>
  (error: unknown): boolean => {
    if (!(error instanceof TrainerError)) throw error
    const found = typeof says === 'string' ? error.message.includes(says) : says.test(error.message)
    if (!found || error.code !== 'TRAIN_BAD_DATA') throw new Error(`It says: ${error.code}: ${error.message}`)
    for (const [key, expected] of Object.entries(place))
      if (error.details[key] !== expected) throw new Error(`Its ${key} is ${error.details[key]}, not ${expected}`)
    return true
  }

export interface NpyOptions {
  version?: number
  fortran?: boolean
  /** Instead of the dictionary that numpy writes. */
  dictionary?: string
}

/** An NPY file: numpy pads the head with spaces to a multiple of 64. */
export function npy(descr: string, shape: readonly number[], content: Uint8Array, options: NpyOptions = {}): Buffer {
  const { version = 1, fortran = false } = options
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dictionary =
    options.dictionary ?? `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`
  const opening = version === 1 ? 10 : 12
  const padded = `${dictionary.padEnd(Math.ceil((opening + dictionary.length + 1) / 64) * 64 - opening - 1)}\n`
  const head = Buffer.alloc(opening)
  head.write('\x93NUMPY', 'latin1')
  head[6] = version
  if (version === 1) head.writeUInt16LE(padded.length, 8)
  else head.writeUInt32LE(padded.length, 8)
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), content])
}

export const bytes = (numbers: ArrayBufferView): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)

export const float32 = (...numbers: number[]): Uint8Array => bytes(Float32Array.from(numbers))
export const float64 = (...numbers: number[]): Uint8Array => bytes(Float64Array.from(numbers))

/** CRC-32 by its definition, bit by bit. */
function crcOf(content: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of content) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return ~crc >>> 0
}

export interface ZipOptions {
  deflate?: boolean
  method?: number
  crc?: number
  /** Sizes and places in zip64's field, as numpy writes them for arrays of more than 4 GiB. */
  zip64?: boolean
  /** The size that the directory says. */
  bytes?: number
}

/** A zip file with its directory at the end. */
export function zip(members: Record<string, Uint8Array>, options: ZipOptions = {}): Buffer {
  const { deflate = false, zip64 = false } = options
  const method = options.method ?? (deflate ? 8 : 0)
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let from = 0
  for (const [name, content] of Object.entries(members)) {
    const stored = deflate ? deflateRawSync(content) : content
    const crc = options.crc ?? crcOf(content)
    const said = options.bytes ?? content.length
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x0403_4b50, 0)
    local.writeUInt16LE(method, 8)
    local.writeUInt16LE(name.length, 26)
    // numpy leaves a field of 20 bytes for zip64 in every local head (force_zip64).
    local.writeUInt16LE(20, 28)
    const part = Buffer.concat([local, Buffer.from(name), Buffer.alloc(20), stored])
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x0201_4b50, 0)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(zip64 ? 0xffff_ffff : stored.length, 20)
    entry.writeUInt32LE(zip64 ? 0xffff_ffff : said, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(zip64 ? 0xffff_ffff : from, 42)
    const wide = Buffer.alloc(zip64 ? 28 : 0)
    if (zip64) {
      entry.writeUInt16LE(28, 30)
      wide.writeUInt16LE(1, 0)
      wide.writeUInt16LE(24, 2)
      wide.writeBigUInt64LE(BigInt(said), 4)
      wide.writeBigUInt64LE(BigInt(stored.length), 12)
      wide.writeBigUInt64LE(BigInt(from), 20)
    }
    parts.push(part)
    directory.push(entry, Buffer.from(name), wide)
    from += part.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(zip64 ? 0xffff_ffff : from, 16)
  if (!zip64) return Buffer.concat([...parts, listing, end])
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x0606_4b50, 0)
  end64.writeBigUInt64LE(BigInt(listing.length), 40)
  end64.writeBigUInt64LE(BigInt(from), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x0706_4b50, 0)
  locator.writeBigUInt64LE(BigInt(from + listing.length), 8)
  return Buffer.concat([...parts, listing, end64, locator, end])
}

/** An IDX file of unsigned bytes. */
export function idx(sizes: readonly number[], content: ArrayLike<number>): Buffer {
  const head = Buffer.alloc(4 + 4 * sizes.length)
  head.writeUInt32BE(0x0800 + sizes.length, 0)
  sizes.forEach((size, i) => {
    head.writeUInt32BE(size, 4 + 4 * i)
  })
  return Buffer.concat([head, Buffer.from(Array.from(content))])
}

/** One image of CIFAR-10: `pixel` gives red, green and blue of a place. */
export function cifarRecord(label: number, pixel: (y: number, x: number) => readonly [number, number, number]): Buffer {
  const record = Buffer.alloc(3073)
  record[0] = label
  for (let place = 0; place < 1024; place++)
    pixel(Math.floor(place / 32), place % 32).forEach((value, plane) => {
      record[1 + plane * 1024 + place] = value
    })
  return record
}
