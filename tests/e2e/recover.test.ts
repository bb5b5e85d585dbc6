// The store is emptied, or put back to an older state, while jobs are in every state. `the server's `recover`` makes the
// records anew from the job directories: nothing is submitted twice, what runs goes on, and a POST sent again gets its old job.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { Redis } from 'ioredis'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { sharedCluster, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory, type Server, type Story } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'
import { slurm } from '../support/slurm-itself.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'apps/orchestrator/src/main.ts')

interface Ended {
  code: number
  out: string
}

/** The subcommand as an operator runs it. */
function recover(story: Story, ...flags: string[]): Promise<Ended> {
  const file =
    readdirSync(story.folder).find(name => /^trotline-\d+\.yaml$/.test(name)) ?? assert.fail('no configuration')
  const argv = [
    '--import',
    'tsx',
    '--conditions=@trotline/source',
    MAIN,
    'recover',
    '--config',
    join(story.folder, file),
    ...flags,
  ]
  return new Promise(done => {
    execFile(process.execPath, argv, { cwd: ROOT, timeout: 120_000 }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out: `${stdout}\n${stderr}` })
    })
  })
}

/** The store's own memory, for taking it away. */
async function openStore(story: Story): Promise<Redis> {
  const { host, port, store } = story.redis
  const password = readFileSync(store.passwordFile, 'utf8').trim()
  const redis = new Redis({ host, port, username: store.user, password, maxRetriesPerRequest: 1 })
  // The story's Redis ends before the last of its hooks.
  redis.on('error', () => undefined)
  await redis.ping()
  return redis
}

type Dump = { key: string; value: Buffer; ttlMs: number }[]
async function dump(redis: Redis): Promise<Dump> {
  const all: Dump = []
  for (const key of await redis.keys('*')) {
    const [value, ttl] = [await redis.dumpBuffer(key), await redis.pttl(key)]
    // -1: it has no end, which RESTORE calls 0. -2: it came to its end between the two questions; a lease would be kept for ever.
    if (value !== null && ttl !== -2) all.push({ key, value, ttlMs: ttl === -1 ? 0 : Math.max(1, ttl) })
  }
  return all
}
async function putBack(redis: Redis, dumped: Dump): Promise<void> {
  await redis.flushall()
  // A worker that trains on reports meanwhile.
  for (const { key, value, ttlMs } of dumped) await redis.restore(key, ttlMs, value, 'REPLACE')
}

const until = (story: Story, id: string, state: Job['state']) =>
  eventually(`job ${id} is ${state}`, async () => (await story.api.job(id)).state === state)

/** One Slurm job, one process past the fence, every epoch once. */
async function ranOnce(job: Job, epochs: number, story: Story, cluster: LocalCluster): Promise<void> {
  const slurmJobs = await slurmJobsOf(cluster, job.id)
  assert.equal(slurmJobs.length, 1, slurmJobs.join('; '))
  const runs = join(story.workDir, 'jobs', job.identity.unixUser, job.id, 'runs')
  assert.deepEqual(
    readdirSync(runs, { recursive: true }).filter(file => String(file).endsWith('fence')),
    ['1-0/fence'],
  )
  const numbers = (await story.api.epochs(job.id)).map(epoch => epoch.epoch)
  assert.deepEqual(
    numbers,
    Array.from({ length: epochs }, (_, i) => i),
  )
}

const ROW = /^ {2}default +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$/m
const counted = ({ out }: Ended): number[] => (ROW.exec(out) ?? assert.fail(out)).slice(1).map(Number)

