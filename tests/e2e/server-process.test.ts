// The server as it is started in earnest, by its own entry point: a clean stop under open streams, and what its log tells.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { sharedCluster, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

const ROOT = resolve(import.meta.dirname, '../..')

interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

/** main.ts on the story's own configuration, which a start of the story has written. */
function startMain(story: Story, configuration: string): { process: ChildProcess; ended: Promise<Ending> } {
  const out = openSync(join(story.folder, 'server.log'), 'a')
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--conditions=@trotline/source',
      join(ROOT, 'apps/orchestrator/src/main.ts'),
      '--config',
      configuration,
    ],
    { cwd: ROOT, stdio: ['ignore', out, out] },
  )
  closeSync(out)
  const ended = new Promise<Ending>(done => child.once('exit', (code, signal) => done({ code, signal })))
  return { process: child, ended }
}

test('SIGTERM under an open event stream ends the server with exit code 0, and nothing of the job is lost', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  // The story writes its configuration when it starts a server; the one under test is started by its own entry point.
  await (await story.start()).stop()
  const { port } = new URL(story.api.url)
  const configuration = join(story.folder, `trotline-${port}.yaml`)
  const first = startMain(story, configuration)
  t.after(() => void first.process.kill('SIGKILL'))
  await eventually('it answers', async () => (await fetch(`${story.api.url}/healthz`)).ok)
  const accepted = await story.api.submit(slowRequest(300))
  const { id } = accepted
  // Held, so that it is not over before the stream is cut.
  const worker = await holdWorker(t, story, accepted)
  await worker.trainUntil('it trains', async () => (await story.api.job(id)).progress.epochs > 10)
  const seen: { id: string }[] = []
  const reading = (async () => {
    for await (const event of story.api.events(id)) seen.push(event)
  })().catch(() => undefined)
  await eventually('the stream is open', () => seen.length > 0)

  first.process.kill('SIGTERM')

  assert.deepEqual(await first.ended, { code: 0, signal: null })
  await reading
  worker.release()
  const second = startMain(story, configuration)
  t.after(() => void second.process.kill('SIGKILL'))
  await eventually('it answers again', async () => (await fetch(`${story.api.url}/healthz`)).ok)
  const job = await story.api.ended(id, 'completed')
  assert.equal(job.progress.epochs, 300)
  assert.deepEqual(
    (await story.api.epochs(id)).map(({ epoch }) => epoch),
    Array.from({ length: 300 }, (_, i) => i),
  )
  assert.equal((await slurmJobsOf(cluster, id)).length, 1)
  // The stream goes on where it was cut.
  const rest: string[] = []
  for await (const event of story.api.events(id, { lastEventId: seen.at(-1)?.id ?? '' })) rest.push(event.id)
  assert.equal(Number(rest[0]), Number(seen.at(-1)?.id) + 1)
  second.process.kill('SIGTERM')
  assert.deepEqual(await second.ended, { code: 0, signal: null })
})

test('the log line of a POST tells request and job, as the answer does', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()

  const answer = await eventually('the POST is accepted', async () => {
    const found = await story.api.call<Job>('POST', '/v1/jobs', { body: slowRequest(200, { hold: true }) })
    return found.status === 202 && found
  })

  const { id } = answer.body
  // Whoever has the answer may be faster than the file.
  const told = await eventually('the log tells it', () => {
    const lines = readFileSync(join(story.folder, 'server.log'), 'utf8').split('\n').slice(0, -1)
    const parsed = lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line))
    const those = parsed.filter(line => line.msg === 'job accepted' && line.jobId === id)
    return those.length > 0 && those
  })
  assert.deepEqual(
    told.map(line => line.requestId),
    [answer.headers.get('trotline-request-id')],
  )
  await story.api.call('DELETE', `/v1/jobs/${id}`)
  await story.api.ended(id, 'cancelled')
})
