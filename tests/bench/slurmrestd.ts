// Slurm's own REST server on a Unix socket, where it is installed (Debian's package slurmrestd): it submits without sbatch.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { eventually } from '../support/eventually.ts'
import type { Scene } from '../support/slurm-itself.ts'

/** Debian's place for it; 22.05 speaks v0.0.38. */
const PROGRAM = '/usr/sbin/slurmrestd'
const SUBMIT = '/slurm/v0.0.38/job/submit'
/** It refuses to run as root: then it runs, and submits, as nobody. */
const NOBODY = 65_534

export interface Slurmrestd {
  /** Held jobs, so many requests at a time. Answers jobs a second. */
  submit(count: number, atOnce: number): Promise<number>
}

/** null: it cannot be had here, and why was said. */
export async function startSlurmrestd(cluster: LocalCluster, scene: Scene): Promise<Slurmrestd | null> {
  if (!existsSync(PROGRAM)) {
    scene.diagnostic('skipped: slurmrestd is not installed')
    return null
  }
  const folder = await mkdtemp(join(tmpdir(), 'trotline-rest-'))
  await chmod(folder, 0o755)
  const socket = join(folder, 'rest')
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  const argv = [PROGRAM, '-a', 'rest_auth/local', '-f', cluster.slurmConf, `unix:${socket}`]
  const as = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  const [program = '', ...rest] = [...as, ...argv]
  const daemon = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SLURM_CONF: cluster.slurmConf },
  })
  let said = ''
  daemon.stderr?.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-2_000)
  })
  scene.after(async () => {
    await end(daemon)
    await rm(folder, { recursive: true, force: true })
  })

  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const script = '#!/bin/bash\ntrue\n'
  const one = (): Promise<string> =>
    ask(socket, agent, {
      script,
      job: {
        name: 'rest',
        partition: 'shared',
        hold: true,
        current_working_directory: '/tmp',
        standard_output: '/dev/null',
        time_limit: 10,
        environment: { PATH: '/usr/bin:/bin' },
      },
    })
  try {
    await eventually(
      'slurmrestd takes a job',
      () => {
        if (daemon.exitCode !== null) return 'it ended'
        return one()
      },
      15_000,
    )
    if (daemon.exitCode !== null) throw new Error(`it ended with ${daemon.exitCode}`)
  } catch (error) {
    scene.diagnostic(
      `skipped: slurmrestd cannot be used here: ${String(error)} ${said.trim().split('\n').at(-1) ?? ''}`,
    )
    return null
  }
  return {
    async submit(count, atOnce) {
      const beganMs = performance.now()
      let sent = 0
      const client = async (): Promise<void> => {
        while (sent < count) {
          sent += 1
          await one()
        }
      }
      await Promise.all(Array.from({ length: atOnce }, client))
      return (count * 1_000) / (performance.now() - beganMs)
    },
  }
}

function ask(socketPath: string, agent: Agent, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const sending = request(
      { socketPath, path: SUBMIT, method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      answer => {
        let told = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          told += part
        })
        answer.on('end', () => {
          const id = /"job_id":\s*(\d+)/.exec(told)?.[1]
          if (id === undefined) reject(new Error(`slurmrestd answered ${answer.statusCode}: ${told.slice(0, 300)}`))
          else resolve(id)
        })
      },
    )
    sending.on('error', reject)
    sending.end(JSON.stringify(body))
  })
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const gone = new Promise(done => daemon.once('exit', done))
  daemon.kill('SIGTERM')
  await gone
}
