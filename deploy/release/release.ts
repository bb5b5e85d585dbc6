// Builds the worker's release: <output>/<id>/ with bundle, assets and manifest, and <output>/current.json that names it.
// A release is one flat folder. It is filled beside and renamed, so that nobody uploads half a release; older ones are removed.
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyAssets } from '@trotline/trainer'
import { bundleWorker } from './bundle.ts'
import { writeManifest } from './manifest.ts'
import { licenceTexts } from './notices.ts'

const RUNTIME = { node: '>=20.20' }

export interface BuiltRelease {
  id: string
  directory: string
}

export async function buildRelease(root: string, output: string): Promise<BuiltRelease> {
  await mkdir(output, { recursive: true })
  const beside = await mkdtemp(join(output, '.new-'))
  try {
    const metafile = await bundleWorker(root, join(beside, 'worker.mjs'))
    await copyAssets(beside)
    await writeFile(join(beside, 'LICENCES.txt'), await licenceTexts(root, metafile))
    const id = await writeManifest(beside, RUNTIME)
    await chmod(beside, 0o755)
    const directory = join(output, id)
    // The name is the content's hash: one that is there already is the same.
    await rename(beside, directory).catch(async error => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    await writeFile(join(output, 'current.json.new'), `${JSON.stringify({ id })}\n`)
    await rename(join(output, 'current.json.new'), join(output, 'current.json'))
    await removeOthers(output, id)
    return { id, directory }
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** Half-built folders stay: another build may be filling them. */
async function removeOthers(output: string, id: string): Promise<void> {
  for (const name of await readdir(output))
    if (/^[0-9a-f]{64}$/.test(name) && name !== id) await rm(join(output, name), { recursive: true, force: true })
}
