// Epochs from many workers to as many readers: through the real queue, a real server process and a Redis that syncs every write.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EPOCH_REPORTS_QUEUE, type Epoch } from '@trotline/contracts'
import { KEY_PREFIX } from '../../deploy/local/redis.ts'
import { record } from '../support/job-records.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { nowhere } from './cluster.ts'
import { type Orders, type Sent, WRITTEN } from './epoch-workers.ts'
import { cpuSeconds } from './process-figures.ts'
import { median, percentile, shown } from './rounds.ts'
import { openStore } from './store.ts'
import { table } from './table.ts'

const EPOCHS_PER_SECOND = 50
/** How long after the last report readers wait for what is still under way. */
const LAST_WORDS_MS = 10_000
const COME_BACK_MS = 250
/** A server that has just started compiles while it works. */
const WARM_UP_SECONDS = 5

export const epochs: Bench = {
  about: `Workers report ${EPOCHS_PER_SECOND} epochs a second each, as the worker does: signed, through BullMQ, at most four messages a second. Each
job has one reader of /v1/jobs/{id}/epochs (server-sent events). Redis runs with appendfsync always. Measured: how long
after a line was written (and handed to the reporter) the reader has it, whether every epoch came once, and what the
server and Redis cost. --jobs is the number of workers.`,
  usual: { rounds: 5, jobs: 100, seconds: 60 },
  small: { rounds: 1, jobs: 10, seconds: 10 },
  run,
}

interface Round {
  perSecond: number
  messagesPerSecond: number
  agesMs: number[]
  missing: number
  doubled: number
  /** Processor time, which says the same on a busy machine. */
  serverMsPerThousand: number
  redisMsPerThousand: number
}

async function run({ rounds, jobs, seconds, scene, print }: BenchOptions): Promise<void> {
  const story = await createStory(scene, {
    cluster: nowhere,
    settings: { log: { level: 'info' }, limits: { sseClients: jobs + 1 } },
  })
  const server = await story.start()
  scene.diagnostic('the server warms up')
  await measure(story, server.process.pid ?? 0, jobs, WARM_UP_SECONDS)
  const measured: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    const one = await measure(story, server.process.pid ?? 0, jobs, seconds)
    measured.push(one)
    scene.diagnostic(
      `round ${round} of ${rounds}: ${Math.round(one.perSecond)} epochs/s in ${Math.round(one.messagesPerSecond)} messages/s, half of them within ${Math.round(median(one.agesMs))} ms, 99 % within ${Math.round(percentile(one.agesMs, 0.99))} ms, all within ${Math.round(percentile(one.agesMs, 1))} ms; ${one.missing} missing, ${one.doubled} doubled; processor time for 1,000 epochs: server ${shown(one.serverMsPerThousand)} ms, Redis ${shown(one.redisMsPerThousand)} ms`,
    )
  }
  await server.stop()
  const refused = story.log().split('"reports: a message could not be stored').length - 1
  if (refused > 0) scene.diagnostic(`${refused} times the server could not store a message at once and tried it again`)
  const row = (name: string, figure: (round: Round) => number): string[] => {
    const figures = measured.map(figure)
    return [name, shown(median(figures)), `${shown(Math.min(...figures))} - ${shown(Math.max(...figures))}`]
  }
  print(
    table(
      [`${jobs} workers, ${jobs} readers, ${seconds} s`, 'median', 'least - most'],
      [
        row('epochs/s delivered', one => one.perSecond),
        row('messages/s', one => one.messagesPerSecond),
        row('line written to reader, ms: half', one => median(one.agesMs)),
        row('99 of 100', one => percentile(one.agesMs, 0.99)),
        row('all', one => percentile(one.agesMs, 1)),
        row('epochs missing', one => one.missing),
        row('epochs doubled', one => one.doubled),
        row('server, processor ms per 1,000 epochs', one => one.serverMsPerThousand),
        row('Redis, processor ms per 1,000 epochs', one => one.redisMsPerThousand),
      ],
    ),
  )
}

