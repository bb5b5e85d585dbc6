// A minimal Debian 12 in a folder: made by debootstrap, entered by chroot, with this machine's Node.js and nothing else of it.
// Processes in it are known by their root folder, so that none is missed and no other is touched.

import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { listProcesses, type ProcessEntry } from '../../deploy/local/proc.ts'
import { findProgram, type ProgramResult, runProgram, stopProcess } from '../../deploy/local/programs.ts'
import { accessSettings, aptSources, giveAccess, RELEASE } from './machine-access.ts'

export const USER = 'angler'

export interface FreshDebian {
  root: string
  /** Runs inside; the output is shown as it comes, and answered. */
  run: (
    user: 'root' | typeof USER,
    argv: readonly string[],
    options?: { cwd?: string; timeLimitMs?: number },
  ) => Promise<ProgramResult>
  processes: () => ProcessEntry[]
  remove: () => Promise<void>
}

export async function makeFreshDebian(baseFile: string): Promise<FreshDebian> {
  await makeBase(baseFile)
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'trotline-fresh-')))
  const machine: FreshDebian = {
    root,
    run: (user, argv, options) => runInside(root, user, argv, options),
    processes: () => processesIn(root),
    remove: () => remove(root),
  }
  try {
    await must(['tar', '-C', root, '--numeric-owner', '-xpf', baseFile])
    await must(['chmod', '755', root])
    writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${hostname()}\n`) // as Debian's installer writes it
    copyRuntime(root)
    await must(['chroot', root, 'useradd', '--create-home', '--shell', '/bin/bash', USER])
    await giveAccess(root, ['root', `home/${USER}`])
    await must(['mount', '-t', 'proc', 'proc', join(root, 'proc')])
    // Terminals of its own, as every machine has them.
    await must([
      'mount',
      '-t',
      'devpts',
      '-o',
      'newinstance,ptmxmode=0666,mode=0620,gid=5',
      'devpts',
      join(root, 'dev/pts'),
    ])
    return machine
  } catch (error) {
    await machine.remove()
    throw error
  }
}

/** The bare system, kept as one file: debootstrap takes half a minute. */
async function makeBase(baseFile: string) {
  if (existsSync(baseFile)) return
  if (findProgram('debootstrap') === undefined) {
    await runProgram(['apt-get', 'update', '-q'], { timeLimitMs: 300_000 })
    await must([
      'apt-get',
      'install',
      '-y',
      '-q',
      '--no-install-recommends',
      '-o',
      'DPkg::Lock::Timeout=300',
      'debootstrap',
    ])
  }
  const [archive] = await aptSources()
  const folder = mkdtempSync(join(tmpdir(), 'trotline-base-'))
  try {
    await must(['debootstrap', '--variant=minbase', '--include=ca-certificates', RELEASE, folder, archive?.uri ?? ''])
    // A machine that has just been installed from an image has no package lists.
    rmSync(join(folder, 'var/lib/apt/lists'), { recursive: true })
    mkdirSync(join(folder, 'var/lib/apt/lists/partial'), { recursive: true })
    mkdirSync(dirname(baseFile), { recursive: true })
    await must(['tar', '-C', folder, '--numeric-owner', '--one-file-system', '-cf', `${baseFile}.new`, '.'])
    await must(['mv', `${baseFile}.new`, baseFile])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** node and npm as they are here, in /usr/local. */
function copyRuntime(root: string) {
  const npmCli = process.env.npm_execpath ?? realpathSync(findProgram('npm') ?? '')
  const npmFolder = join(dirname(realpathSync(npmCli)), '..')
  cpSync(realpathSync(process.execPath), join(root, 'usr/local/bin/node'))
  cpSync(npmFolder, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
}

async function runInside(
  root: string,
  user: 'root' | typeof USER,
  argv: readonly string[],
  { cwd = '/', timeLimitMs = 600_000 }: { cwd?: string; timeLimitMs?: number } = {},
): Promise<ProgramResult> {
  const home = user === 'root' ? '/root' : `/home/${user}`
  const settings = {
    PATH:
      user === 'root' ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    USER: user,
    LOGNAME: user,
    LANG: 'C.UTF-8',
    ...(await accessSettings()),
  }
  const inside = [
    'env',
    '-i',
    '-C',
    cwd,
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ...argv,
  ]
  const entry = ['--groups=', `--userspec=${user}:${user}`, root, ...inside]
  return new Promise((resolve, reject) => {
    const child = spawn(findProgram('chroot') ?? 'chroot', entry, { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      process.stdout.write(text.replace(/^(?=.)/gm, '  | '))
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      process.stdout.write(text.replace(/^(?=.)/gm, '  ! '))
    })
    child.on('error', reject)
    // Not 'close': a background process that kept the pipe open would be waited for, and is to be found, not waited for.
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      setTimeout(() => resolve({ exitCode: signal === null ? (code ?? 1) : 137, stdout, stderr }), 200)
    })
  })
}

function processesIn(root: string): ProcessEntry[] {
  return listProcesses().filter(({ pid }) => {
    try {
      return readlinkSync(`/proc/${pid}/root`) === root
    } catch {
      return false
    }
  })
}

async function remove(root: string) {
  for (let left = processesIn(root); left.length > 0; left = processesIn(root)) {
    await Promise.all(left.map(entry => stopProcess(entry, 'SIGKILL')))
  }
  if (existsSync(join(root, 'dev/pts/ptmx'))) await must(['umount', join(root, 'dev/pts')])
  if (existsSync(join(root, 'proc/self'))) await must(['umount', join(root, 'proc')])
  rmSync(root, { recursive: true, force: true })
}

async function must(argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await runProgram(argv, {
    timeLimitMs: 900_000,
    settings: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}\n${`${stdout}${stderr}`.slice(-3000)}`)
}
