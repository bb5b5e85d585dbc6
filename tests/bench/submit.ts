// How fast jobs get into Slurm: the server from POST to stored receipt, beside sbatch in a loop and the ways that others use.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createSlurmScheduler, createSsh2Transport, type SubmitOrder } from '@trotline/slurm'
import { renderScript } from '../../apps/orchestrator/src/lifecycle/script.ts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { JobRequest } from '../../packages/contracts/src/index.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { slurm } from '../support/slurm-itself.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { benchCluster } from './cluster.ts'
import { cpuSeconds } from './process-figures.ts'
import { interleaved, shown, type Way } from './rounds.ts'
import { startSlurmrestd } from './slurmrestd.ts'
import { openStore } from './store.ts'
import { comparison } from './table.ts'

const IN_FLIGHT = 16
/** A fresh connection takes a quarter of a second: of so many the rate is as good as of a thousand. */
const FRESH_CONNECTIONS = 40
const LEAST_REST = 200
/** As many as the server sends in one step. */
const STEP = 100

export const submit: Bench = {
  about: `Held jobs are submitted over REST, ${IN_FLIGHT} requests in flight, until the record of each has its Slurm id; beside it a plain loop of
sbatch over the same kind of scripts in one remote shell, the server's remote step without the server, a fresh OpenSSH connection for each sbatch, and slurmrestd (where it
is installed) one by one and 8 at once. The ceilings of the cluster's settings are out of the way.`,
  usual: { rounds: 5, jobs: 1_000, seconds: 60 },
  small: { rounds: 1, jobs: 100, seconds: 60 },
  run,
}

async function run({ rounds, jobs, scene, print }: BenchOptions): Promise<void> {
  const cluster = await benchCluster(scene)
  const story = await createStory(scene, {
    cluster,
    clusterSettings: {
      pollIntervalMs: 5_000,
      ceilings: { commandsPerMinute: 1_000_000, submissionsPerMinute: 1_000_000 },
    },
    settings: { log: { level: 'info' } },
  })
  const server = await story.start()
  const scripts = await mkdtemp(join(tmpdir(), 'trotline-scripts-'))
  await chmod(scripts, 0o755)
  scene.after(() => rm(scripts, { recursive: true, force: true }))
  const rest = await startSlurmrestd(cluster, scene)

  // One job first: the release is brought, connections are open.
  await overRest(story, 1)
  const pid = server.process.pid ?? 0
  const costs: number[] = []
  const ways: Way[] = [
    {
      name: 'sbatch in a loop, one remote shell',
      unit: 'jobs/s',
      measure: round => emptied(cluster, () => inALoop(cluster, scripts, round, jobs)),
    },
    {
      name: `our step alone, ${STEP} at a time`,
      unit: 'jobs/s',
      measure: round => emptied(cluster, () => stepAlone(cluster, scripts, round, jobs)),
    },
    {
      name: 'trotline, POST to receipt',
      unit: 'jobs/s',
      measure: () =>
        emptied(cluster, async () => {
          const before = cpuSeconds(pid)
          const rate = await overRest(story, jobs)
          costs.push(((cpuSeconds(pid) - before) * 1_000) / jobs)
          return rate
        }).finally(() => atRest(story)),
    },
    {
      name: 'a fresh OpenSSH connection each',
      unit: 'jobs/s',
      measure: round => emptied(cluster, () => freshConnections(cluster, scripts, round)),
    },
  ]
  if (rest !== null) {
    const several = Math.min(jobs, LEAST_REST)
    ways.push(
      {
        name: 'slurmrestd, one by one',
        unit: 'jobs/s',
        measure: () => emptied(cluster, () => rest.submit(several, 1)),
      },
      { name: 'slurmrestd, 8 at once', unit: 'jobs/s', measure: () => emptied(cluster, () => rest.submit(several, 8)) },
    )
  }
  print(comparison(await interleaved(ways, rounds, scene.diagnostic)))
  print(`\nThe server's own processor time: ${shown(costs.reduce((sum, ms) => sum + ms, 0) / costs.length)} ms a job`)
}

/** The queue is as empty before each way as before any other. */
async function emptied(cluster: LocalCluster, way: () => Promise<number>): Promise<number> {
  const rate = await way()
  for (let left = '?'; left !== ''; left = await slurm(cluster, ['squeue', '-h', '-o', '%A'])) {
    await slurm(cluster, ['scancel', '--state=PENDING', `--user=${userInfo().username}`]).catch(() => '')
    await slurm(cluster, ['scancel', '--state=PENDING', '--user=nobody']).catch(() => '')
    await sleep(200)
  }
  return rate
}

/** The server has put away what was cancelled: it costs the next way nothing. */
async function atRest(story: Story): Promise<void> {
  const store = await openStore(story.redis)
  try {
    for (const state of ['pending', 'running', 'finishing'] as const)
      while ((await store.jobs.idsInState('local', state)).length > 0) await sleep(200)
  } finally {
    store.close()
  }
}

const body = request({ epochs: 1, resources: { hold: true } })

