// Gathers what the scan of a document finds into its index: by name, where its records stand and what they depend on. The index is written
// once and read often (repodata-index.ts); in this form 500,000 records take some 10 MB.
import { createHash } from 'node:crypto'
import { createNumbers } from './numbers.ts'
import type { ScannedRecord } from './repodata-scan.ts'

/** First bytes of an index; another form gets another number, and is made anew where an old one is found. */
export const INDEX_MAGIC = 'TLREPO01'
/** Of a record's length: it stands under packages.conda. */
export const CONDA_BIT = 0x8000_0000

export interface IndexHeader {
  documentSha256: string
  documentBytes: number
  records: number
  malformed: number
  names: number
  /** Of the names' text, in bytes. */
  namesBytes: number
  needs: number
}

export interface IndexBuilder {
  add(record: ScannedRecord): void
  /** The file, with its own sha256 at the end. */
  finish(document: { sha256: string; bytes: number; malformed: number }): Buffer
}

/** Of what a record depends on: `python >=3.6,<3.7.0a0` and `main::python` name python. null: none that a package could have. */
export function nameNeeded(dependency: string): string | null {
  return /^(?:[^\s[]+::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)/.exec(dependency.trim())?.[1]?.toLowerCase() ?? null
}

export function createIndexBuilder(): IndexBuilder {
  const ids = new Map<string, number>()
  const recordNames = createNumbers()
  const offsets = createNumbers()
  const lengths = createNumbers()
  const needsOf: Set<number>[] = []
  /** Dependencies are written alike in many records. Bounded: a document could have another in each. */
  const known = new Map<string, number>()

  const idOf = (name: string): number => {
    const id = ids.get(name) ?? ids.size
    if (id === ids.size) ids.set(name, id)
    return id
  }
  const neededId = (dependency: string): number => {
    const before = known.get(dependency)
    if (before !== undefined) return before
    const name = nameNeeded(dependency)
    const id = name === null ? -1 : idOf(name)
    if (known.size >= 200_000) known.clear()
    known.set(dependency, id)
    return id
  }

  return {
    add: ({ name, conda, offset, length, depends }) => {
      const id = idOf(name)
      recordNames.push(id)
      offsets.push(offset)
      lengths.push(conda ? length + CONDA_BIT : length)
      needsOf[id] ??= new Set()
      const needs = needsOf[id]
      for (const dependency of depends) {
        const needed = neededId(dependency)
        if (needed !== -1) needs.add(needed)
      }
    },
    finish: ({ sha256, bytes, malformed }) => {
      const names = Buffer.from([...ids.keys()].join('\n'))
      const needs = createNumbers()
      const needStarts = new Uint32Array(ids.size + 1)
      for (let id = 0; id < ids.size; id++) {
        for (const needed of needsOf[id] ?? []) needs.push(needed)
        needStarts[id + 1] = needs.length
      }
      const header: IndexHeader = {
        documentSha256: sha256,
        documentBytes: bytes,
        records: offsets.length,
        malformed,
        names: ids.size,
        namesBytes: names.length,
        needs: needs.length,
      }
      const parts = [
        headerBytes(header),
        padded(names),
        ...byName(recordNames.view(), ids.size, offsets.view(), lengths.view()).map(bytesOf),
        bytesOf(needStarts),
        bytesOf(needs.view()),
      ]
      const body = Buffer.concat(parts)
      return Buffer.concat([body, createHash('sha256').update(body).digest()])
    },
  }
}

/** Starts, offsets and lengths: those of one name together, in the order of the document. */
function byName(names: Uint32Array, count: number, offsets: Uint32Array, lengths: Uint32Array): Uint32Array[] {
  const starts = new Uint32Array(count + 1)
  for (const name of names) starts[name + 1] = (starts[name + 1] ?? 0) + 1
  for (let id = 0; id < count; id++) starts[id + 1] = (starts[id + 1] ?? 0) + (starts[id] ?? 0)
  const next = starts.slice()
  const [sortedOffsets, sortedLengths] = [new Uint32Array(offsets.length), new Uint32Array(offsets.length)]
  names.forEach((name, i) => {
    const to = next[name] ?? 0
    next[name] = to + 1
    sortedOffsets[to] = offsets[i] ?? 0
    sortedLengths[to] = lengths[i] ?? 0
  })
  return [starts, sortedOffsets, sortedLengths]
}

function headerBytes(header: IndexHeader): Buffer {
  const json = padded(Buffer.from(JSON.stringify(header)))
  const length = Buffer.alloc(8)
  length.writeUInt32LE(json.length, 0)
  return Buffer.concat([Buffer.from(INDEX_MAGIC), length, json])
}

/** Numbers behind it are to stand at multiples of 4. */
const padded = (bytes: Buffer): Buffer =>
  bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4), 0x20)])

const bytesOf = (numbers: Uint32Array): Buffer => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength)
