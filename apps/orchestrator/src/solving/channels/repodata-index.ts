// Reads a kept document of repodata by its index: only what is asked for is read from the disk. Synchronous, for the thread that solves.
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import type { RepodataRecord, RepodataSource } from '@trotline/environment/solve'
import { SolveError } from '../solve-error.ts'
import { CONDA_BIT, INDEX_MAGIC, type IndexHeader } from './index-builder.ts'
import type { RepodataFile } from './repodata-file.ts'

export interface OpenRepodata extends RepodataSource {
  close(): void
}

/** What an index file says; null: it is none, or not as it was written. */
export interface ReadIndex {
  header: IndexHeader
  names: string[]
  starts: Uint32Array
  offsets: Uint32Array
  lengths: Uint32Array
  needStarts: Uint32Array
  needs: Uint32Array
}

const HASH_BYTES = 32

/** Reads records that stand as close together as this at once, in bytes. */
const NEAR = 4096
const MOST_AT_ONCE = 1024 * 1024

/** @throws SolveError CHANNEL_AWAY (transient) where the files are no longer there as they were: the next solve gets them anew */
export function openIndex(file: RepodataFile): OpenRepodata {
  const { index, descriptor } = opened(file)
  const ids = new Map(index.names.map((name, id) => [name, id]))
  const rangesOf = (name: string): [from: number, to: number] => {
    const id = ids.get(name)
    return id === undefined ? [0, 0] : [index.starts[id] ?? 0, index.starts[id + 1] ?? 0]
  }
  return {
    channel: file.channel,
    subdir: file.subdir,
    has: name => {
      const [from, to] = rangesOf(name)
      return to > from
    },
    records: name => {
      const [from, to] = rangesOf(name)
      return readRecords(descriptor, index, from, to)
    },
    needs: name => {
      const id = ids.get(name)
      if (id === undefined) return []
      return [...index.needs.subarray(index.needStarts[id], index.needStarts[id + 1])].map(
        need => index.names[need] ?? '',
      )
    },
    close: () => closeSync(descriptor),
  }
}

function opened(file: RepodataFile): { index: ReadIndex; descriptor: number } {
  const gone = (cause?: unknown): SolveError =>
    new SolveError(
      'CHANNEL_AWAY',
      `The kept repodata of ${file.channel} (${file.subdir}) is no longer as it was when the solve began. Solve again: it is fetched anew.`,
      { details: { path: file.path }, cause },
    )
  let descriptor: number | null = null
  try {
    const index = readIndex(readFileSync(file.indexPath))
    descriptor = openSync(file.path, 'r')
    if (index?.header.documentSha256 === file.sha256 && fstatSync(descriptor).size === file.bytes)
      return { index, descriptor }
  } catch (cause) {
    if (descriptor !== null) closeSync(descriptor)
    throw gone(cause)
  }
  closeSync(descriptor)
  throw gone()
}

/** null where it is not what createIndexBuilder wrote, whole. */
export function readIndex(file: Buffer): ReadIndex | null {
  const body = file.subarray(0, -HASH_BYTES)
  if (body.length < 16 || body.toString('latin1', 0, 8) !== INDEX_MAGIC) return null
  if (!createHash('sha256').update(body).digest().equals(file.subarray(-HASH_BYTES))) return null
  const headerBytes = body.readUInt32LE(8)
  const header = JSON.parse(body.toString('utf8', 16, 16 + headerBytes)) as IndexHeader
  let at = 16 + headerBytes
  const text = body.toString('utf8', at, at + header.namesBytes)
  at += Math.ceil(header.namesBytes / 4) * 4
  const numbers = (count: number): Uint32Array => {
    const from = body.byteOffset + at
    at += count * 4
    // A file's Buffer may begin anywhere in its memory.
    return from % 4 === 0
      ? new Uint32Array(body.buffer, from, count)
      : new Uint32Array(Uint8Array.prototype.slice.call(body, at - count * 4, at).buffer)
  }
  return {
    header,
    names: header.names === 0 ? [] : text.split('\n'),
    starts: numbers(header.names + 1),
    offsets: numbers(header.records),
    lengths: numbers(header.records),
    needStarts: numbers(header.names + 1),
    needs: numbers(header.needs),
  }
}

function readRecords(descriptor: number, { offsets, lengths }: ReadIndex, from: number, to: number): RepodataRecord[] {
  const records: RepodataRecord[] = []
  for (let first = from; first < to; ) {
    const start = offsets[first] ?? 0
    let last = first
    let end = start + lengthOf(lengths[first] ?? 0)
    for (; last + 1 < to; last++) {
      const next = offsets[last + 1] ?? 0
      const nextEnd = next + lengthOf(lengths[last + 1] ?? 0)
      if (next < end || next - end > NEAR || nextEnd - start > MOST_AT_ONCE) break
      end = nextEnd
    }
    const bytes = Buffer.allocUnsafe(end - start)
    readSync(descriptor, bytes, 0, bytes.length, start)
    for (let i = first; i <= last; i++) {
      const at = (offsets[i] ?? 0) - start
      const length = lengths[i] ?? 0
      records.push(recordIn(bytes.toString('utf8', at, at + lengthOf(length)), length >= CONDA_BIT))
    }
    first = last + 1
  }
  return records
}

const lengthOf = (length: number): number => (length >= CONDA_BIT ? length - CONDA_BIT : length)

/** `"FILE": {record}` */
function recordIn(text: string, conda: boolean): RepodataRecord {
  const quote = text.indexOf('"', 1)
  return { fileName: text.slice(1, quote), conda, text: text.slice(text.indexOf('{', quote)) }
}
