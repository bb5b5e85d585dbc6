// What NPZ needs of zip: which members there are, where each lies, and a deflated one's bytes. APPNOTE 6.3.10; numpy writes zip64
// where an array is larger than 4 GiB.
import { pipeline, Readable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { throwIfStopped } from '../errors.ts'
import { badData } from './bad-data.ts'
import { readBytes, withFile } from './file.ts'

export interface ZipMember {
  name: string
  /** As it is in the file; `deflate` must be inflated first. */
  method: 'stored' | 'deflate'
  /** Of its bytes as they lie in the file. */
  from: number
  storedBytes: number
  bytes: number
  crc: number
}

const END = 0x0605_4b50
const END_BYTES = 22
const MAX_COMMENT_BYTES = 65_535
const END64_LOCATOR = 0x0706_4b50
const END64_LOCATOR_BYTES = 20
const END64 = 0x0606_4b50
const ENTRY = 0x0201_4b50
const ENTRY_BYTES = 46
const LOCAL = 0x0403_4b50
const LOCAL_BYTES = 30
/** A directory of a hundred arrays has some 10 kB. */
const MAX_DIRECTORY_BYTES = 16_777_216
/** Of one that is inflated in memory. */
const MAX_INFLATED_BYTES = 2_147_483_648
const MOST_BYTES_OF_ONE = 1_032

/** @throws as openData does */
export async function readZipMember(path: string, name: string, signal: AbortSignal): Promise<ZipMember> {
  return withFile(path, signal, async (file, fileBytes) => {
    const { from, bytes } = await findDirectory(path, file, fileBytes)
    if (bytes > MAX_DIRECTORY_BYTES || from + bytes > fileBytes) throw noZip(path)
    const entries = parseDirectory(path, await readBytes(file, from, bytes))
    const entry = entries.find(found => found.name === name)
    if (entry === undefined) {
      const names = entries.map(found => found.name.replace(/\.npy$/, ''))
      throw badData({ path }, `has no array ${name.replace(/\.npy$/, '')}; its arrays are ${names.join(', ')}`)
    }
    const local = await readBytes(file, entry.from, LOCAL_BYTES)
    if (local.length < LOCAL_BYTES || local.readUInt32LE(0) !== LOCAL) throw noZip(path)
    const begin = entry.from + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28)
    if (begin + entry.storedBytes > fileBytes) throw badData({ path }, `is cut off within ${name}`)
    return { ...entry, from: begin }
  })
}

/** A deflated member's bytes. */
export async function inflateMember(path: string, member: ZipMember, signal: AbortSignal): Promise<Uint8Array> {
  const { name, bytes, storedBytes } = member
  const hint = 'numpy.savez, which does not compress, writes what can be read row by row'
  if (bytes > MAX_INFLATED_BYTES) throw badData({ path }, `holds ${name} of ${bytes} bytes compressed; ${hint}`)
  if (bytes > storedBytes * MOST_BYTES_OF_ONE)
    throw badData({ path }, `says that ${name} has ${bytes} bytes, which it has not`)
  return withFile(path, signal, async file => {
    const compressed = await readBytes(file, member.from, storedBytes)
    const content = new Uint8Array(bytes)
    let filled = 0
    let crc = 0
    const inflated = createInflateRaw()
    // Whatever ends the one ends the other; the reason reaches the loop.
    pipeline(Readable.from([compressed]), inflated, () => {})
    for await (const block of inflated as AsyncIterable<Buffer>) {
      throwIfStopped(signal)
      if (filled + block.length > bytes) throw badData({ path }, `holds more of ${name} than it says`)
      content.set(block, filled)
      filled += block.length
      // Of block after block: two GiB at once would keep the event loop waiting for seconds.
      crc = crc32(block, crc)
    }
    if (filled < bytes || crc !== member.crc) throw badData({ path }, `holds ${name} damaged: its checksum is another`)
    return content
  })
}

const noZip = (path: string) => badData({ path }, 'is no NPZ file: it has no directory of a zip file at its end')

async function findDirectory(
  path: string,
  file: Parameters<typeof readBytes>[0],
  fileBytes: number,
): Promise<{ from: number; bytes: number }> {
  const tailFrom = Math.max(0, fileBytes - END_BYTES - MAX_COMMENT_BYTES - END64_LOCATOR_BYTES)
  const tail = await readBytes(file, tailFrom, fileBytes - tailFrom)
  let end = tail.length - END_BYTES
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--
  if (end < 0) throw noZip(path)
  const found = { bytes: tail.readUInt32LE(end + 12), from: tail.readUInt32LE(end + 16) }
  const locator = end - END64_LOCATOR_BYTES
  if (locator < 0 || tail.readUInt32LE(locator) !== END64_LOCATOR) return found
  const end64 = await readBytes(file, Number(tail.readBigUInt64LE(locator + 8)), 56)
  if (end64.length < 56 || end64.readUInt32LE(0) !== END64) throw noZip(path)
  return { bytes: Number(end64.readBigUInt64LE(40)), from: Number(end64.readBigUInt64LE(48)) }
}

/** `from` is that of the member's local header. */
function parseDirectory(path: string, directory: Buffer): ZipMember[] {
  const members: ZipMember[] = []
  for (let at = 0; at + ENTRY_BYTES <= directory.length && directory.readUInt32LE(at) === ENTRY; ) {
    const nameEnd = at + ENTRY_BYTES + directory.readUInt16LE(at + 28)
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30)
    const name = directory.toString('utf8', at + ENTRY_BYTES, nameEnd)
    const method = directory.readUInt16LE(at + 10)
    if ((directory.readUInt16LE(at + 8) & 1) === 1) throw badData({ path }, `holds ${name} encrypted`)
    if (method !== 0 && method !== 8)
      throw badData({ path }, `holds ${name} compressed in a way (${method}) that is not read`)
    const wide = zip64Sizes(directory.subarray(nameEnd, extraEnd))
    // In this order, and only those that are all ones here.
    const size = (field: number): number => {
      const found = directory.readUInt32LE(at + field)
      return found === 0xffff_ffff ? (wide.shift() ?? found) : found
    }
    const [bytes, storedBytes, from] = [size(24), size(20), size(42)]
    members.push({
      name,
      method: method === 0 ? 'stored' : 'deflate',
      crc: directory.readUInt32LE(at + 16),
      from,
      bytes,
      storedBytes,
    })
    at = extraEnd + directory.readUInt16LE(at + 32)
  }
  if (members.length === 0) throw noZip(path)
  return members
}

const ZIP64_FIELD = 1

function zip64Sizes(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64_FIELD) continue
    const words = Math.floor(extra.readUInt16LE(at + 2) / 8)
    return Array.from({ length: words }, (_, i) => Number(extra.readBigUInt64LE(at + 4 + 8 * i)))
  }
  return []
}
