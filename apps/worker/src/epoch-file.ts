// epochs.jsonl, the durable truth about a run's epochs: whole lines, in order, appended with write(2) so that they
// outlive the process, and fsynced at most once a second so that they outlive the node.
// Epochs wait up to 250 ms for company. Made into text one by one they cost some 70 µs each between two batches of a
// training (cold code), 1 to 2 µs in a row: 1,000 epochs of auto-mpg take 0.3 s, and reporting may have 1 % of that.
import { closeSync, fsync, fsyncSync, openSync, writeSync } from 'node:fs'
import { epochsText, linesText, type RawEpoch, type WrittenEpochs } from './epoch-text.ts'
import type { Stopwatch } from './stopwatch.ts'

const WRITE_WITHIN_MS = 250
const SYNC_EVERY_MS = 1000
/** Of so many the text is made at once: in a message of at most 1,000 and 1 MiB several of them have room. */
const CHUNK_EPOCHS = 250

export interface EpochFile {
  append(epoch: RawEpoch): void
  /** Everything appended so far is in the file and on disk afterwards, unless the file system refuses. Never throws. */
  sync(): void
  /** The same off the training thread. Rejects where the file system refuses. */
  flush(): Promise<void>
  /** The same as sync(), and closes. Throws where the file is not complete. */
  close(): void
}

export interface EpochFileOptions {
  /** Told of epochs once they are in the file, so that nothing is reported that a reader cannot find there. */
  onWritten(written: WrittenEpochs[]): void
  /** Told once when the file system refuses; the lines are kept and tried again. */
  say(line: string): void
  stopwatch: Stopwatch
}

export function openEpochFile(path: string, { onWritten, say, stopwatch }: EpochFileOptions): EpochFile {
  const file = openSync(path, 'a', 0o600)
  let raw: { epoch: RawEpoch; at: number }[] = []
  /** When the oldest of them came. Not their `at`: a node's clock may jump by years, and back. */
  let rawSince = 0
  let unwritten = Buffer.alloc(0)
  let untold: WrittenEpochs[] = []
  let problem: Error | null = null
  /** fsync failed: what the kernel had taken may be gone, and a later fsync does not say so (man 2 fsync, EIO). */
  let lost: Error | null = null
  let dirty = false
  let syncs = 0
  let closed = false
  let writeTimer: NodeJS.Timeout | null = null
  let syncTimer: NodeJS.Timeout | null = null

  function refused(error: Error): void {
    if (!problem) say(`epochs.jsonl cannot be written at the moment (${error.message}); its lines are kept in memory`)
    problem = error
  }

  function toText(): void {
    for (let from = 0; from < raw.length; from += CHUNK_EPOCHS) {
      const ended = raw.slice(from, from + CHUNK_EPOCHS)
      const text = epochsText(ended)
      untold.push({ epochs: ended.map(({ epoch }) => epoch), text })
      unwritten = Buffer.concat([unwritten, Buffer.from(linesText(text))])
    }
    raw = []
  }

  function write(): void {
    if (writeTimer) clearTimeout(writeTimer)
    writeTimer = null
    toText()
    try {
      // A disk that fills up takes a part: the rest of that line is what the next write begins with.
      while (unwritten.length > 0) {
        unwritten = unwritten.subarray(writeSync(file, unwritten))
        dirty = true
      }
      problem = lost
    } catch (error) {
      refused(error as Error)
      writeTimer = setTimeout(writeInTime, SYNC_EVERY_MS)
    }
    if (dirty && syncs === 0) syncTimer ??= setTimeout(syncSoon, SYNC_EVERY_MS)
    if (unwritten.length > 0 || untold.length === 0) return
    const written = untold
    untold = []
    onWritten(written)
  }
  const writeInTime = (): void => stopwatch.measure(write)

  function loses(error: Error): void {
    refused(error)
    lost ??= error
  }

  // Off the training thread: fsync waits for a disk, or for a file server.
  function syncApart(done: () => void): void {
    syncs += 1
    dirty = false
    fsync(file, error => {
      syncs -= 1
      if (error && !closed) loses(error)
      if (dirty && !closed && syncs === 0) syncTimer ??= setTimeout(syncSoon, SYNC_EVERY_MS)
      done()
    })
  }

  function syncSoon(): void {
    syncTimer = null
    syncApart(() => undefined)
  }

  function sync(): void {
    if (closed) return
    write()
    try {
      fsyncSync(file)
      dirty = false
    } catch (error) {
      loses(error as Error)
    }
  }

  return {
    append(epoch) {
      const now = performance.now()
      if (raw.length === 0) rawSince = now
      raw.push({ epoch, at: Date.now() })
      writeTimer ??= setTimeout(writeInTime, WRITE_WITHIN_MS)
      // A timer fires when the training yields; a training that does not still writes in time.
      if (now - rawSince >= WRITE_WITHIN_MS && !problem) write()
    },
    sync,
    async flush() {
      if (!closed) write()
      if (!closed && !problem) await new Promise<void>(resolve => syncApart(resolve))
      if (problem) throw problem
    },
    close() {
      sync()
      closed = true
      if (writeTimer) clearTimeout(writeTimer)
      if (syncTimer) clearTimeout(syncTimer)
      // A thread may still be in fsync with this descriptor; the process ends soon and closes it.
      if (syncs === 0) closeSync(file)
      if (problem) throw problem
    },
  }
}