async function measure(story: Story, pid: number, jobs: number, seconds: number): Promise<Round> {
  const workers = await runningJobs(story, jobs)
  const agesMs: number[] = []
  const seen = new Map(workers.map(({ jobId }) => [jobId, new Set<number>()]))
  let doubled = 0
  const readers = await Promise.all(
    workers.map(({ jobId }) =>
      follow(story, jobId, epoch => {
        const mine = seen.get(jobId)
        if (mine?.has(epoch.epoch)) doubled += 1
        mine?.add(epoch.epoch)
        agesMs.push(Date.now() - (epoch.values[WRITTEN] ?? Number.NaN))
      }),
    ),
  )
  const redisPid = redisProcess(story)
  const [serverCpu, redisCpu] = [cpuSeconds(pid), cpuSeconds(redisPid)]
  const sent = await report({
    access: {
      url: `redis://${story.redis.host}:${story.redis.port}`,
      user: story.redis.report.user,
      password: readFileSync(story.redis.report.passwordFile, 'utf8').trim(),
      prefix: KEY_PREFIX,
      name: EPOCH_REPORTS_QUEUE,
    },
    workers,
    epochsPerSecond: EPOCHS_PER_SECOND,
    seconds,
  })
  const arrived = (): number => [...seen.values()].reduce((total, one) => total + one.size, 0)
  for (const end = Date.now() + LAST_WORDS_MS; arrived() < sent.epochs && Date.now() < end; ) await sleep(50)
  const perThousand = (seconds: number): number => (1e6 * seconds) / arrived()
  const serverMsPerThousand = perThousand(cpuSeconds(pid) - serverCpu)
  const redisMsPerThousand = perThousand(cpuSeconds(redisPid) - redisCpu)
  for (const reader of readers) reader.leave()
  return {
    perSecond: arrived() / seconds,
    messagesPerSecond: sent.messages / seconds,
    agesMs,
    missing: sent.epochs - arrived(),
    doubled,
    serverMsPerThousand,
    redisMsPerThousand,
  }
}

async function runningJobs(story: Story, count: number): Promise<Orders['workers']> {
  const { jobs, close } = await openStore(story.redis)
  try {
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const key = randomBytes(32).toString('base64url')
        const job = record(
          { state: 'running', owner: { id: 'tester', name: 'Tester' }, worker: { release: 'r', runtime: null } },
          { dueAt: null },
        )
        await jobs.create(job, [], { secret: key, idempotency: null })
        return { jobId: job.id, key }
      }),
    )
  } finally {
    close()
  }
}

/** Reads the stream of a job's epochs as a page would: cut off, it comes back where it was. Resolves once it is open. */
async function follow(story: Story, jobId: string, onEpoch: (epoch: Epoch) => void): Promise<{ leave(): void }> {
  let lastEventId: string | null = null
  let left = false
  let open = await connect()

  async function connect(): Promise<IncomingMessage> {
    const request = get(`${story.api.url}/v1/jobs/${jobId}/epochs`, {
      headers: {
        authorization: `Bearer ${story.token}`,
        accept: 'text/event-stream',
        ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
      },
      agent: false,
    })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    if (answer.statusCode !== 200) throw new Error(`the stream of ${jobId} answered ${answer.statusCode}`)
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const end = text.lastIndexOf('\n\n')
      if (end < 0) return
      for (const line of text.slice(0, end).split('\n')) {
        if (line.startsWith('id: ')) lastEventId = line.slice(4)
        if (!line.startsWith('data: ')) continue
        for (const epoch of (JSON.parse(line.slice(6)) as { items: Epoch[] }).items) onEpoch(epoch)
      }
      text = text.slice(end + 2)
    })
    // What went wrong shows as the close that follows.
    answer.on('error', () => {})
    answer.once('close', () => void comeBack())
    return answer
  }

  async function comeBack(): Promise<void> {
    while (!left) {
      await sleep(COME_BACK_MS)
      const again = await connect().catch(() => null)
      if (again === null) continue
      open = again
      if (left) open.destroy()
      return
    }
  }

  return {
    leave() {
      left = true
      open.destroy()
    },
  }
}

/** The workers run in a process of their own, so that making reports does not slow the reading of them. */
async function report(orders: Orders): Promise<Sent> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@trotline/source', join(import.meta.dirname, 'epoch-workers.ts')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part
  })
  child.stdin.end(JSON.stringify(orders))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the workers ended with ${String(code)}`)
  return JSON.parse(text) as Sent
}

const redisProcess = (story: Story): number =>
  (JSON.parse(readFileSync(join(story.redisHome, 'redis.process.json'), 'utf8')) as { pid: number }).pid
