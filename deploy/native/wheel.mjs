// Reads a Python wheel, which is a zip archive: what is in it, and single files of it, without holding any of them in memory.
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { NativeError } from './failures.mjs'

// Numbers and offsets from the format's description, APPNOTE.TXT 4.3: end record, central directory, local header.
const END = 0x06054b50
const ENTRY = 0x02014b50
const END_LENGTH = 22
const ENTRY_LENGTH = 46
const LOCAL_LENGTH = 30
const COMMENT_MAX = 65_535
const STORED = 0
const DEFLATED = 8
/** Values that say "look into the 64-bit record", which wheels of up to 4 GiB do not have. */
const IN_ZIP64 = 0xffffffff

/** @returns name, method, compressed and whole size in bytes, and where its local header begins */
export async function readEntries(path) {
  const file = await open(path).catch(error => {
    throw new NativeError(`${path} cannot be read: ${error.message}`)
  })
  try {
    const { size } = await file.stat()
    const tail = await read(
      file,
      Math.max(0, size - END_LENGTH - COMMENT_MAX),
      Math.min(size, END_LENGTH + COMMENT_MAX),
    )
    const end = lastIndexOf(tail, END)
    if (end < 0) throw new NativeError(`${path} is no whole wheel: the archive's end is not there`)
    const start = tail.readUInt32LE(end + 16)
    if (start === IN_ZIP64) throw new NativeError(`${path} is an archive in the 64-bit form, which is not read here`)
    const directory = await read(file, start, tail.readUInt32LE(end + 12))
    const entries = []
    for (let at = 0; at < directory.length && directory.readUInt32LE(at) === ENTRY; ) {
      const nameLength = directory.readUInt16LE(at + 28)
      entries.push({
        name: directory.toString('utf8', at + ENTRY_LENGTH, at + ENTRY_LENGTH + nameLength),
        method: directory.readUInt16LE(at + 10),
        compressed: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      })
      at += ENTRY_LENGTH + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    }
    return entries
  } finally {
    await file.close()
  }
}

/** @throws NativeError where the file comes out in another size than the archive says */
export async function extract(path, entry, to, { mode = 0o644 } = {}) {
  if (entry.method !== STORED && entry.method !== DEFLATED)
    throw new NativeError(`${entry.name} is packed by method ${entry.method}, which is not read here`)
  const file = await open(path)
  try {
    const local = await read(file, entry.offset, LOCAL_LENGTH)
    const start = entry.offset + LOCAL_LENGTH + local.readUInt16LE(26) + local.readUInt16LE(28)
    const output = createWriteStream(to, { mode })
    if (entry.size > 0) {
      const packed = file.createReadStream({ start, end: start + entry.compressed - 1, autoClose: false })
      await (entry.method === STORED ? pipeline(packed, output) : pipeline(packed, createInflateRaw(), output))
    } else await new Promise(resolve => output.end(resolve))
    if (output.bytesWritten !== entry.size)
      throw new NativeError(`${entry.name} came out with ${output.bytesWritten} bytes instead of ${entry.size}`)
  } finally {
    await file.close()
  }
}

async function read(file, position, length) {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function lastIndexOf(buffer, signature) {
  for (let at = buffer.length - END_LENGTH; at >= 0; at--) if (buffer.readUInt32LE(at) === signature) return at
  return -1
}
