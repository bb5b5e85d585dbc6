// The command line against the real thing: what a person types, what a script reads, and the exit code that tells the ending.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'
import { trotline } from '../support/trotline-program.ts'

async function begin(t: TestContext, body: unknown): Promise<{ story: Story; file: string }> {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const file = join(story.folder, 'request.json')
  await writeFile(file, JSON.stringify(body))
  return { story, file }
}

test('submit --follow ends with 0 for a completed job, and show, list, logs and epochs tell of it', async t => {
  const { story, file } = await begin(t, request())

  const ran = await trotline(story, 'submit', file, '--follow')

  assert.equal(ran.code, 0, ran.stderr)
  const id = (await story.api.list()).items[0]?.id ?? ''
  assert.match(ran.stderr, /epoch 60\/60/)
  const shown = JSON.parse((await trotline(story, 'show', id, '--json')).stdout)
  assert.equal(shown.state, 'completed')
  assert.match((await trotline(story, 'list')).stdout, new RegExp(`${id}.*completed`))
  assert.match((await trotline(story, 'logs', id.slice(0, 6))).stdout, /1-0/)
  assert.equal((await trotline(story, 'epochs', id, '--csv')).stdout.trim().split('\n').length, 61)
})

test('a cancelled job ends a follower with 11, a failed one with 10', async t => {
  const { story, file } = await begin(t, slowRequest(100_000))

  const following = trotline(story, 'submit', file, '--follow')
  const id = await eventually('it trains', async () => {
    const job = (await story.api.list()).items[0]
    return job && job.epochs > 3 ? job.id : null
  })
  assert.equal((await trotline(story, 'cancel', id)).code, 0)
  assert.equal((await following).code, 11)

  await writeFile(file, JSON.stringify(request({ resources: { partition: 'gpuk80', gpus: 1 } })))
  const failed = await trotline(story, 'submit', file, '--follow')
  assert.equal(failed.code, 10)
  assert.match(failed.stderr + failed.stdout, /incompatible-node/)
})
