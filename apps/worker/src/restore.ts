// What older runs left to go on from: their checkpoints, the one with the most epochs first. Their files are read and never written.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EpochLine, FILES, RUN_FILES, type RunId, rankOf } from '@trotline/contracts'
import type { Checkpoint, decodeCheckpoint } from '@trotline/trainer'
import { runsOf } from './standing.ts'

export interface FoundCheckpoint {
  run: RunId
  checkpoint: Checkpoint
}

/**
 * Checkpoints of runs before this one, to be tried in this order. One that is damaged, or that counts epochs which no
 * epochs.jsonl has any more, is left out and said: to train them again is slower, but leaves no gap in the record.
 */
export async function findCheckpoints(
  directory: string,
  run: RunId,
  { decode, say }: { decode: typeof decodeCheckpoint; say(line: string): void },
): Promise<FoundCheckpoint[]> {
  const found: FoundCheckpoint[] = []
  const older = (await listed(directory, say)).filter(other => rankOf(other) < rankOf(run))
  for (const other of older.toReversed()) {
    const bytes = await read(join(directory, FILES.runs, other, RUN_FILES.checkpoint), say)
    if (bytes === null) continue
    const checkpoint = decode(bytes)
    if ('refused' in checkpoint) say(`the checkpoint of run ${other} ${checkpoint.refused}; it is not used`)
    else found.push({ run: other, checkpoint })
  }
  if (found.length === 0) return []

  const until = await unbroken(directory, older, say)
  const usable = found.filter(({ run: other, checkpoint: { epochs } }) => {
    if (epochs > until)
      say(
        `the checkpoint of run ${other} counts ${epochs} epochs, and epoch ${until + 1} is in no epochs.jsonl; it is not used`,
      )
    return epochs <= until
  })
  // Stable: of equals the newest run's comes first.
  return usable.sort((a, b) => b.checkpoint.epochs - a.checkpoint.epochs)
}

const listed = (directory: string, say: (line: string) => void): Promise<RunId[]> =>
  runsOf(directory).catch((error: Error) => {
    say(`older runs cannot be looked for: ${error.message}`)
    return []
  })

/** null: there is none, or it cannot be read, which is said. */
function read(path: string, say: (line: string) => void): Promise<Buffer | null> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') say(`${path} cannot be read: ${error.message}`)
    return null
  })
}

/**
 * The number of epochs, counted from the first, that these runs' epochs.jsonl have without a gap. As in the record, a run supersedes
 * whatever older ones trained from its own first epoch on: a survivor of a lost node may have come further than the run that replaced it.
 */
async function unbroken(directory: string, runs: readonly RunId[], say: (line: string) => void): Promise<number> {
  let there = new Set<number>()
  for (const run of runs) {
    const text = (await read(join(directory, FILES.runs, run, RUN_FILES.epochs), say))?.toString('utf8') ?? ''
    // What follows the last line end is a line that was being written.
    const lines = text.split('\n').slice(0, -1)
    const own = lines.map(epochOf).filter(epoch => epoch !== null)
    const first = own[0] ?? Number.POSITIVE_INFINITY
    there = new Set([...[...there].filter(epoch => epoch < first), ...own])
  }
  let until = 0
  while (there.has(until)) until += 1
  return until
}

function epochOf(line: string): number | null {
  try {
    return EpochLine.parse(JSON.parse(line)).epoch
  } catch {
    return null
  }
}
