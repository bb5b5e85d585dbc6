// What lies under <workDir>/environments: made, half made, being made, put aside, and the packages that installers keep.
import { readdirSync, statSync } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { BuildState, ENVIRONMENT_FILES, type MadeEnvironment, Sha256 } from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'
import { answer, COMMAND_EXIT, type Out } from './command-on.ts'
import { jsonAt, madePaths, readMade } from './made-files.ts'

export interface EnvironmentsThere {
  v: 1
  /** At most MOST of everything. */
  made: MadeEnvironment[]
  /** Trees and archives without a marker that can be read: of a maker at work, or of one that was killed. */
  halfMade: { lockId: string; bytes: number; files: number }[]
  builds: { lockId: string; state: BuildState | null }[]
  quarantine: { path: string; bytes: number; files: number }[]
  packages: { bytes: number; files: number }
}

const MOST = 5000

/** Sizes are counted file by file, which takes a while on a parallel file system; of what is made the marker knows them. */
export async function listEnvironments(root: string): Promise<EnvironmentsThere> {
  const { made: markers, builds, quarantine, packages } = ENVIRONMENT_FILES
  const made: MadeEnvironment[] = []
  const known = new Set<string>()
  for (const lockId of idsIn(`${root}/${markers}`, '.json').slice(0, MOST)) {
    const one = madeOrNull(root, lockId)
    if (one === null) continue
    made.push(one)
    known.add(lockId)
  }
  const halfMade: EnvironmentsThere['halfMade'] = []
  const begun = new Set([
    ...idsIn(root, ''),
    ...idsIn(`${root}/${markers}`, '.files'),
    ...idsIn(`${root}/${markers}`, '.tar.gz'),
  ])
  for (const lockId of [...begun].filter(one => !known.has(one)).slice(0, MOST)) {
    const { tree, files, archive } = madePaths(root, lockId)
    halfMade.push({ lockId, ...(await sizeOf([tree, files, archive])) })
  }
  const aside: EnvironmentsThere['quarantine'] = []
  for (const name of namesIn(`${root}/${quarantine}`).slice(0, MOST)) {
    const path = `${root}/${quarantine}/${name}`
    aside.push({ path, ...(await sizeOf([path])) })
  }
  return {
    v: 1,
    made,
    halfMade,
    builds: idsIn(`${root}/${builds}`, '')
      .slice(0, MOST)
      .map(lockId => ({ lockId, state: stateOf(root, lockId) })),
    quarantine: aside,
    packages: await sizeOf([`${root}/${packages}`]),
  }
}

function madeOrNull(root: string, lockId: string): MadeEnvironment | null {
  try {
    const made = readMade(root, lockId)
    statSync(made.form === 'packed' ? madePaths(root, lockId).archive : made.prefix)
    return made
  } catch {
    return null
  }
}

function stateOf(root: string, lockId: string): BuildState | null {
  const state = BuildState.safeParse(jsonAt(`${madePaths(root, lockId).build}/${ENVIRONMENT_FILES.state}`))
  return state.success ? state.data : null
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if (isFileSystemError(error) && error.code === 'ENOENT') return []
    throw error
  }
}

const idsIn = (folder: string, ending: string): string[] =>
  namesIn(folder)
    .filter(name => name.endsWith(ending))
    .map(name => name.slice(0, name.length - ending.length))
    .filter(name => Sha256.safeParse(name).success)

async function sizeOf(paths: string[]): Promise<{ bytes: number; files: number }> {
  const size = { bytes: 0, files: 0 }
  const waiting = [...paths]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const stat = await lstat(path).catch(() => null)
    if (stat === null) continue
    if (stat.isDirectory()) waiting.push(...(await readdir(path).catch(() => [])).map(name => `${path}/${name}`))
    else {
      size.files++
      size.bytes += stat.size
    }
  }
  return size
}

/** `list <root>`: prints what is there. */
export async function listCommand([root = '', ...rest]: readonly string[], out: Out): Promise<number> {
  if (root.startsWith('/') && rest.length === 0) return answer(out, () => listEnvironments(root))
  out(`${JSON.stringify({ problem: 'The absolute path of the environments is what this command takes.' })}\n`)
  return COMMAND_EXIT.misused
}
