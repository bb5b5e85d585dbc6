// Installs the Debian packages that the local cluster needs, where they are missing, without starting any system service.
// Used by the quickstart and by `npm test`.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeployError } from '../errors.ts'
import { findProgram, type ProgramResult, runProgram } from '../local/programs.ts'
import { missingPrograms, type Requirement } from '../local/requirements.ts'

const POLICY = '/usr/sbin/policy-rc.d'
const POLICY_MARK = '# made by the Trotline quickstart, which removes it when it is done'
const INSTALL_LIMIT_MS = 20 * 60_000

/** Answers the packages it has installed; none when nothing was missing. `also`: what the caller needs beside the cluster. */
export async function ensureDebianPackages({
  onProgress = () => {},
  also = [],
}: {
  onProgress?: (line: string) => void
  also?: readonly Requirement[]
} = {}): Promise<string[]> {
  const missing = missingPrograms({ also })
  if (missing.length === 0) return []
  const packages = missing.map(({ debianPackage }) => debianPackage)
  const programs = missing.map(({ program }) => program).join(', ')
  const system = distribution()
  if (system.family !== 'debian' || findProgram('apt-get') === undefined) {
    throw new DeployError(
      'PACKAGES_MISSING',
      `not installed: ${programs}. This is ${system.name}; packages are installed only on Debian and Ubuntu, where they are called ${packages.join(' ')}. Install what brings these programs and run this again.`,
    )
  }
  if (system.id !== 'debian') onProgress(`${system.name} is best effort: what is tested is Debian 12`)
  onProgress(`missing: ${programs}`)
  const prefix = await rootPrefix(packages)
  onProgress(`installing with apt-get: ${packages.join(' ')}`)
  await withoutServiceStarts(prefix, signal => install(prefix, packages, signal))
  const still = missingPrograms({ also }).map(({ program }) => program)
  if (still.length > 0) {
    throw new DeployError(
      'INSTALL_FAILED',
      `apt-get installed ${packages.join(' ')}, but ${still.join(', ')} did not come with them`,
    )
  }
  if (existsSync('/run/systemd/system')) {
    onProgress(
      'none of their services was started; systemd starts ssh, redis-server and munge at the next boot unless disabled',
    )
  }
  return packages
}

async function install(prefix: readonly string[], packages: readonly string[], signal: AbortSignal) {
  if (!hasPackageLists()) await aptGet(prefix, 'update')
  const argv = ['install', '-y', '--no-install-recommends', ...packages]
  const first = await aptGet(prefix, ...argv)
  if (first.exitCode === 0 || signal.aborted) return
  // Old lists name package files that the mirror no longer has.
  const update = await aptGet(prefix, 'update')
  const second = await aptGet(prefix, ...argv)
  if (second.exitCode === 0) return
  const said = [update, second].map(({ stdout, stderr }) => stdout + stderr).join('')
  throw new DeployError('INSTALL_FAILED', `apt-get could not install ${packages.join(' ')}:\n${said.slice(-4000)}`)
}

const aptGet = (prefix: readonly string[], ...argv: string[]): Promise<ProgramResult> =>
  runProgram(
    [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', ...argv],
    {
      timeLimitMs: INSTALL_LIMIT_MS,
      settings: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, // proxies and certificates of the caller
    },
  )

function hasPackageLists(): boolean {
  try {
    return readdirSync('/var/lib/apt/lists').some(name => name.includes('_Packages'))
  } catch {
    return false
  }
}

/** How to become root: not at all, or by sudo where it asks for no password. */
async function rootPrefix(packages: readonly string[]): Promise<string[]> {
  if (process.getuid?.() === 0) return []
  if (findProgram('sudo') !== undefined && (await runProgram(['sudo', '-n', 'true'])).exitCode === 0)
    return ['sudo', '-n']
  throw new DeployError(
    'PACKAGES_MISSING',
    `these Debian packages are missing, and installing them takes root. As root, run:\n\n  apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}\n\nthen start this again as yourself.`,
  )
}

/**
 * Debian starts what it installs: a munge, a Redis on 6379 and an sshd on 22. A policy-rc.d that answers 101 forbids it; where there
 * is one already, its word stands.
 */
async function withoutServiceStarts(prefix: readonly string[], act: (signal: AbortSignal) => Promise<void>) {
  const isOurs = existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(POLICY_MARK) // left by a quickstart that was killed
  if (existsSync(POLICY) && !isOurs) return await act(new AbortController().signal)
  const folder = mkdtempSync(join(tmpdir(), 'trotline-policy-'))
  const source = join(folder, 'policy-rc.d')
  writeFileSync(source, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`)
  // Ctrl-C ends apt-get too, which is of the same process group; ours is to go on until the policy is removed.
  const interrupted = new AbortController()
  const note = () => interrupted.abort()
  process.on('SIGINT', note)
  process.on('SIGTERM', note)
  try {
    const { exitCode, stderr } = await runProgram([...prefix, 'install', '-m', '0755', source, POLICY])
    if (exitCode !== 0) throw new DeployError('INSTALL_FAILED', `${POLICY} could not be written: ${stderr.trim()}`)
    await act(interrupted.signal)
  } finally {
    await runProgram([...prefix, 'rm', '-f', POLICY])
    rmSync(folder, { recursive: true, force: true })
    process.off('SIGINT', note)
    process.off('SIGTERM', note)
  }
  if (interrupted.signal.aborted) throw new DeployError('INTERRUPTED', 'interrupted')
}

function distribution(): { id: string; name: string; family: 'debian' | 'other' } {
  const fields = new Map<string, string>()
  try {
    for (const line of readFileSync('/etc/os-release', 'utf8').split('\n')) {
      const [, name, value] = /^(\w+)="?(.*?)"?$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) fields.set(name, value)
    }
  } catch {
    // An unknown system: the message names the programs.
  }
  const id = fields.get('ID') ?? 'unknown'
  const family = [id, ...(fields.get('ID_LIKE') ?? '').split(' ')].includes('debian') ? 'debian' : 'other'
  return { id, name: fields.get('PRETTY_NAME') ?? 'an unknown system', family }
}
