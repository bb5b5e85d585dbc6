// What deploy/local promises to everything that builds on it, held against real daemons.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  down,
  type LocalCluster,
  plannedCluster,
  slurmAddress,
  startDaemon,
  status,
  stopDaemon,
  up,
} from '../../deploy/local/cluster.ts'
import { daemonsOf } from '../../deploy/local/daemons.ts'
import { readJson, runtimeFolder } from '../../deploy/local/folders.ts'
import { type ClusterPlan, layoutOf } from '../../deploy/local/layout.ts'
import { isPortFree } from '../../deploy/local/ports.ts'
import { descendantsOf, listProcesses } from '../../deploy/local/proc.ts'
import { cleanSettings, runProgram } from '../../deploy/local/programs.ts'

async function eventually(fact: string, holds: () => Promise<boolean>, withinMs = 60_000) {
  for (const giveUpAt = Date.now() + withinMs; !(await holds()); await sleep(200)) {
    assert.ok(Date.now() < giveUpAt, `not within ${withinMs / 1000} s: ${fact}`)
  }
}

describe('the local cluster', () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-test-'))
  let cluster: LocalCluster

  before(async () => {
    cluster = await up({ home })
  })
  after(async () => {
    await down({ home, purge: true })
    rmSync(home, { recursive: true, force: true })
  })

  const overSsh = ({ ssh }: LocalCluster, command: string) => {
    const checks = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${ssh.knownHostsFile}`]
    const options = [
      '-F',
      'none',
      ...checks.flatMap(check => ['-o', check]),
      '-i',
      ssh.privateKeyFile,
      '-p',
      `${ssh.port}`,
    ]
    return runProgram(['ssh', ...options, `${ssh.user}@${ssh.host}`, command], { timeLimitMs: 60_000 })
  }
  const slurm = (...argv: string[]) => runProgram(argv, { settings: cleanSettings({ SLURM_CONF: cluster.slurmConf }) })
  const processIds = async () => (await status({ home })).daemons.map(({ name, pid }) => `${name} ${pid}`)

  const submit = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await slurm('sbatch', '--parsable', `--output=${home}/job-%j.out`, ...argv)
    assert.equal(exitCode, 0, stderr)
    return stdout.trim()
  }
  const accountedState = async (id: string) =>
    (await slurm('sacct', '-X', '-n', '-P', '-j', id, '-o', 'State')).stdout.trim()

  test('up on a running cluster changes nothing and answers the same', async () => {
    const before = await processIds()
    assert.deepEqual(await up({ home }), cluster)
    assert.deepEqual(await processIds(), before)
  })

  test('whoever only reads its plan gets the same answer, and a daemon that stands still is left alone', async () => {
    const before = await processIds()
    const pid = (await status({ home })).daemons.find(({ name }) => name === 'redis')?.pid ?? assert.fail('no Redis')
    process.kill(pid, 'SIGSTOP')
    try {
      assert.deepEqual(plannedCluster(home), cluster)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    assert.deepEqual(await processIds(), before)
    assert.throws(() => plannedCluster(join(home, 'nowhere')), { code: 'NOT_UP' })
  })

  test('every daemon listens on an address that up has named, and Unix sockets have short paths', async () => {
    const { daemons } = await status({ home })
    const pids = daemons.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    const processes = listProcesses()
    const ours = [...pids, ...descendantsOf(pids, processes).map(entry => entry.pid)]
    const inodes = new Set(ours.flatMap(socketsOf))
    const named = new Set(['127.0.0.1', slurmAddress(home)])
    const listening = listenersOf(inodes)
    assert.ok(listening.length >= daemons.length - 1, `${listening.length} listeners of ${daemons.length} daemons`)
    assert.deepEqual(
      listening.filter(address => !named.has(address)),
      [],
    )
    for (const path of unixSocketsOf(inodes)) assert.ok(path.length < 100, path)
    assert.ok(`${cluster.runtimeDirectory}/mariadb.sock`.length < 100)
  })

  test('a job submitted over SSH runs, and sacct says COMPLETED', async () => {
    const { stdout, stderr } = await overSsh(
      cluster,
      `sbatch --parsable -o ${home}/ssh.out --wrap 'echo ran on $SLURMD_NODENAME'`,
    )
    assert.match(stdout, /^\d+\n$/, stderr)
    await eventually('sacct says COMPLETED', async () => (await accountedState(stdout.trim())) === 'COMPLETED')
    assert.match(readFileSync(join(home, 'ssh.out'), 'utf8'), /ran on c0[12]/)
  })

  test('a job that asks for two GPUs sees their numbers', async () => {
    const id = await submit('-p', 'gpuk80', '--gres=gpu:k80:2', '--wrap', 'echo "[$CUDA_VISIBLE_DEVICES]"')
    await eventually('the job is over', async () => (await accountedState(id)) === 'COMPLETED')
    assert.match(readFileSync(join(home, `job-${id}.out`), 'utf8'), /\[0,1\]/)
  })

  test('secrets are readable by their owner only, and slurm.conf by everybody', async () => {
    const { stdout } = await runProgram(['stat', '-c', '%a', cluster.slurmConf, cluster.ssh.privateKeyFile])
    assert.equal(stdout, '644\n600\n')
    const { store, report } = cluster.redis
    const secrets = await runProgram(['stat', '-c', '%a', store.passwordFile, report.passwordFile])
    assert.equal(secrets.stdout, '600\n600\n')
  })

  test('a daemon that was killed is brought back by up, and the others are left alone', async () => {
    await stopDaemon(home, 'slurmctld', 'SIGKILL')
    const survivors = (await processIds()).filter(line => !line.startsWith('slurmctld'))
    const answer = await up({ home })
    assert.deepEqual(answer, cluster)
    const now = await processIds()
    assert.deepEqual(
      now.filter(line => !line.startsWith('slurmctld')),
      survivors,
    )
    await submit('--wrap', 'true')
  })

  test('stopping sshd cuts the sessions that are open, and it can be started again', async () => {
    const session = overSsh(cluster, 'sleep 30')
    await eventually('the session is open', async () => listProcesses().some(entry => isSleep(entry.pid, '30')))
    await stopDaemon(home, 'sshd')
    assert.equal((await session).exitCode, 255)
    assert.notEqual((await overSsh(cluster, 'true')).exitCode, 0)
    await startDaemon(home, 'sshd')
    assert.equal((await overSsh(cluster, 'true')).exitCode, 0)
  })

  test('asking a slurmd whether it is ready is never in the way of the port it is about to bind', async () => {
    const layout = layoutOf(home, runtimeFolder(home))
    const plan = readJson<ClusterPlan>(layout.planFile) ?? assert.fail('no plan')
    const slurmd = daemonsOf(layout, plan).find(({ name }) => name === 'slurmd-p01') ?? assert.fail('no slurmd')
    await stopDaemon(home, slurmd.name)
    try {
      for (let round = 0; round < 20; round++) {
        const asked = slurmd.ready()
        // Whoever has something to say to slurmd in this moment must not keep the server from closing.
        const binds = createServer(caller => caller.destroy()).listen(plan.ports[slurmd.name], '0.0.0.0')
        await once(binds, 'listening')
        await asked
        await new Promise(resolve => binds.close(resolve))
      }
    } finally {
      await startDaemon(home, slurmd.name)
    }
  })

  test('a port that somebody takes while the cluster starts is given up for another', async () => {
    const other = mkdtempSync(join(tmpdir(), 'trotline-test-'))
    const thief = createServer()
    try {
      const taken: number[] = []
      const started = await up({
        home: other,
        accounting: false,
        onProgress: line => {
          if (line !== 'munged is ready' || taken.length > 0) return
          const { ports } = JSON.parse(readFileSync(join(other, 'cluster.json'), 'utf8'))
          taken.push(ports['slurmd-a01'])
          thief.listen(ports['slurmd-a01'], '0.0.0.0')
        },
      })
      const now = await status({ home: other })
      assert.ok(now.daemons.filter(({ state }) => state === 'ready').length >= 9, JSON.stringify(now.daemons))
      assert.ok(!now.daemons.some(({ port }) => port !== undefined && taken.includes(port)))
      assert.equal(started.home, now.cluster?.home)
    } finally {
      thief.close()
      await down({ home: other, purge: true })
    }
  })

  test('down leaves no process and no listening port, not even of running jobs', async () => {
    const id = await submit('--export=NONE', '--wrap', 'sleep 4711')
    await eventually('the job runs', async () => listProcesses().some(entry => isSleep(entry.pid, '4711')))
    const { daemons } = await status({ home })
    await down({ home })
    const marks = [home, cluster.runtimeDirectory]
    const left = listProcesses().filter(
      ({ pid }) => pid !== process.pid && (isSleep(pid, '4711') || marks.some(mark => argumentsOf(pid).includes(mark))),
    )
    assert.deepEqual(left, [], `job ${id} or a daemon lives on`)
    for (const { name, port } of daemons) {
      if (port !== undefined) assert.ok(await isPortFree(port), `${name} still listens on ${port}`)
    }
    assert.deepEqual(await down({ home }), { stopped: 0 })
  })
})

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? []
      return inode === undefined ? [] : [inode]
    })
  } catch {
    return [] // gone in between, or not ours to look into
  }
}

const LISTENING = '0A'

/** IPv4 as the kernel prints it: four bytes, the last one first. IPv6 stays as it is: nobody of ours may use it. */
function listenersOf(inodes: ReadonlySet<string>): string[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file =>
    linesOf(file).flatMap(line => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state !== LISTENING || !inodes.has(inode)) return []
      const [hex = ''] = local.split(':')
      return hex.length === 8 ? [[...Buffer.from(hex, 'hex')].reverse().join('.')] : [hex]
    }),
  )
}

const unixSocketsOf = (inodes: ReadonlySet<string>): string[] =>
  linesOf('/proc/net/unix').flatMap(line => {
    const [, , , , , , inode = '', path] = line.trim().split(/\s+/)
    return path !== undefined && inodes.has(inode) ? [path] : []
  })

const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(1) : [])

const isSleep = (pid: number, seconds: string) => argumentsOf(pid) === `sleep ${seconds}`

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ')
  } catch {
    return ''
  }
}
