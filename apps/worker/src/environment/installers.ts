// The installers of this machine: those that the operator named, or those on the PATH, each asked for its version.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BuildOrder, INSTALLERS, Installer } from '@trotline/contracts'
import type { MachineSettings } from '../settings.ts'
import { buildFailure } from './build-failure.ts'
import { unfitFor } from './install-command.ts'
import { versionIn } from './installer-version.ts'
import { ask } from './run-program.ts'

/** conda on a cold parallel file system: half a minute was seen on others' clusters. */
const VERSION_LIMIT_MS = 60_000

type Candidate = Pick<Installer, 'tool' | 'path'>

/** In the order of INSTALLERS, of each the first on the PATH. */
async function onPath({ path }: MachineSettings): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (const tool of INSTALLERS)
    for (const folder of path) {
      const candidate = Installer.safeParse({ tool, path: join(folder, tool), version: null })
      if (!candidate.success || !(await isProgram(candidate.data.path))) continue
      found.push({ tool, path: candidate.data.path })
      break
    }
  return found
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** @param home an empty folder, or one that is not there: no configuration of whoever runs this is read */
async function versionOf({ tool, path }: Candidate, home: string): Promise<string | null> {
  const programs = ['/usr/local/bin', '/usr/bin', '/bin', dirname(process.execPath)]
  const env = { PATH: [dirname(path), ...programs].join(':'), HOME: home, LC_ALL: 'C', PYTHONNOUSERSITE: '1' }
  const said = await ask([path, '--version'], env, VERSION_LIMIT_MS)
  return said?.code === 0 ? (versionIn(tool, said.text)?.slice(0, 64) ?? null) : null
}

/** Those that are there and say their version. */
export async function installersHere(machine: MachineSettings): Promise<Installer[]> {
  const found: Installer[] = []
  for (const candidate of await onPath(machine))
    found.push({ ...candidate, version: await versionOf(candidate, '/nonexistent') })
  return found.filter(one => one.version !== null)
}

/**
 * The first that can do it.
 *
 * @throws BuildFailure no-installer, with a sentence for each that is there and cannot
 */
export async function chooseInstaller(
  { installers, offline }: Pick<BuildOrder, 'installers' | 'offline'>,
  machine: MachineSettings,
  home: string,
): Promise<Installer & { version: string }> {
  const candidates = installers.length > 0 ? installers : await onPath(machine)
  const reasons: string[] = []
  for (const candidate of candidates) {
    const { tool, path } = candidate
    if (!(await isProgram(path))) {
      reasons.push(`${path} is not a program that can be started here.`)
      continue
    }
    const version = await versionOf(candidate, home)
    if (version === null) {
      reasons.push(`${path} does not say a version of ${tool}.`)
      continue
    }
    const against = unfitFor({ ...candidate, version }, offline)
    if (against === null) return { ...candidate, version }
    reasons.push(against.unfit)
  }
  throw buildFailure(
    'no-installer',
    candidates.length === 0
      ? `Neither ${INSTALLERS.slice(0, -1).join(', ')} nor ${INSTALLERS.at(-1)} is on the PATH here: name one in the configuration of the cluster.`
      : `No installer here can make it: ${reasons.join(' ')}`,
    { evidence: reasons },
  )
}