/** From the first POST to the moment at which the store knows every job's Slurm id. */
async function overRest(story: Story, count: number): Promise<number> {
  const store = await openStore(story.redis)
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  try {
    const ids: string[] = []
    const beganMs = performance.now()
    let sent = 0
    const client = async (): Promise<void> => {
      while (sent < count) {
        sent += 1
        ids.push(await post(story, agent))
      }
    }
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, client))
    const acceptedMs = performance.now() - beganMs
    for (const wanted = new Set(ids); wanted.size > 0; ) {
      for (const id of await store.jobs.idsInState('local', 'pending')) wanted.delete(id)
      if (wanted.size > 0) await sleep(25)
      if (performance.now() - beganMs > 600_000)
        throw new Error(`${wanted.size} jobs have no receipt: ${story.log().slice(-2_000)}`)
    }
    const totalMs = performance.now() - beganMs
    process.stderr.write(
      `        accepted after ${shown(acceptedMs / 1000)} s, all receipts after ${shown(totalMs / 1000)} s\n`,
    )
    return (count * 1_000) / totalMs
  } finally {
    agent.destroy()
    store.close()
  }
}

const text = JSON.stringify(body)

function post(story: Story, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sending = httpRequest(
      `${story.api.url}/v1/jobs`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${story.token}`, 'content-type': 'application/json' },
      },
      answer => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const told = Buffer.concat(parts).toString()
          if (answer.statusCode !== 202) reject(new Error(`${answer.statusCode}: ${told}`))
          else resolve((JSON.parse(told) as { id: string }).id)
        })
      },
    )
    sending.on('error', reject)
    sending.end(text)
  })
}

/** Scripts as the server renders them. */
async function writeScripts(scripts: string, name: string, count: number): Promise<string> {
  const folder = join(scripts, name)
  await mkdir(folder, { recursive: true })
  for (let i = 0; i < count; i++) {
    const directory = join(folder, String(i))
    await mkdir(directory)
    const script = renderScript({
      request: JobRequest.parse(body),
      slurmName: `${name}-${i}`,
      submission: 1,
      jobDirectory: directory,
      releaseDirectory: '/nowhere',
      node: process.execPath,
      prologue: [],
      timeLimitMinutes: 10,
      warnSeconds: 120,
    })
    await writeFile(join(directory, 'script.sh'), script)
  }
  return folder
}

const LOOP = 'cd "$1"; for d in *; do sbatch --parsable "$d/script.sh"; done'

async function inALoop(cluster: LocalCluster, scripts: string, round: number, count: number): Promise<number> {
  const folder = await writeScripts(scripts, `loop-${round}`, count)
  const { user, ...ssh } = cluster.ssh
  const transport = createSsh2Transport({ ...ssh, username: user })
  try {
    await transport.exec(['true'])
    const beganMs = performance.now()
    const { stdout } = await transport.exec(['bash', '--norc', '-c', LOOP, 'loop', folder], { timeLimitMs: 600_000 })
    const rate = (count * 1_000) / (performance.now() - beganMs)
    const taken = stdout.trim().split('\n').length
    if (taken !== count) throw new Error(`sbatch took ${taken} of ${count}`)
    return rate
  } finally {
    await transport.close()
  }
}

/** What the server's step costs where nothing else runs: no server, no Redis, no files to bring. */
async function stepAlone(cluster: LocalCluster, scripts: string, round: number, count: number): Promise<number> {
  const name = `step-${round}`
  const folder = await writeScripts(scripts, name, count)
  const { user, ...ssh } = cluster.ssh
  const transport = createSsh2Transport({ ...ssh, username: user })
  const scheduler = createSlurmScheduler({ transport, user })
  try {
    const orders = await Promise.all(
      Array.from({ length: count }, async (_, i): Promise<SubmitOrder> => {
        const directory = join(folder, String(i))
        const script = await readFile(join(directory, 'script.sh'))
        const files = [{ path: 'script.sh', sha256: createHash('sha256').update(script).digest('hex') }]
        return { directory, submission: 1, name: `${name}-${i}`, scriptFile: 'script.sh', files, mode: 'submit' }
      }),
    )
    await transport.exec(['true'])
    const beganMs = performance.now()
    for (let at = 0; at < count; at += STEP) {
      const answers = await scheduler.submitMany(orders.slice(at, at + STEP))
      const failed = answers.find(answer => !('kind' in answer) || answer.kind !== 'submitted')
      if (failed !== undefined) throw new Error(`not submitted: ${JSON.stringify(failed)}`)
    }
    return (count * 1_000) / (performance.now() - beganMs)
  } finally {
    await transport.close()
  }
}

const execute = promisify(execFile)

async function freshConnections(cluster: LocalCluster, scripts: string, round: number): Promise<number> {
  const folder = await writeScripts(scripts, `fresh-${round}`, FRESH_CONNECTIONS)
  const { user, host, port, privateKeyFile, knownHostsFile } = cluster.ssh
  const options = [
    '-F',
    'none',
    '-i',
    privateKeyFile,
    '-p',
    String(port),
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${knownHostsFile}`,
  ]
  const beganMs = performance.now()
  for (let i = 0; i < FRESH_CONNECTIONS; i++)
    await execute('ssh', [...options, `${user}@${host}`, `sbatch --parsable ${folder}/${i}/script.sh`])
  return (FRESH_CONNECTIONS * 1_000) / (performance.now() - beganMs)
}
