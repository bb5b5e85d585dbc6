// The numbers of an array as they lie in memory, whatever their kind. Little-endian, as every machine that this runs on.
import type { NpyKind } from './npy-header.ts'

export interface NpyNumbers {
  at(index: number): number
  /** `count` numbers from `from` on, value · scale + offset, to `into` from `to` on. */
  copy(from: number, count: number, into: Float32Array | Float64Array, to: number, scale: number, offset: number): void
  /** Of `count` numbers from `from` on, the index of the first that is not finite in float32 when it is scaled; −1: none. */
  findUnusable(from: number, count: number, scale: number, offset: number): number
}

const PLAIN = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  b1: Uint8Array,
} as const

export function numbersOf(kind: NpyKind, buffer: ArrayBuffer): NpyNumbers {
  return kind === 'i8' || kind === 'u8' ? wideNumbers(kind, buffer) : plainNumbers(new PLAIN[kind](buffer))
}

function plainNumbers(values: InstanceType<(typeof PLAIN)[keyof typeof PLAIN]>): NpyNumbers {
  return {
    at: index => values[index] as number,
    copy(from, count, into, to, scale, offset) {
      for (let i = 0; i < count; i++) into[to + i] = (values[from + i] as number) * scale + offset
    },
    findUnusable(from, count, scale, offset) {
      for (let i = from; i < from + count; i++)
        if (!Number.isFinite(Math.fround((values[i] as number) * scale + offset))) return i
      return -1
    },
  }
}

/** Two halves of 32 bits: exact up to 2^53, and far quicker than one BigInt for each number. */
function wideNumbers(kind: 'i8' | 'u8', buffer: ArrayBuffer): NpyNumbers {
  const low = new Uint32Array(buffer)
  const high = kind === 'i8' ? new Int32Array(buffer) : low
  const at = (index: number): number => (high[2 * index + 1] as number) * 4_294_967_296 + (low[2 * index] as number)
  return {
    at,
    copy(from, count, into, to, scale, offset) {
      for (let i = 0; i < count; i++) into[to + i] = at(from + i) * scale + offset
    },
    findUnusable(from, count, scale, offset) {
      for (let i = from; i < from + count; i++) if (!Number.isFinite(Math.fround(at(i) * scale + offset))) return i
      return -1
    },
  }
}
