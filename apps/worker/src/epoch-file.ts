// epochs.jsonl, the durable truth about a run's epochs: whole lines, in order, appended with write(2) so that they
// outlive the process, and fsynced at most once a second so that they outlive the node. Lives on the report thread.
import { closeSync, fsync, writeSync } from 'node:fs'
import { type EndedEpoch, epochsText, linesText, type WrittenEpochs } from './epoch-text.ts'

const RETRY_EVERY_MS = 1000
const SYNC_EVERY_MS = 1000
/** Of so many the text is made at once: in a message of at most 1,000 and 1 MiB several of them have room. */
const CHUNK_EPOCHS = 250

export interface EpochFile {
  /** What the file system refuses is kept in memory and tried again. Never throws. */
  append(ended: readonly EndedEpoch[]): void
  /** Everything appended so far is in the file and on disk: null. Otherwise what keeps it from there. */
  sync(): Promise<string | null>
  /** The same, and closes. */
  close(): Promise<string | null>
}

export interface EpochFileOptions {
  /** Told of epochs once they are in the file, so that nothing is reported that a reader cannot find there. */
  onWritten(written: WrittenEpochs[]): void
  /** Told once when the file system refuses; the lines are kept and tried again. */
  say(line: string): void
}

/** @param file a descriptor that was opened for appending */
export function createEpochFile(file: number, { onWritten, say }: EpochFileOptions): EpochFile {
  /** A list: joined with every append, it would be copied ever anew while a disk stays full. */
  const unwritten: Buffer[] = []
  let untold: WrittenEpochs[] = []
  let problem: Error | null = null
  /** fsync failed: what the kernel had taken may be gone, and a later fsync does not say so (man 2 fsync, EIO). */
  let lost: Error | null = null
  let dirty = false
  let closed = false
  let retryTimer: NodeJS.Timeout | null = null
  /** Set also while the fsync that it began is under way: a slow disk gets no second one from here. */
  let syncTimer: NodeJS.Timeout | null = null
  /** One fsync at a time. */
  let synced: Promise<void> = Promise.resolve()

  function refused(error: Error): void {
    if (!problem) say(`epochs.jsonl cannot be written at the moment (${error.message}); its lines are kept in memory`)
    problem = error
  }

  function write(): void {
    if (retryTimer) clearTimeout(retryTimer)
    retryTimer = null
    try {
      // A disk that fills up takes a part: the rest of that line is what the next write begins with.
      for (let next = unwritten[0]; next; next = unwritten[0]) {
        const took = writeSync(file, next)
        dirty = true
        if (took < next.length) unwritten[0] = next.subarray(took)
        else unwritten.shift()
      }
      problem = lost
    } catch (error) {
      refused(error as Error)
      retryTimer = setTimeout(write, RETRY_EVERY_MS)
    }
    if (dirty) syncTimer ??= setTimeout(syncInTime, SYNC_EVERY_MS)
    if (unwritten.length > 0 || untold.length === 0) return
    const written = untold
    untold = []
    onWritten(written)
  }

  // Not fsyncSync: it waits for a disk, or for a file server, and messages go out meanwhile.
  function syncOnce(): Promise<void> {
    const once = (): Promise<void> =>
      new Promise(resolve => {
        dirty = false
        fsync(file, error => {
          if (error) {
            refused(error)
            lost ??= error
          }
          resolve()
        })
      })
    synced = synced.then(once)
    return synced
  }

  async function syncInTime(): Promise<void> {
    await syncOnce()
    syncTimer = dirty && !closed ? setTimeout(syncInTime, SYNC_EVERY_MS) : null
  }

  async function sync(): Promise<string | null> {
    write()
    await (dirty ? syncOnce() : synced)
    return problem?.message ?? null
  }

  return {
    append(ended) {
      const texts: string[] = []
      for (let from = 0; from < ended.length; from += CHUNK_EPOCHS) {
        const chunk = ended.slice(from, from + CHUNK_EPOCHS)
        const text = epochsText(chunk)
        untold.push({ epochs: chunk.map(({ epoch }) => epoch), text })
        texts.push(linesText(text))
      }
      unwritten.push(Buffer.from(texts.join('')))
      // One that was just refused is not asked with every epoch.
      if (retryTimer === null) write()
    },
    sync,
    async close() {
      const why = await sync()
      closed = true
      if (retryTimer) clearTimeout(retryTimer)
      if (syncTimer) clearTimeout(syncTimer)
      await synced
      try {
        closeSync(file)
        return why
      } catch (error) {
        // Some file servers say only now that there was no room (man 2 close: ENOSPC, EDQUOT, EIO). The descriptor is gone all the same.
        return why ?? (error as Error).message
      }
    },
  }
}
