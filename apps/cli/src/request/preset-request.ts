// The request that the name of a preset stands for. What a preset does not say is left to the server's defaults, and where it runs to the person.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { PRESETS, type Preset } from '@trotline/contracts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { findCluster } from '../find-cluster.ts'
import type { RequestFile } from './request-file.ts'

/** A file of that name is a file. A folder, such as one for its data, is no request. */
export const presetOf = (word: string, cwd: string): Preset | null =>
  isFile(join(cwd, word)) ? null : (PRESETS.find(preset => preset === word) ?? null)

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory()
  } catch {
    return false
  }
}

/**
 * @param set the paths that the command line sets itself
 * @throws CliError USAGE where it is not said where
 */
export async function presetRequest(
  context: Pick<Context, 'client' | 'configuration'>,
  preset: Preset,
  set: readonly (readonly string[])[],
): Promise<RequestFile> {
  const sets = (path: string): boolean => set.some(one => path === one.join('.'))
  const cluster = sets('cluster') ? '' : await findCluster(context, undefined)
  if (!sets('resources') && !sets('resources.partition'))
    throw new CliError('USAGE', 'In which partition?', {
      failed: 'Not submitted',
      fix: [
        `trotline submit ${preset} --set resources.partition=NAME`,
        `and which there are: trotline clusters show ${cluster}`.trimEnd(),
      ],
    })
  const value = { name: preset, cluster, resources: {}, training: { kind: 'preset', preset } }
  return { value, lineOf: () => null }
}
