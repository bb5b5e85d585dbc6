// `npm run test:fresh`: proves the two commands, quickstart and test, on a minimal Debian 12 that has Node.js and nothing else.
// Root is needed (debootstrap, chroot). The checkout inside is a clone of HEAD.

import assert from 'node:assert/strict'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isPortFree } from '../../deploy/local/ports.ts'
import { runProgram } from '../../deploy/local/programs.ts'
import { REQUIREMENTS } from '../../deploy/local/requirements.ts'
import { type FreshDebian, makeFreshDebian, USER } from './fresh-debian.ts'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

const HELP = `Proves quickstart and test on a minimal Debian 12 (debootstrap, chroot; as root).

  npm run test:fresh                          all three parts
  npm run test:fresh -- --only root           quickstart as root from nothing; again; --down
  npm run test:fresh -- --only user           the same as an ordinary user, packages present
  npm run test:fresh -- --only test           npm test, from nothing
  npm run test:fresh -- --only bare           no Trotline: the local cluster alone, up and down, as root and as an ordinary user

  --keep            leave the machine's folder, with proc mounted and daemons running, for a look
  --working-tree    the files as they lie here instead of a clone of HEAD
`

type Part = 'root' | 'user' | 'test' | 'bare'
interface Timing {
  what: string
  seconds: number
  limitSeconds?: number
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    'working-tree': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const timings: Timing[] = []

async function timed<T>(what: string, act: () => Promise<T>, limitSeconds?: number): Promise<T> {
  const began = performance.now()
  process.stdout.write(`\n${what}\n`)
  const value = await act()
  timings.push({
    what,
    seconds: (performance.now() - began) / 1000,
    ...(limitSeconds !== undefined && { limitSeconds }),
  })
  return value
}

/** Puts the checkout into the machine, owned by who will use it. */
async function giveCheckout(machine: FreshDebian, user: 'root' | typeof USER, name: string): Promise<string> {
  const inside = `${user === 'root' ? '/root' : `/home/${user}`}/${name}`
  const folder = join(machine.root, inside)
  const copy = values['working-tree']
    ? [
        ['git', 'clone', '-q', '--no-hardlinks', CHECKOUT, folder],
        ['git', '-C', folder, 'rm', '-q', '-r', '.'],
        ...(await workingTree(folder)),
      ]
    : [['git', 'clone', '-q', '--no-hardlinks', CHECKOUT, folder]]
  for (const argv of copy) {
    const { exitCode, stderr } = await runProgram(argv, { timeLimitMs: 120_000, cwd: CHECKOUT })
    assert.equal(exitCode, 0, stderr)
  }
  if (user !== 'root') await machine.run('root', ['chown', '-R', `${user}:${user}`, inside])
  return inside
}

async function workingTree(folder: string): Promise<string[][]> {
  const listed = await runProgram(['git', 'ls-files', '-coz', '--exclude-standard'], { cwd: CHECKOUT })
  const files = listed.stdout.split('\0').filter(file => file !== '' && existsSync(join(CHECKOUT, file)))
  return [['cp', '--parents', '-p', ...files, folder]]
}

async function provesQuickstart(machine: FreshDebian, user: 'root' | typeof USER, cwd: string, first: string) {
  const quickstart = (...words: string[]) =>
    machine.run(user, ['npm', 'run', 'quickstart', ...(words.length > 0 ? ['--', ...words] : [])], { cwd })
  const one = await timed(first, () => quickstart(), 180)
  assert.equal(one.exitCode, 0, 'the first quickstart failed')
  await provesRecord(machine, cwd)
  const two = await timed(`second quickstart as ${user}`, () => quickstart(), 30)
  assert.equal(two.exitCode, 0, 'the second quickstart failed')
  await provesRecord(machine, cwd)
  const ports = portsOf(machine, cwd)
  const down = await timed(`quickstart --down as ${user}`, () => quickstart('--down'))
  assert.equal(down.exitCode, 0, '--down failed')
  await provesNothingLeft(machine, ports)
}

/** Asks the API inside, as a person with the token would: chroot does not separate the network. */
async function provesRecord(machine: FreshDebian, cwd: string) {
  const local = join(machine.root, cwd, '.local')
  const { port } = JSON.parse(readFileSync(join(local, 'api.json'), 'utf8'))
  const token = readFileSync(join(local, 'token'), 'utf8').trim()
  // biome-ignore lint/suspicious/noExplicitAny: what is missing in the answer fails the assertions below
  const ask = async (path: string): Promise<any> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(response.status, 200, `GET ${path}`)
    return await response.json()
  }
  const { items } = await ask('/v1/jobs?limit=1')
  const job = await ask(`/v1/jobs/${items[0].id}`)
  assert.equal(job.state, 'completed')
  assert.equal(job.progress.epochs, 1000)
  const { val_mae: error } = job.result.metrics
  assert.ok(error >= 2.1 && error <= 2.8, `val_mae is ${error}, not between 2.1 and 2.8`)
  process.stdout.write(`  job ${job.id} completed, val_mae ${error}\n`)
}

function portsOf(machine: FreshDebian, cwd: string): number[] {
  const local = join(machine.root, cwd, '.local')
  const cluster = JSON.parse(readFileSync(join(local, 'cluster/cluster.json'), 'utf8'))
  const api = existsSync(join(local, 'api.json'))
    ? [JSON.parse(readFileSync(join(local, 'api.json'), 'utf8')).port]
    : []
  return [...Object.values<number>(cluster.ports), ...api]
}

