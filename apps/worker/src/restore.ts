// What older runs left to go on from: their checkpoints, the one that came furthest first. Their files are read and never written.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES, RUN_FILES, type RunId, rankOf } from '@trotline/contracts'
import type { Checkpoint, decodeCheckpoint } from '@trotline/trainer'
import { recordedEpochs } from './recorded-epochs.ts'
import { runsOf } from './standing.ts'

export interface FoundCheckpoint {
  run: RunId
  /** For people: "the checkpoint of run 1-0". */
  name: string
  checkpoint: Checkpoint
}

/** A run's newest checkpoint, and the one before it for the case that the newest cannot be used. */
const GENERATIONS = [
  [RUN_FILES.checkpoint, 'the checkpoint'],
  [RUN_FILES.previousCheckpoint, 'the checkpoint before the last'],
] as const

/**
 * Checkpoints of runs before this one, to be tried in this order. One that is damaged, or that counts epochs which no
 * epochs.jsonl has any more, is left out and said: to train them again is slower, but leaves no gap in the record.
 */
export async function findCheckpoints(
  directory: string,
  run: RunId,
  { decode, say }: { decode: typeof decodeCheckpoint; say(line: string): void },
): Promise<FoundCheckpoint[]> {
  let usable: FoundCheckpoint[] = []
  const older = (await listed(directory, say)).filter(other => rankOf(other) < rankOf(run))
  let until: number | null = null
  for (const other of older.toReversed())
    for (const [file, words] of GENERATIONS) {
      const bytes = await readWhole(join(directory, FILES.runs, other, file), say)
      if (bytes === null) continue
      const checkpoint = decode(bytes)
      const name = `${words} of run ${other}`
      if ('refused' in checkpoint) {
        say(`${name} ${checkpoint.refused}; it is not used`)
        continue
      }
      until ??= await unbroken(directory, older, say)
      if (checkpoint.epochs > until)
        say(`${name} counts ${checkpoint.epochs} epochs, and epoch ${until + 1} is in no epochs.jsonl; it is not used`)
      // Stable: of equals the newest run's comes first.
      else usable = [...usable, { run: other, name, checkpoint }].sort(byProgress).slice(0, MOST_HELD)
    }
  return usable
}

/** They are whole states, and a job may have had a hundred runs. */
const MOST_HELD = 3

/** The trainer keeps no state that comes to more, because no buffer of Node.js 20 holds it. */
const MOST_BYTES = 2 ** 32
/** A read(2) ends before 2 GiB, and so does fs.readFile (ERR_FS_FILE_TOO_LARGE). */
const READ_AT_ONCE = 2 ** 28

const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1)

/** null: there is none, or it cannot be read, which is said. */
async function readWhole(path: string, say: (line: string) => void): Promise<Buffer | null> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size > MOST_BYTES) {
        say(
          `${path} has ${gibibytes(size)} GiB, and no checkpoint has more than ${gibibytes(MOST_BYTES)}; it is not used`,
        )
        return null
      }
      const bytes = Buffer.allocUnsafeSlow(size)
      let filled = 0
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, Math.min(READ_AT_ONCE, size - filled), filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') say(`${path} cannot be read: ${message}`)
    return null
  }
}

const byProgress = ({ checkpoint: a }: FoundCheckpoint, { checkpoint: b }: FoundCheckpoint): number =>
  b.epochs - a.epochs || b.batches - a.batches

const listed = (directory: string, say: (line: string) => void): Promise<RunId[]> =>
  runsOf(directory).catch((error: Error) => {
    say(`older runs cannot be looked for: ${error.message}`)
    return []
  })

/** The number of epochs, counted from the first, that these runs' epochs.jsonl have without a gap. */
async function unbroken(directory: string, runs: readonly RunId[], say: (line: string) => void): Promise<number> {
  const recorded = await recordedEpochs(directory, runs, say)
  let until = 0
  while (recorded.has(until)) until += 1
  return until
}
