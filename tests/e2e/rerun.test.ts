// A job once more: here, from its bundle on another installation, by the release that ran it though the server has a newer one, and what
// it says where that, or the data, is no longer to be had.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Job, Problem } from '@trotline/contracts'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { trotline } from '../support/trotline-program.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RELEASES = join(ROOT, 'apps/worker/release')

async function installation(t: TestContext, settings: Record<string, unknown> = {}): Promise<Story> {
  const story = await createStory(t, { cluster: await sharedCluster(), settings })
  await story.start()
  return story
}

async function trained(story: Story, body: unknown = request()): Promise<Job> {
  const { id } = await story.api.submit(body)
  return story.api.ended(id, 'completed')
}

test('a rerun trains to the same weights, and says of which job it is the repetition', async t => {
  const story = await installation(t)
  const before = await trained(story, request({ seed: 7 }))

  const ran = await trotline(story, 'rerun', before.id, '--follow')

  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, new RegExp(`The weights are the same as those of ${before.id}`))
  const job = await story.api.job(ran.stdout.trim())
  assert.equal(job.result?.weightsSha256, before.result?.weightsSha256)
  assert.notEqual(job.result?.weightsSha256, null)
  assert.deepEqual(job.rerunOf, {
    job: before.id,
    elsewhere: false,
    differences: [],
    release: before.worker?.release ?? null,
    data: [],
  })
})

test('the bundle of a job is run on another installation, to the same weights', async t => {
  const [here, there] = [await installation(t), await installation(t)]
  const before = await trained(here, request({ seed: 11 }))
  const file = join(here.folder, 'job.tgz')
  const written = await trotline(here, 'bundle', before.id, '--output', file)
  assert.equal(written.code, 0, written.stderr)

  const ran = await trotline(there, 'rerun', file, '--cluster', 'local', '--partition', 'shared', '--follow')

  assert.equal(ran.code, 0, ran.stderr)
  const job = await there.api.job(ran.stdout.trim())
  assert.equal(job.result?.weightsSha256, before.result?.weightsSha256)
  assert.equal(job.rerunOf?.elsewhere, true)
  assert.deepEqual(job.rerunOf?.differences, [
    'It runs on local / shared, and ran on local / shared of another installation.',
  ])
  const again = await fetch(`${here.api.url}/v1/jobs/${before.id}/bundle`, {
    headers: { authorization: `Bearer ${here.token}` },
  })
  assert.equal(again.headers.get('content-type'), 'application/gzip')
  assert.deepEqual(Buffer.from(await again.arrayBuffer()), readFileSync(file), 'the same bytes each time')
})

