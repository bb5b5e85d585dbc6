// runs/<run>/checkpoint: the newest state to go on from, and checkpoint.previous, the one before it. Written off the training thread,
// one at a time, every so many seconds and when it is asked for, and only after the epochs that it counts are on disk: the run that
// goes on from it does not train them again. One that cannot be written is said once; training goes on, and the older files stay.
import type { CheckpointNote } from '@trotline/contracts'
import type { Progress, TakenCheckpoint } from '@trotline/trainer'
import { replaceKeepingPrevious } from './durable-file.ts'

export interface CheckpointFile {
  /** Resolves when the state of now is on disk, or was there already, or could not be put there. Never rejects. */
  write(): Promise<void>
  /** The same as soon as there is something new: a training that has just begun has no first batch yet. */
  writeSoon(): void
  /** Resolves when nothing is being written. */
  settled(): Promise<void>
  /** No more of its own accord. */
  stop(): void
  /** The last that was written; null: none. */
  note(): CheckpointNote | null
}

export interface CheckpointFileOptions {
  path: string
  previousPath: string
  everySeconds: number
  /** What an older run's checkpoint counts already. */
  from: Progress
  take(): TakenCheckpoint | null
  /** Rejects where the epochs so far are not on disk. */
  syncEpochs(): Promise<void>
  say(line: string): void
  now?: () => number
}

/** What is owed is looked for so often. */
const SOON_MS = 100

export function createCheckpointFile({
  path,
  previousPath,
  everySeconds,
  from: { epochs, batches },
  take,
  syncEpochs,
  say,
  now = () => performance.now(),
}: CheckpointFileOptions): CheckpointFile {
  let written: Progress = { epochs, batches }
  let note: CheckpointNote | null = null
  let refused = false
  let owed = false
  let stopped = false
  let last: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null

  async function writeOnce(): Promise<void> {
    const from = now()
    let taken: TakenCheckpoint | null = null
    try {
      taken = take()
      if (taken === null) return
      if (!isFurther(taken, written)) {
        // What is owed is on disk already.
        owed = false
        return
      }
      await syncEpochs()
      await replaceKeepingPrevious(path, previousPath, taken.bytes)
    } catch (error) {
      if (!refused)
        say(
          `no checkpoint could be written${taken === null ? '' : ` after ${textOf(taken)}`} (${(error as Error).message}); training goes on`,
        )
      refused = true
      return
    }
    if (refused) say(`a checkpoint could be written again, after ${textOf(taken)}`)
    refused = false
    owed = false
    written = { epochs: taken.epochs, batches: taken.batches }
    note = { ...written, seconds: (now() - from) / 1000, bytes: taken.bytes.length }
  }

  function write(): Promise<void> {
    last = last.then(writeOnce).finally(wait)
    return last
  }

  function wait(): void {
    if (timer) clearTimeout(timer)
    if (stopped) return
    // Nothing has to wait for it: a training keeps the process alive by itself.
    timer = setTimeout(() => void write(), owed && !refused ? SOON_MS : 1000 * everySeconds).unref()
  }
  wait()

  return {
    write,
    writeSoon() {
      owed = true
      void write()
    },
    settled: () => last,
    stop() {
      stopped = true
      if (timer) clearTimeout(timer)
    },
    note: () => note,
  }
}

const isFurther = (one: Progress, other: Progress): boolean =>
  one.epochs > other.epochs || (one.epochs === other.epochs && one.batches > other.batches)

/** "3 epochs and 2 batches": what is trained, for people. */
export function textOf({ epochs, batches }: Progress): string {
  const count = (of: number, what: string): string => `${of} ${what}${of === 1 ? '' : what === 'batch' ? 'es' : 's'}`
  return batches === 0 ? count(epochs, 'epoch') : `${count(epochs, 'epoch')} and ${count(batches, 'batch')}`
}
