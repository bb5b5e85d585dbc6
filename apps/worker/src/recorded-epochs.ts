// The epochs that runs have on disk, as the record counts them: a run supersedes whatever older ones trained from its own first epoch
// on, because a survivor of a lost node may have come further than the run that replaced it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EpochLine, FILES, RUN_FILES, type RunId } from '@trotline/contracts'

export interface RecordedEpoch {
  run: RunId
  line: EpochLine
}

/** @param runs oldest first */
export async function recordedEpochs(
  directory: string,
  runs: readonly RunId[],
  say: (line: string) => void,
): Promise<Map<number, RecordedEpoch>> {
  const recorded = new Map<number, RecordedEpoch>()
  for (const run of runs) {
    const text = (await readIfThere(join(directory, FILES.runs, run, RUN_FILES.epochs), say))?.toString('utf8') ?? ''
    // What follows the last line end is a line that was being written.
    const own = text
      .split('\n')
      .slice(0, -1)
      .map(lineOf)
      .filter(line => line !== null)
    const first = own[0]?.epoch ?? Number.POSITIVE_INFINITY
    for (const epoch of [...recorded.keys()]) if (epoch >= first) recorded.delete(epoch)
    for (const line of own) recorded.set(line.epoch, { run, line })
  }
  return recorded
}

/** null: there is none, or it cannot be read, which is said. */
function readIfThere(path: string, say: (line: string) => void): Promise<Buffer | null> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') say(`${path} cannot be read: ${error.message}`)
    return null
  })
}

function lineOf(text: string): EpochLine | null {
  try {
    return EpochLine.parse(JSON.parse(text))
  } catch {
    return null
  }
}
