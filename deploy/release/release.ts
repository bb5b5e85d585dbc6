// Builds the worker's releases: <output>/<id>/ with bundle, assets and manifest for each, and <output>/current.json that names them.
// One without the tensor library, which most jobs on CPUs never need, and one with it (contracts, tensor-library.ts, says for which).
// A release is one flat folder. It is filled beside and renamed, so that nobody uploads half a release; older ones are removed.
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyAssets } from '@trotline/trainer'
import { bundleWorker } from './bundle.ts'
import { writeManifest } from './manifest.ts'
import { licenceTexts } from './notices.ts'

/** What runs on which node: conda/README.md. */
const MATRIX = 'compatibility.json'
const RUNTIME = { node: '>=20.20' }

export interface BuiltRelease {
  id: string
  directory: string
}

export interface BuiltReleases {
  plain: BuiltRelease
  withTensorLibrary: BuiltRelease
}

export async function buildReleases(root: string, output: string): Promise<BuiltReleases> {
  const plain = await buildRelease(root, output, { tensorLibrary: false })
  const withTensorLibrary = await buildRelease(root, output, { tensorLibrary: true })
  const current = { plain: plain.id, withTensorLibrary: withTensorLibrary.id }
  const before = await idsIn(join(output, 'current.json'))
  await writeFile(join(output, 'current.json.new'), `${JSON.stringify(current)}\n`)
  await rename(join(output, 'current.json.new'), join(output, 'current.json'))
  // A server that runs on the releases before may have to upload one of them yet.
  await removeOthers(output, [...Object.values(current), ...before])
  return { plain, withTensorLibrary }
}

/** One of them, beside whatever `output` holds. */
export async function buildRelease(
  root: string,
  output: string,
  { tensorLibrary }: { tensorLibrary: boolean },
): Promise<BuiltRelease> {
  await mkdir(output, { recursive: true })
  const beside = await mkdtemp(join(output, '.new-'))
  try {
    const metafile = await bundleWorker({ root, directory: beside, tensorLibrary })
    await copyAssets(beside, { tensorLibrary })
    // Jobs whose GPU has to fit are always given this one; the worker judges its node by it (apps/worker/src/preflight.ts).
    if (tensorLibrary) await copyFile(join(root, 'conda', MATRIX), join(beside, MATRIX))
    await writeFile(join(beside, 'LICENCES.txt'), await licenceTexts(root, metafile))
    const id = await writeManifest(beside, RUNTIME)
    await chmod(beside, 0o755)
    const directory = join(output, id)
    // The name is the content's hash: one that is there already is the same.
    await rename(beside, directory).catch(async error => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return { id, directory }
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** Of the releases that were current until now. */
async function idsIn(file: string): Promise<string[]> {
  try {
    return Object.values(JSON.parse(await readFile(file, 'utf8'))).filter(id => typeof id === 'string')
  } catch {
    return []
  }
}

/** Half-built folders stay: another build may be filling them. */
async function removeOthers(output: string, ids: readonly string[]): Promise<void> {
  for (const name of await readdir(output))
    if (/^[0-9a-f]{64}$/.test(name) && !ids.includes(name))
      await rm(join(output, name), { recursive: true, force: true })
}
