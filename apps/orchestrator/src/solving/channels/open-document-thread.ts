// Has a document read in a thread of its own, which ends with the answer, with a time limit, or when nobody wants it any more.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { openThread } from '../open-thread.ts'
import type { DocumentMessage } from './document-thread.ts'
import { type DocumentDone, type DocumentFault, type DocumentOrder, unfinished } from './document-work.ts'

/** In MiB, of JavaScript's heap: 4,000,000 records with all their names fit into it; documents and indexes lie outside. */
const HEAP_MIB = 1024

export type DocumentAnswer = { done: DocumentDone } | { fault: DocumentFault }

/** Rejects with the signal's reason when it is aborted; whatever else goes wrong is a fault. */
export type ReadDocument = (
  order: Omit<DocumentOrder, 'tag'>,
  options: { signal: AbortSignal; onProgress: (bytes: number, records: number) => void },
) => Promise<DocumentAnswer>

export const readDocumentInThread: ReadDocument = async (order, { signal, onProgress }) => {
  signal.throwIfAborted()
  const workerData: DocumentOrder = { ...order, tag: randomBytes(8).toString('hex') }
  const thread = openThread('./document-thread', import.meta.url, {
    name: 'repodata',
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  })
  let onAbort: (() => void) | undefined
  try {
    return await new Promise<DocumentAnswer>((resolve, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      thread.on('message', (message: DocumentMessage) => {
        if (message.kind === 'progress') onProgress(message.bytes, message.records)
        else resolve(message.kind === 'done' ? { done: message.done } : { fault: message.fault })
      })
      thread.on('error', error => resolve({ fault: threadFault(error) }))
      thread.on('exit', code => resolve({ fault: threadFault(new Error(`the thread left with code ${code}`)) }))
    })
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
    await thread.terminate()
    for (const part of unfinished(workerData)) await rm(part, { force: true })
  }
}

const threadFault = (error: Error & { code?: string }): DocumentFault =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { kind: 'not-repodata', code: null, detail: `takes more than ${HEAP_MIB} MiB of memory to index` }
    : { kind: 'system', code: error.code ?? null, detail: error.message }
