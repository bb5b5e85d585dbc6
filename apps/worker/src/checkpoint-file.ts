// runs/<run>/checkpoint: the newest state to go on from. Written off the training thread, one at a time, and only after
// the epochs that it counts are on disk: the run that goes on from it does not train them again.
// One that cannot be written is said once; training goes on, and the older file stays.
import type { CheckpointNote } from '@trotline/contracts'
import type { TakenCheckpoint } from '@trotline/trainer'
import { replaceDurably } from './durable-file.ts'

export interface CheckpointFile {
  /** To be called after each epoch: begins to write where the last one is old enough. */
  epochEnded(): void
  /** Resolves when the state of now is on disk, or was there already, or could not be put there. Never rejects. */
  write(): Promise<void>
  /** Resolves when nothing is being written. */
  settled(): Promise<void>
  /** The last that was written; null: none. */
  note(): CheckpointNote | null
}

export interface CheckpointFileOptions {
  path: string
  everySeconds: number
  /** Epochs that an older run's checkpoint counts already. */
  from: number
  take(): TakenCheckpoint | null
  /** Rejects where the epochs so far are not on disk. */
  syncEpochs(): Promise<void>
  say(line: string): void
  now?: () => number
}

export function createCheckpointFile({
  path,
  everySeconds,
  from,
  take,
  syncEpochs,
  say,
  now = () => performance.now(),
}: CheckpointFileOptions): CheckpointFile {
  let written = from
  let note: CheckpointNote | null = null
  let lastAt = now()
  let waiting = 0
  let refused = false
  let last: Promise<void> = Promise.resolve()

  async function writeOnce(): Promise<void> {
    lastAt = now()
    const taken = take()
    if (taken === null || taken.epochs <= written) return
    try {
      await syncEpochs()
      await replaceDurably(path, taken.bytes)
    } catch (error) {
      if (!refused)
        say(
          `no checkpoint could be written after ${taken.epochs} epochs (${(error as Error).message}); training goes on`,
        )
      refused = true
      return
    }
    if (refused) say(`a checkpoint could be written again, after ${taken.epochs} epochs`)
    refused = false
    written = taken.epochs
    note = { epochs: written, seconds: (now() - lastAt) / 1000, bytes: taken.bytes.length }
  }

  function write(): Promise<void> {
    waiting += 1
    last = last.then(writeOnce).finally(() => {
      waiting -= 1
    })
    return last
  }

  return {
    epochEnded() {
      if (waiting === 0 && now() - lastAt >= 1000 * everySeconds) void write()
    },
    write,
    settled: () => last,
    note: () => note,
  }
}
