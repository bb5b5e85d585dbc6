// Walks over the frames of a zstd file without unpacking them (RFC 8878): whether it is whole, and how much memory unpacking takes. What
// unpacks (fzstd) believes the window that a frame claims, and takes that much memory at once.
import { readSync } from 'node:fs'
import { NotRepodata } from './repodata-scan.ts'

const MAGIC = 0xfd2fb528
/** 0x184D2A50 to 0x184D2A5F: frames to skip. */
const SKIPPABLE = 0x184d2a5
const BLOCK_MOST = 131_072

/**
 * The largest window of the file's frames, in bytes.
 *
 * @throws NotRepodata where it is no zstd, or ends inside a frame
 */
export function largestWindow(descriptor: number, size: number): number {
  const read = (at: number, count: number): Buffer => {
    const bytes = Buffer.alloc(count)
    if (at + count > size || readSync(descriptor, bytes, 0, count, at) !== count)
      throw new NotRepodata(`is cut off: its zstd ends inside a frame, after ${size.toLocaleString('en')} bytes`)
    return bytes
  }
  if (size === 0) throw new NotRepodata('is empty')
  let window = 0
  for (let at = 0; at < size; ) {
    const magic = read(at, 4).readUInt32LE()
    if (magic >>> 4 === SKIPPABLE) {
      at += 8 + read(at + 4, 4).readUInt32LE()
      if (at > size) read(size, 1)
      continue
    }
    if (magic !== MAGIC) throw new NotRepodata(at === 0 ? 'is no zstd' : `has something other than zstd at byte ${at}`)
    const frame = readHeader(at, read)
    window = Math.max(window, frame.window)
    at = endOfBlocks(frame.blocksAt, read) + (frame.hasChecksum ? 4 : 0)
    if (at > size) read(size, 1)
  }
  return window
}

type Read = (at: number, count: number) => Buffer

function readHeader(at: number, read: Read): { window: number; blocksAt: number; hasChecksum: boolean } {
  const descriptor = read(at + 4, 1)[0] ?? 0
  const single = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag
  const windowBytes = single ? 0 : 1
  const sizeAt = at + 5 + windowBytes + dictionaryBytes
  const blocksAt = sizeAt + sizeBytes
  const hasChecksum = (descriptor & 4) !== 0
  if (!single) {
    const exponentAndMantissa = read(at + 5, 1)[0] ?? 0
    const base = 2 ** (10 + (exponentAndMantissa >> 3))
    return { window: base + (base / 8) * (exponentAndMantissa & 7), blocksAt, hasChecksum }
  }
  const bytes = read(sizeAt, sizeBytes)
  const window =
    sizeBytes === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, sizeBytes) + (sizeFlag === 1 ? 256 : 0)
  return { window, blocksAt, hasChecksum }
}

function endOfBlocks(from: number, read: Read): number {
  for (let at = from; ; ) {
    const header = read(at, 3).readUIntLE(0, 3)
    const kind = (header >> 1) & 3
    const size = header >> 3
    if (kind === 3 || (kind !== 1 && size > BLOCK_MOST)) throw new NotRepodata(`has a damaged zstd block at byte ${at}`)
    // Of a block of kind 1 one byte is there, which is repeated.
    at += 3 + (kind === 1 ? 1 : size)
    if ((header & 1) === 1) return at
  }
}
