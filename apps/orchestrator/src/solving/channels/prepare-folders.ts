// The folders that what channels send is kept in.
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const DAY_MS = 24 * 60 * 60_000

/** What was on its way when a process ended is taken away, when it can be nobody's any more. */
export async function prepareFolders(folders: readonly string[], now: () => number): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.part')) continue
      const file = join(folder, name)
      const { mtimeMs = now() } = (await stat(file).catch(() => null)) ?? {}
      if (now() - mtimeMs > DAY_MS) await rm(file, { force: true })
    }
  }
}
