// Works out the pip part of a spec with uv, where the operator has it: releases and the hashes of their files, for the Python that conda
// chose. uv runs as a process with its own limits; it builds nothing, so that no code of a package runs on this machine.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CondaPlatform, EnvironmentSpec, LockedPip, VirtualPackages } from '@trotline/contracts'
import { pipPins } from '@trotline/environment'
import type { EnvironmentsSettings } from '../environment-settings.ts'
import { condaAsPip, nameOfLine, type Package, refuseOverlap } from './pip-beside-conda.ts'
import { SolveError } from './solve-error.ts'
import { cancelled } from './solve-queue.ts'

export interface PipProblem {
  spec: EnvironmentSpec
  platform: CondaPlatform
  virtualPackages: VirtualPackages
}

const MOST_OUTPUT_BYTES = 8 * 1_048_576
/** Where uv looks for a Python to ask about the platform; ours has no say in which one. */
const PATH = '/usr/local/bin:/usr/bin:/bin'

/** `packages`: those of conda. What these bring is left out: pip installs beside them, and never over them. @throws SolveError */
export async function compilePip(
  { spec, platform, virtualPackages }: PipProblem,
  packages: readonly Package[],
  { uv, pipIndex, directory, solve }: EnvironmentsSettings,
  signal: AbortSignal,
): Promise<LockedPip[]> {
  const python = packages.find(one => one.name === 'python')?.version
  if (uv === null || pipIndex === null || python === undefined)
    throw new SolveError('PIP_REFUSED', 'The spec has a part for pip, and no Python that it could be for.')
  const lines = spec.dependencies.flatMap(one => (typeof one === 'string' ? [] : one.pip))
  const asked = lines.map(line => ({ name: nameOfLine(line), words: line.slice(0, 100) }))
  refuseOverlap(asked, packages)
  const parent = resolve(directory, 'uv')
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const work = await mkdtemp(join(parent, 'solve-'))
  try {
    await writeFile(join(work, 'requirements.in'), `${lines.join('\n')}\n`)
    // Of a requirement whose marker never holds nothing is left (uv's way to leave a package out, in every version).
    const left = condaAsPip(packages).map(name => `${name} ; python_version < '0'`)
    await writeFile(join(work, 'overrides.txt'), `${left.join('\n')}\n`)
    const argv = uvCommand({ work, cache: join(work, 'cache'), python, platform, virtualPackages, pipIndex })
    const text = await run(uv, argv, { cwd: work, timeLimitMs: solve.timeLimitSeconds * 1000, signal })
    return pinsIn(text)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

export interface UvOrder {
  work: string
  /** Of this solve alone: a kept one would grow without end. */
  cache: string
  /** As conda has it: 3.11.9. */
  python: string
  platform: CondaPlatform
  virtualPackages: VirtualPackages
  pipIndex: string
}

/** Without the program. @throws SolveError PIP_REFUSED for a platform that uv does not know */
export function uvCommand({ work, cache, python, platform, virtualPackages, pipIndex }: UvOrder): string[] {
  return [
    'pip',
    'compile',
    join(work, 'requirements.in'),
    ...['--override', join(work, 'overrides.txt')],
    ...['--python-version', python],
    ...['--python-platform', pythonPlatform(platform, virtualPackages)],
    ...['--index-url', pipIndex],
    ...['--cache-dir', cache],
    ...['--only-binary', ':all:'],
    '--generate-hashes',
    '--no-header',
    '--no-annotate',
    '--no-config',
    '--no-python-downloads',
    '--no-progress',
    ...['--color', 'never'],
    '--quiet',
  ]
}

/** The newest of uv's names that wheels for this glibc go by; without a glibc the oldest. */
function pythonPlatform(platform: CondaPlatform, { __glibc }: VirtualPackages): string {
  if (platform === 'linux-ppc64le')
    throw new SolveError('PIP_REFUSED', 'uv works nothing out for linux-ppc64le: pin the pip part with hashes.')
  const [major = 2, minor = 17] = (__glibc ?? '2.17').split('.').map(Number)
  if (major === 2 && minor < 17)
    throw new SolveError('PIP_REFUSED', `uv works nothing out for glibc ${__glibc}: pin the pip part with hashes.`)
  const manylinux = major > 2 || minor >= 28 ? 'manylinux_2_28' : 'manylinux_2_17'
  return `${platform === 'linux-64' ? 'x86_64' : 'aarch64'}-${manylinux}`
}

interface RunLimits {
  cwd: string
  timeLimitMs: number
  signal: AbortSignal
}

function run(program: string, argv: readonly string[], { cwd, timeLimitMs, signal }: RunLimits): Promise<string> {
  return new Promise((resolve, reject) => {
    const uv = spawn(program, argv, { cwd, env: { PATH, HOME: cwd }, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let bytes = 0
    let stopped: SolveError | null = null
    const stop = (why: SolveError): void => {
      stopped ??= why
      uv.kill('SIGKILL')
    }
    const cancel = (): void => stop(cancelled())
    const timer = setTimeout(
      () =>
        stop(new SolveError('SOLVE_TIME_LIMIT', `uv had not worked out the pip part within ${timeLimitMs / 1000} s.`)),
      timeLimitMs,
    )
    const collect = (list: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MOST_OUTPUT_BYTES) stop(new SolveError('PIP_REFUSED', 'uv wrote more than a lock may have.'))
      else list.push(chunk)
    }
    signal.addEventListener('abort', cancel, { once: true })
    uv.stdout.on('data', collect(out))
    uv.stderr.on('data', collect(err))
    uv.on('error', cause => {
      stopped ??= new SolveError('PIP_REFUSED', `uv could not be started on this server: ${cause.message}.`, { cause })
    })
    uv.on('close', code => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      if (stopped !== null) return reject(stopped)
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'))
      reject(refusedByUv(Buffer.concat(err).toString('utf8')))
    })
    if (signal.aborted) cancel()
  })
}

function refusedByUv(words: string): SolveError {
  const detail = 'uv finds no set of releases for the pip part.'
  const finding = {
    pointer: '/dependencies',
    detail,
    hint: 'Only wheels are taken: nothing is built on this server.',
    line: null,
    column: null,
  }
  return new SolveError('PIP_REFUSED', detail, { findings: [finding], tree: words.trim().slice(0, 20_000) })
}

/** `name==version \` with a line for each hash. */
function pinsIn(text: string): LockedPip[] {
  const lines = text
    .replace(/\\\r?\n\s*/g, ' ')
    .split('\n')
    .map(line => line.replace(/\s+/g, ' ').trim())
    .filter(line => line !== '' && !line.startsWith('#'))
  if (lines.length === 0) return []
  const reading = pipPins({ channels: ['none'], dependencies: [{ pip: lines }] })
  if (reading.ok) return reading.value
  throw new SolveError('PIP_REFUSED', `uv's answer cannot be locked: ${reading.findings[0]?.detail ?? ''}`, {
    findings: reading.findings,
  })
}
