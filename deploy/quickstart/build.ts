// Builds the workspaces, and only when a source has changed since the last build.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DeployError } from '../errors.ts'
import { readJson, writeWhole } from '../local/folders.ts'
import { runProgram } from '../local/programs.ts'
import { CHECKOUT, PLACES } from './places.ts'

const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'packages', 'apps', 'deploy/release']
const MADE = new Set(['node_modules', 'dist', 'release', '.local'])
const BUILD_LIMIT_MS = 10 * 60_000

/** Answers false when the last build still holds. */
export async function buildIfStale(): Promise<boolean> {
  const sources = digestOfSources()
  const outputs = [PLACES.orchestratorProgram, join(PLACES.workerRelease, 'current.json'), PLACES.page]
  const built =
    readJson<{ sources: string }>(PLACES.build)?.sources === sources && outputs.every(file => existsSync(file))
  if (built) return false
  const npm = process.env.npm_execpath
  const argv = npm === undefined ? ['npm', 'run', 'build'] : [process.execPath, npm, 'run', 'build']
  // The caller's settings: npm's own configuration, and the PATH on which it was found.
  const { exitCode, stdout, stderr } = await runProgram(argv, {
    cwd: CHECKOUT,
    timeLimitMs: BUILD_LIMIT_MS,
    settings: { ...process.env },
  })
  if (exitCode !== 0)
    throw new DeployError('BUILD_FAILED', `npm run build failed:\n${`${stdout}${stderr}`.slice(-6000)}`)
  writeWhole(PLACES.build, JSON.stringify({ sources }))
  return true
}

/** Name, size and time of every source: reading the content of a thousand files would take the second run its seconds. */
function digestOfSources(): string {
  const hash = createHash('sha256')
  const visit = (path: string) => {
    const found = statSync(join(CHECKOUT, path), { throwIfNoEntry: false })
    if (found === undefined) return
    if (!found.isDirectory()) {
      hash.update(`${path}\0${found.size}\0${found.mtimeMs}\n`)
      return
    }
    for (const name of readdirSync(join(CHECKOUT, path)).sort()) if (!isMade(path, name)) visit(join(path, name))
  }
  for (const path of SOURCES) visit(path)
  return hash.digest('hex')
}

/** deploy/release and packages' own folders of that name are sources; apps/worker/release is made. */
const isMade = (path: string, name: string) => MADE.has(name) && (name !== 'release' || path === 'apps/worker')
