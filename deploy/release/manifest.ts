// What a release consists of. The manifest names every file with its hash, and its own hash is the release's name:
// whoever holds the id can tell a whole upload from a broken one, with sha256sum alone.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

export const MANIFEST = 'manifest.json'
/** The same for `sha256sum --check`, manifest.json included. */
export const CHECKSUMS = 'manifest.sha256'

export interface ReleaseManifest {
  /** Sorted by path; paths are relative, with '/'. The two manifest files are not among them. */
  files: { path: string; sha256: string; bytes: number }[]
  runtime: { node: string }
}

export const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** Writes both manifests into a folder that holds the finished files, and returns the release's id. */
export async function writeManifest(directory: string, runtime: ReleaseManifest['runtime']): Promise<string> {
  const files: ReleaseManifest['files'] = []
  for (const path of await filesUnder(directory)) {
    const content = await readFile(join(directory, path))
    files.push({ path, sha256: sha256(content), bytes: content.length })
  }
  const manifest: ReleaseManifest = { files, runtime }
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  const id = sha256(text)
  const lines = [...files, { path: MANIFEST, sha256: id }].map(file => `${file.sha256}  ${file.path}\n`)
  await writeFile(join(directory, MANIFEST), text)
  await writeFile(join(directory, CHECKSUMS), lines.join(''))
  return id
}