/** A release that differs by a line of its licences, as the next build of a server would. */
function nextRelease(folder: string, from: string): string {
  const beside = join(folder, 'next')
  cpSync(join(folder, from), beside, { recursive: true })
  spawnSync('chmod', ['-R', 'u+w', beside])
  const licences = `${readFileSync(join(beside, 'LICENCES.txt'), 'utf8')}\n`
  writeFileSync(join(beside, 'LICENCES.txt'), licences)
  const manifest = JSON.parse(readFileSync(join(beside, 'manifest.json'), 'utf8'))
  for (const entry of manifest.files)
    if (entry.path === 'LICENCES.txt') {
      entry.sha256 = sha256(licences)
      entry.bytes = Buffer.byteLength(licences)
    }
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  writeFileSync(join(beside, 'manifest.json'), text)
  renameSync(beside, join(folder, sha256(text)))
  return sha256(text)
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

test('the release that ran it runs it again though the server has a newer one; gone everywhere it is told, and can be done without', async t => {
  const releases = mkdtempSync(join(tmpdir(), 'trotline-releases-'))
  t.after(() => {
    spawnSync('chmod', ['-R', 'u+w', releases])
    rmSync(releases, { recursive: true, force: true })
  })
  const current = JSON.parse(readFileSync(join(RELEASES, 'current.json'), 'utf8'))
  for (const id of Object.values<string>(current)) cpSync(join(RELEASES, id), join(releases, id), { recursive: true })
  const settle = (plain: string) => writeFileSync(join(releases, 'current.json'), JSON.stringify({ ...current, plain }))
  settle(current.plain)
  const story = await createStory(t, {
    cluster: await sharedCluster(),
    settings: { worker: { releaseDirectory: releases } },
  })
  const server = await story.start()
  const before = await trained(story)
  assert.equal(before.worker?.release, current.plain)

  // The next build cleared the one before away: it lies on the cluster alone.
  const next = nextRelease(releases, current.plain)
  settle(next)
  spawnSync('chmod', ['-R', 'u+w', join(releases, current.plain)])
  rmSync(join(releases, current.plain), { recursive: true })
  await server.stop()
  await story.start()
  assert.equal((await trained(story)).worker?.release, next, 'the server has moved on')

  const again = await trotline(story, 'rerun', before.id, '--follow')
  assert.equal(again.code, 0, again.stderr)
  const job = await story.api.job(again.stdout.trim())
  assert.equal(job.worker?.release, current.plain)
  assert.equal(job.result?.weightsSha256, before.result?.weightsSha256)

  const onCluster = join(story.workDir, 'releases', current.plain)
  spawnSync('chmod', ['-R', 'u+w', onCluster])
  rmSync(onCluster, { recursive: true })
  const gone = await story.api.answered<Problem>('POST', `/v1/jobs/${before.id}/rerun`, { body: {} })
  assert.equal(gone.status, 409)
  assert.equal(gone.body.code, 'not-reproducible')
  assert.deepEqual(
    gone.body.findings?.map(({ pointer, required, found }) => [pointer, required, found]),
    [['/versions/release', current.plain, next]],
  )
  const refused = await trotline(story, 'rerun', before.id)
  assert.equal(refused.code, 7)
  assert.ok(refused.stderr.includes(`trotline rerun ${before.id} --accept release`), refused.stderr)

  const without = await trotline(story, 'rerun', before.id, '--accept', 'release', '--follow')
  assert.equal(without.code, 0, without.stderr)
  const other = await story.api.job(without.stdout.trim())
  assert.equal(other.worker?.release, next)
  assert.match(
    other.rerunOf?.differences.join() ?? '',
    /worker release .* lies neither on this server nor on the cluster/,
  )
})

test('data that is another by now is found on the node and named; accepted, it trains', async t => {
  const story = await installation(t)
  const path = join(story.folder, 'rows.csv')
  const rows = (slope: number): string =>
    Array.from({ length: 120 }, (_, i) => `${i % 11},${i % 13},${slope * (i % 11) - (i % 13)}\n`).join('')
  writeFileSync(path, `a,b,y\n${rows(2)}`, { mode: 0o644 })
  const before = await trained(story, {
    ...request(),
    name: 'rows',
    training: {
      kind: 'model',
      data: { format: 'csv', path, target: 'y' },
      model: { layers: [{ kind: 'dense', units: 1 }] },
      optimizer: { kind: 'sgd', learningRate: 0.001 },
      loss: 'mse',
      epochs: 5,
      seed: 3,
    },
  })
  assert.deepEqual(
    before.data.map(one => [one.path, one.sha256]),
    [[path, sha256(`a,b,y\n${rows(2)}`)]],
  )
  const same = await trotline(story, 'rerun', before.id, '--follow')
  assert.equal(same.code, 0, same.stderr)

  writeFileSync(path, `a,b,y\n${rows(3)}`)
  const changed = await trotline(story, 'rerun', before.id, '--follow')
  assert.equal(changed.code, 10, changed.stderr)
  const failed = await story.api.job(changed.stdout.trim())
  assert.match(failed.failure?.detail ?? '', /rows\.csv/)
  assert.equal(failed.progress.epochs, 0, 'nothing was trained on it')

  const accepted = await trotline(story, 'rerun', before.id, '--accept', 'data', '--follow')
  assert.equal(accepted.code, 0, accepted.stderr)
  assert.match(accepted.stderr, /The weights are others than those of/)
})

test('a repeated POST with its key is one job, whatever has changed since', async t => {
  const story = await installation(t)
  const before = await trained(story)
  const post = () =>
    story.api.answered<Job>('POST', `/v1/jobs/${before.id}/rerun`, { body: {}, headers: { 'idempotency-key': 'once' } })
  const [first, second] = [await post(), await post()]
  assert.equal(first.status, 202)
  assert.equal(second.body.id, first.body.id)
  assert.equal(second.headers.get('idempotency-replayed'), 'true')
  await eventually('it has ended', async () => (await story.api.job(first.body.id)).state === 'completed')
})