describe('recover', { concurrency: 2 }, () => {
  test('an emptied store: each job is there again in its state, nothing is doubled, all that was running finishes', async t => {
    const cluster = await sharedCluster()
    const story = await createStory(t, { cluster })
    let server: Server = await story.start()
    const send = {
      done: request({ epochs: 30 }),
      running: slowRequest(300),
      held: request({ resources: { hold: true } }),
    }
    const done = await story.api.submit(send.done, 'key-done')
    const held = await story.api.submit(send.held, 'key-held')
    await story.api.ended(done.id, 'completed')
    await until(story, held.id, 'pending')
    const running = await story.api.submit(send.running, 'key-running')
    const worker = await holdWorker(t, story, running)
    await worker.trainUntil('it trains', async () => (await story.api.job(running.id)).progress.epochs >= 5)
    await server.kill()
    // One more that is on the cluster and was never tried.
    server = await story.start({ crashAt: 'submit:before-intent' })
    const prepared = await story.api.submit(request({ epochs: 30 }), 'key-prepared')
    await server.crashed()
    const redis = await openStore(story)
    t.after(() => redis.disconnect())
    await redis.flushall()

    const dry = await recover(story, '--dry-run')
    assert.deepEqual([dry.code, ...counted(dry)], [0, 4, 4, 0, 0, 0, 0], dry.out)
    assert.match(dry.out, /dry run: nothing was written/)
    assert.deepEqual(await redis.keys('trotline:job*'), [])

    const first = await recover(story)
    assert.deepEqual([first.code, ...counted(first)], [0, 4, 4, 0, 0, 0, 0], first.out)
    assert.match(first.out, /accepted \(202\) and not yet prepared .* has left no trace/)
    const second = await recover(story)
    assert.deepEqual([second.code, ...counted(second)], [0, 4, 0, 0, 0, 4, 0], second.out)

    await story.start()
    for (const [body, key, id] of [
      [send.done, 'key-done', done.id],
      [send.running, 'key-running', running.id],
      [send.held, 'key-held', held.id],
      [request({ epochs: 30 }), 'key-prepared', prepared.id],
    ] as const) {
      assert.equal((await story.api.submit(body, key)).id, id, `${key} gets its old job`)
    }
    assert.equal((await story.api.list()).items.length, 4)
    await until(story, running.id, 'running')
    worker.release()
    await ranOnce(await story.api.ended(done.id, 'completed'), 30, story, cluster)
    await ranOnce(await story.api.ended(prepared.id, 'completed'), 30, story, cluster)
    await ranOnce(await story.api.ended(running.id, 'completed'), 300, story, cluster)
    const waiting = await story.api.job(held.id)
    assert.deepEqual([waiting.state, waiting.slurm?.state], ['pending', 'PENDING'])
    // sacct does not list what is held.
    const listed = await slurm(cluster, [
      'squeue',
      '-h',
      '-t',
      'all',
      '-n',
      `tl-${held.id}-1,tl-${held.id}-2`,
      '-o',
      '%i',
    ])
    assert.equal(listed.split('\n').length, 1, listed)
    assert.equal(listed, waiting.slurm?.jobId)
    await story.api.answered('DELETE', `/v1/jobs/${held.id}`)
    await story.api.ended(held.id, 'cancelled')
  })

  test('an older store: it is moved forward, what it does not know is restored, and nothing is doubled', async t => {
    const cluster = await sharedCluster()
    const story = await createStory(t, { cluster })
    let server: Server = await story.start()
    const early = await story.api.submit(request({ epochs: 30 }), 'key-early')
    await story.api.ended(early.id, 'completed')
    await server.kill()
    server = await story.start({ crashAt: 'submit:before-intent' })
    const prepared = await story.api.submit(slowRequest(300), 'key-prepared')
    await server.crashed()
    const redis = await openStore(story)
    t.after(() => redis.disconnect())
    const yesterday = await dump(redis)

    server = await story.start()
    const later = await story.api.submit(request({ epochs: 30 }), 'key-later')
    const worker = await holdWorker(t, story, prepared)
    await until(story, prepared.id, 'running')
    await story.api.ended(later.id, 'completed')
    await server.kill()
    await putBack(redis, yesterday)

    const first = await recover(story)
    assert.deepEqual([first.code, ...counted(first)], [0, 3, 1, 1, 0, 1, 0], first.out)
    const second = await recover(story)
    assert.deepEqual([second.code, ...counted(second)], [0, 3, 0, 0, 0, 3, 0], second.out)

    await story.start()
    assert.equal((await story.api.submit(request({ epochs: 30 }), 'key-later')).id, later.id)
    assert.equal((await story.api.submit(slowRequest(300), 'key-prepared')).id, prepared.id)
    worker.release()
    await ranOnce(await story.api.ended(prepared.id, 'completed'), 300, story, cluster)
    await ranOnce(await story.api.ended(later.id, 'completed'), 30, story, cluster)
    await ranOnce(await story.api.job(early.id), 30, story, cluster)
  })

  test('while a server owns the cluster it changes nothing and says to stop it', async t => {
    const cluster = await sharedCluster()
    const story = await createStory(t, { cluster })
    const server = await story.start()
    const { id } = await story.api.submit(request({ resources: { hold: true } }))
    await until(story, id, 'pending')
    const { code, out } = await recover(story)
    assert.equal(code, 2, out)
    assert.match(out, /A running server owns cluster local: stop the servers first/)
    assert.equal((await recover(story, '--dry-run')).code, 0)
    await story.api.answered('DELETE', `/v1/jobs/${id}`)
    await story.api.ended(id, 'cancelled')
    await server.stop()
    const wrong = await recover(story, '--dryrun')
    assert.equal(wrong.code, 2)
    assert.match(wrong.out, /"--dryrun" is not known/)
  })
})
