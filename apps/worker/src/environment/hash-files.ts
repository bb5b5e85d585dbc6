// Hashes many files with as many threads as this process may use CPUs. Where no thread can be had (from sources on Node.js 20, or the system
// grants none) it is done here, batch by batch, so that signals and timers still get their turn.
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type HashBatch, type HashedBatch, type HashedFile, hashBatch } from './hash-batch.ts'

export interface HashOptions {
  /** Looked for in each file: HashedFile.found. */
  needle?: string
  /** Default: the CPUs that this process may run on, at most 16. 0: none. */
  threads?: number
  signal?: AbortSignal | undefined
  onFiles?: (files: number, bytes: number) => void
}

const ENTRY = new URL(`./hash-thread${extname(import.meta.url)}`, import.meta.url)
const MOST_THREADS = 16
/** Few messages, and no thread with nothing to do at the end. */
const BATCH_FILES = 128
const BATCH_BYTES = 8_388_608

export interface FileToHash {
  path: string
  /** About: it decides what goes together. null: it is not known. */
  bytes: number | null
}

/**
 * By path; a text: why it cannot be read (ENOENT, EIO …).
 *
 * @throws the signal's reason when it is aborted
 */
export async function hashFiles(
  prefix: string,
  files: readonly FileToHash[],
  { needle, threads = Math.min(availableParallelism(), MOST_THREADS), signal, onFiles }: HashOptions = {},
): Promise<Map<string, HashedFile | string>> {
  const waiting = batchesOf(prefix, files, needle ?? null)
  const hashed = new Map<string, HashedFile | string>()
  const take = (batch: HashBatch, result: HashedBatch): void => {
    let bytes = 0
    result.forEach((one, i) => {
      hashed.set(batch.paths[i] ?? '', one)
      if (typeof one !== 'string') bytes += one.bytes
    })
    onFiles?.(result.length, bytes)
  }
  const wanted = Math.min(threads, waiting.length)
  // One batch is done before a thread has started.
  if (wanted > 1) await Promise.all(Array.from({ length: wanted }, () => withThread(waiting, take, signal)))
  for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) {
    signal?.throwIfAborted()
    take(batch, hashBatch(batch))
    await nextTurn()
  }
  signal?.throwIfAborted()
  return hashed
}

/** The largest are taken first (from the end): nobody waits at the end for one that began late. */
function batchesOf(prefix: string, files: readonly FileToHash[], needle: string | null): HashBatch[] {
  const bySize = [...files].sort((a, b) => (a.bytes ?? 0) - (b.bytes ?? 0))
  const batches: HashBatch[] = []
  let paths: string[] = []
  let bytes = 0
  const close = (): void => {
    if (paths.length > 0) batches.push({ prefix, paths, needle })
    paths = []
    bytes = 0
  }
  for (const file of bySize) {
    if (paths.length >= BATCH_FILES || (paths.length > 0 && bytes + (file.bytes ?? 0) > BATCH_BYTES)) close()
    paths.push(file.path)
    bytes += file.bytes ?? 0
  }
  close()
  return batches
}

/** Takes batches until there are none, or the thread has ended: what it had is put back for others. Never rejects. */
function withThread(
  waiting: HashBatch[],
  take: (batch: HashBatch, result: HashedBatch) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise(resolve => {
    const thread = startedThread()
    if (thread === null) return resolve()
    let at: HashBatch | null = null
    const end = (): void => {
      if (at !== null) waiting.push(at)
      at = null
      signal?.removeEventListener('abort', end)
      thread.removeAllListeners()
      // What it says as it goes is of no more interest; without a listener it would end the process.
      thread.on('error', () => undefined)
      void thread.terminate()
      resolve()
    }
    thread.on('message', (said: 'started' | HashedBatch) => {
      if (at !== null && said !== 'started') take(at, said)
      at = waiting.pop() ?? null
      if (at === null || signal?.aborted === true) end()
      else thread.postMessage(at)
    })
    thread.on('error', end)
    thread.on('exit', end)
    signal?.addEventListener('abort', end)
  })
}

function startedThread(): Worker | null {
  try {
    return new Worker(ENTRY, { name: 'hashes', stderr: true })
  } catch {
    return null
  }
}
