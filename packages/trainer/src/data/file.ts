// Files as they are read for training: opened or refused with a sentence, in blocks that leave the event loop its turns and end with
// a stop, decompressed where they are gzip's.
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TrainerError, throwIfStopped } from '../errors.ts'
import { badData } from './bad-data.ts'

/** As much of a CSV file is gone through in some 20 ms. */
const BLOCK_BYTES = 262_144

/** A file that is open. A read gives as many bytes as there are, at most `length`, and throws Stopped once a stop was asked for. */
export interface DataFile {
  read(into: Uint8Array, offset: number, length: number, at: number): Promise<number>
}

/**
 * Opens a file for `use` and closes it.
 * @throws TrainerError TRAIN_BAD_DATA or TRAIN_DATA_UNREADABLE where the system refuses, Stopped where the signal is aborted
 */
export async function withFile<T>(
  path: string,
  signal: AbortSignal,
  use: (file: DataFile, bytes: number) => Promise<T>,
): Promise<T> {
  try {
    const file = await open(path, 'r')
    try {
      return await use(readerOf(file, signal), (await file.stat()).size)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

const readerOf = (file: FileHandle, signal: AbortSignal): DataFile => ({
  async read(into, offset, length, at) {
    throwIfStopped(signal)
    return (await file.read(into, offset, length, at)).bytesRead
  },
})

/**
 * What the system answers where the path is at fault: there is nothing, a folder, no plain file, or nothing that this user may read.
 * With every other word (EIO, ESTALE, ENODEV, ETIMEDOUT …) it is the storage. errno(3).
 */
const OF_THE_PATH: readonly string[] = [
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'ESPIPE',
]

/** A fault of the system or of zlib as the sentence it stands for; every other one as it is. */
export function unreadable(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof TrainerError || typeof code !== 'string') return error
  if (code === 'Z_BUF_ERROR') return badData({ path }, 'ends in the middle of its compressed data', error)
  if (code.startsWith('Z_')) return badData({ path }, `cannot be decompressed (${message})`, error)
  if (!/^E[A-Z0-9]+$/.test(code)) return error
  if (OF_THE_PATH.includes(code)) return badData({ path }, `cannot be read (${message})`, error)
  const fault = `${path}: cannot be read (${message}): the storage of this node is at fault, not the training.`
  return new TrainerError('TRAIN_DATA_UNREADABLE', fault, { details: { path, system: code }, cause: error })
}

/** The file's bytes in order. Each block is its receiver's until it asks for the next. */
export async function* blocksOf(file: DataFile): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  for (let at = 0; ; ) {
    const bytesRead = await file.read(block, 0, BLOCK_BYTES, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield block.subarray(0, bytesRead)
  }
}

/** `bytes` bytes from `at` on, or as many as there are. */
export async function readBytes(file: DataFile, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const filled = await fill(file, buffer, at)
  return buffer.subarray(0, filled)
}

/** Fills `into` from byte `at` of the file on, in blocks; answers how many bytes there were. */
export async function fill(file: DataFile, into: Uint8Array, at: number): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const bytesRead = await file.read(into, filled, Math.min(BLOCK_BYTES, into.length - filled), at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** What gzip compressed, decompressed; every other file as it is. */
export async function* plainBlocksOf(file: DataFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const magic = await readBytes(file, 0, 2)
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) {
    yield* blocksOf(file)
    return
  }
  // A stream may keep what it was given, so that blocks go in as copies.
  const copies = (async function* () {
    for await (const block of blocksOf(file)) yield Buffer.from(block)
  })()
  const gunzip = createGunzip({ chunkSize: 262_144 })
  // Whatever ends the one ends the other; the reason reaches whoever iterates.
  pipeline(Readable.from(copies), gunzip, () => {})
  // One block that is read may be a thousand that come out.
  for await (const block of gunzip as AsyncIterable<Buffer>) {
    throwIfStopped(signal)
    yield block
  }
}
