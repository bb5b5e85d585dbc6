// What the document thread does with one document: unpacks it, hashes it, keeps it under its hash, and writes its index. The document is
// never in memory; files are written beside and renamed.
import { createHash } from 'node:crypto'
import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createIndexBuilder } from './index-builder.ts'
import { documentPath, indexPath } from './kept-paths.ts'
import { createRepodataScan, NotRepodata } from './repodata-scan.ts'
import { type Packing, unpacked } from './unpack.ts'

export interface DocumentOrder {
  source: string
  packing: Packing
  /** Where documents are kept; `source` is one of them when only its index is missing, and is not written again. */
  folder: string
  keep: 'document-and-index' | 'index'
  /** Unpacked, in bytes. */
  most: number
  /** Names the files that are not finished, so that they can be removed when the thread is ended. */
  tag: string
}

export interface DocumentDone {
  sha256: string
  bytes: number
  records: number
  malformed: number
  baseUrl: string | null
}

/** What went wrong, as far as messages between threads can carry it. */
export interface DocumentFault {
  /** not-repodata: `detail` goes on behind the document's name. system: a code such as ENOSPC. */
  kind: 'not-repodata' | 'system'
  code: string | null
  detail: string
}

export const unfinished = ({
  folder,
  tag,
}: Pick<DocumentOrder, 'folder' | 'tag'>): [document: string, index: string] => [
  `${folder}/.${tag}.json.part`,
  `${folder}/.${tag}.index.part`,
]

/** @throws NotRepodata, and errors of the file system */
export async function workOn(
  order: DocumentOrder,
  onProgress: (bytes: number, records: number) => void,
): Promise<DocumentDone> {
  const [documentPart, indexPart] = unfinished(order)
  const source = openSync(order.source, 'r')
  let target: number | null = null
  try {
    target = order.keep === 'index' ? null : openSync(documentPart, 'wx', 0o644)
    const hash = createHash('sha256')
    const index = createIndexBuilder()
    let [bytes, records] = [0, 0]
    const scan = createRepodataScan(record => {
      records++
      index.add(record)
    })
    for await (const chunk of unpacked(source, order.packing)) {
      bytes += chunk.length
      if (bytes > order.most)
        throw new NotRepodata(
          `is larger than ${Math.floor(order.most / 1024 / 1024)} MiB, which is what is read at most`,
        )
      hash.update(chunk)
      if (target !== null) writeWhole(target, chunk)
      scan.push(chunk)
      onProgress(bytes, records)
    }
    const { malformed, baseUrl } = scan.end()
    const sha256 = hash.digest('hex')
    writeFileSync(indexPart, index.finish({ sha256, bytes, malformed }), { flag: 'wx', mode: 0o644 })
    if (target !== null) renameSync(documentPart, documentPath(order.folder, sha256))
    renameSync(indexPart, indexPath(order.folder, sha256))
    return { sha256, bytes, records, malformed, baseUrl }
  } finally {
    closeSync(source)
    if (target !== null) closeSync(target)
    for (const part of [documentPart, indexPart]) rmSync(part, { force: true })
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}

export const faultOf = (error: unknown): DocumentFault =>
  error instanceof NotRepodata
    ? { kind: 'not-repodata', code: null, detail: error.message }
    : { kind: 'system', code: (error as NodeJS.ErrnoException).code ?? null, detail: (error as Error).message }
