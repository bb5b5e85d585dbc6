// The folders of a command's run: work/ with the request's files, checkpoints/, and the file for its epochs.
import { mkdir, opendir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CommandTraining, FILES, RUN_FILES, type RunId, rankOf } from '@trotline/contracts'
import { runsOf } from '../standing.ts'

export interface CommandFolders {
  work: string
  checkpoints: string
  reported: string
}

/** A file that would have to be a folder as well. null: there is none. */
export function filesConflict(files: CommandTraining['files']): string | null {
  const names = new Set(Object.keys(files))
  for (const name of names)
    for (let above = dirname(name); above !== '.'; above = dirname(above))
      if (names.has(above)) return `${above} is a file, and ${name} would have to lie in it`
  return null
}

/** A text that begins with `#!` can be executed. @throws where the file system refuses */
export async function layFolders(runDirectory: string, { files }: CommandTraining): Promise<CommandFolders> {
  const folders = {
    work: join(runDirectory, RUN_FILES.work),
    checkpoints: join(runDirectory, RUN_FILES.checkpoints),
    reported: join(runDirectory, RUN_FILES.reported),
  }
  // Not recursive: a job directory that was deleted meanwhile is not made anew.
  await mkdir(folders.work, { mode: 0o700 })
  await mkdir(folders.checkpoints, { mode: 0o700 })
  await writeFile(folders.reported, '', { mode: 0o600, flag: 'wx' })
  for (const [name, text] of Object.entries(files)) {
    const path = join(folders.work, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, text, { mode: text.startsWith('#!') ? 0o700 : 0o600, flag: 'wx' })
  }
  return folders
}

/** The newest older run that left anything to go on from, and its folder: it is read, and only its own run ever writes there. */
export async function findCheckpoints(
  directory: string,
  run: RunId,
  say: (line: string) => void,
): Promise<{ run: RunId; folder: string } | null> {
  const runs = await runsOf(directory).catch((error: Error) => {
    say(`older runs cannot be looked for: ${error.message}`)
    return []
  })
  const older = runs.filter(other => rankOf(other) < rankOf(run))
  for (const other of older.toReversed()) {
    const folder = join(directory, FILES.runs, other, RUN_FILES.checkpoints)
    const names = await readdir(folder).catch(() => [])
    if (names.length > 0) return { run: other, folder }
  }
  return null
}

/** Deeper or wider trees are counted in part: a command may have left a million files. */
const MOST_ENTRIES = 10_000

/** Bytes of all files in it; null: there are none. */
export async function checkpointBytes(folder: string, most = MOST_ENTRIES): Promise<number | null> {
  let bytes: number | null = null
  let entries = 0
  const folders = [folder]
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const opened = await opendir(at).catch(() => null)
    for await (const entry of opened ?? []) {
      entries += 1
      if (entries > most) return bytes
      const path = join(at, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isFile()) continue
      const size = await stat(path).then(
        one => one.size,
        () => 0,
      )
      bytes = (bytes ?? 0) + size
    }
  }
  return bytes
}