async function provesNothingLeft(machine: FreshDebian, ports: readonly number[]) {
  await sleep(500)
  assert.deepEqual(machine.processes(), [], 'processes are left')
  for (const port of ports) assert.ok(await isPortFree(port), `port ${port} is still listened on`)
  const sockets = readdirSync(join(machine.root, 'tmp')).filter(name => name.startsWith('trotline-'))
  assert.deepEqual(sockets, [], 'runtime folders are left in /tmp')
}

async function installPackages(machine: FreshDebian) {
  const packages = REQUIREMENTS.map(({ debianPackage }) => debianPackage)
  await machine.run('root', ['apt-get', 'update', '-q'])
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages]
  assert.equal((await machine.run('root', ['env', 'DEBIAN_FRONTEND=noninteractive', ...install])).exitCode, 0)
}

async function provesBareCluster(machine: FreshDebian, user: 'root' | typeof USER, cwd: string) {
  const local = (...words: string[]) => machine.run(user, ['npm', 'run', '-s', 'local', '--', ...words], { cwd })
  assert.equal((await timed(`local cluster up as ${user}`, () => local('up'))).exitCode, 0)
  assert.equal((await timed(`local cluster up again as ${user}`, () => local('up'))).exitCode, 0)
  const conf = `SLURM_CONF=${cwd}/.local/cluster/etc/slurm.conf`
  const job = ['srun', '-p', 'gpua100', '--gres=gpu:a100:1', 'printenv', 'CUDA_VISIBLE_DEVICES']
  assert.equal((await machine.run(user, ['env', conf, ...job], { cwd })).stdout, '0\n')
  await machine.run(user, ['env', conf, 'sbatch', '-o', '/dev/null', '--wrap', 'sleep 600'], { cwd })
  const ports = portsOf(machine, cwd)
  assert.equal((await timed(`local cluster down as ${user}`, () => local('down'))).exitCode, 0)
  await provesNothingLeft(machine, ports)
}

const SUMMARY_AT_END = /(?:^|\n)(?:# |ℹ )fail 0\n(?:(?:# |ℹ )\w+ [\d.]+\n)*\s*$/

const PARTS: Record<Part, (machine: FreshDebian) => Promise<void>> = {
  root: async machine => {
    const cwd = await giveCheckout(machine, 'root', 'trotline')
    assert.ok(!existsSync(join(machine.root, 'usr/sbin/slurmctld')), 'the machine is not fresh')
    await provesQuickstart(machine, 'root', cwd, 'quickstart as root, from nothing')
    assert.ok(lstatSync(join(machine.root, 'usr/sbin/policy-rc.d'), { throwIfNoEntry: false }) === undefined)
  },
  user: async machine => {
    if (!existsSync(join(machine.root, 'usr/sbin/slurmctld'))) await installPackages(machine)
    const cwd = await giveCheckout(machine, USER, 'trotline')
    await provesQuickstart(machine, USER, cwd, `quickstart as ${USER}, packages present`)
  },
  test: async machine => {
    const cwd = await giveCheckout(machine, 'root', 'trotline-test')
    const outcome = await timed('npm test as root, which installs what it needs', () =>
      machine.run('root', ['npm', 'test'], { cwd, timeLimitMs: 3_600_000 }),
    )
    assert.equal(outcome.exitCode, 0, 'npm test failed')
    assert.match(outcome.stdout, SUMMARY_AT_END, "npm test does not end with node:test's summary of no failure")
  },
  bare: async machine => {
    await installPackages(machine)
    for (const user of ['root', USER] as const) {
      const cwd = await giveCheckout(machine, user, 'bare')
      assert.equal((await machine.run(user, ['npm', 'ci'], { cwd })).exitCode, 0)
      await provesBareCluster(machine, user, cwd)
    }
  },
}

async function main() {
  if (values.help) return void process.stdout.write(HELP)
  const wanted = values.only === undefined ? ['root', 'user', 'test'] : [values.only]
  const parts = wanted.map(name => PARTS[name as Part])
  if (parts.some(part => part === undefined)) throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}`)
  if (process.getuid?.() !== 0)
    throw new Error('a Debian in a folder takes root (debootstrap, chroot, mount): run this as root')
  const machine = await timed('a minimal Debian 12', () => makeFreshDebian(join(CHECKOUT, '.local/fresh-base.tar')))
  process.stdout.write(`  in ${machine.root}\n`)
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`ended by ${signal}`)))
  })
  try {
    const all = async () => {
      for (const part of parts) await part(machine)
    }
    await Promise.race([all(), interrupted])
    process.stdout.write('\nproved\n')
  } finally {
    process.stdout.write(`\n${table()}\n`)
    if (values.keep)
      process.stdout.write(`kept: ${machine.root}; remove with: umount ${machine.root}/proc; rm -r ${machine.root}\n`)
    else await machine.remove()
  }
}

function table(): string {
  const width = Math.max(...timings.map(({ what }) => what.length))
  return timings
    .map(({ what, seconds, limitSeconds }) => {
      const wanted =
        limitSeconds === undefined ? '' : `   wanted: under ${limitSeconds} s${seconds < limitSeconds ? '' : '  OVER'}`
      return `  ${what.padEnd(width)} ${seconds.toFixed(1).padStart(7)} s${wanted}`
    })
    .join('\n')
}

await main()
