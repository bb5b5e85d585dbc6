// The trainer as a node runs it: bundled as the worker's release is. Run from its sources, every function that an epoch makes is
// given its name by a helper of the loader, which costs exercise 1 a third more.
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle } from '../../deploy/release/bundle.ts'
import { copyAssets } from '../../packages/trainer/src/assets.ts'

/** With the folder of the assets, which `fit` and the engines are given. */
export type Subject = typeof import('./trainer-subject.ts') & { assets: { directory: string } }

export async function bundleSubject(directory: string): Promise<Subject> {
  const root = join(import.meta.dirname, '../..')
  const trainer = relative(root, join(import.meta.dirname, 'trainer-subject.ts'))
  await copyAssets(directory)
  await bundle({ root, entryPoints: { trainer }, directory, tensorLibrary: true })
  return { ...(await import(pathToFileURL(join(directory, 'trainer.mjs')).href)), assets: { directory } }
}
