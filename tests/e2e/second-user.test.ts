// Two Unix users share one workDir: each one's jobs are their own to read, the worker release is read by both.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createApi } from '../support/api.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { createUnixUser } from '../support/unix-user.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

test('a second Unix user runs jobs on the same workDir', {
  skip: isRoot ? false : 'making a Unix user needs root',
}, async t => {
  const cluster = await sharedCluster()
  const user = await createUnixUser()
  const { privateKeyFile } = cluster.ssh
  const story = await createStory(t, {
    cluster,
    clusterSettings: {
      identities: [
        { name: 'default', unixUser: cluster.ssh.user, privateKeyFile },
        { name: 'second', unixUser: user, privateKeyFile },
      ],
    },
    tokens: [{ owner: 'second', name: 'Second', identity: 'second', token: 'second-token' }],
  })
  await story.start()
  const second = createApi(story.api.url, 'second-token')

  const first = await story.api.submit(request())
  const other = await second.submit(request())
  await story.api.ended(first.id, 'completed')
  const job = await second.ended(other.id, 'completed')

  assert.deepEqual(job.identity, { name: 'second', unixUser: user })
  // sacct is behind squeue, by seconds on a loaded machine.
  const owner = await eventually('sacct knows it', () =>
    slurm(cluster, ['sacct', '-X', '-n', '-P', `--name=tl-${other.id}-1`, '--format=User']),
  )
  assert.equal(owner, user)
  const own = join(story.workDir, 'jobs', user)
  const uid = Number((await run('id', ['-u', user])).stdout)
  const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8)
  assert.equal((await stat(own)).uid, uid)
  assert.equal(await mode(own), '700')
  assert.equal(await mode(join(own, other.id)), '700')
  assert.equal(await mode(join(own, other.id, 'report.json')), '600')
  assert.equal(await mode(join(story.workDir, 'jobs')), '1777')
  assert.equal(await mode(join(story.workDir, 'releases')), '755')
  assert.equal(await mode(join(story.workDir, 'releases', job.worker?.release ?? '')), '555')
  // A token sees its owner's jobs only.
  assert.equal((await second.answered('GET', `/v1/jobs/${first.id}`)).status, 404)
  assert.deepEqual(
    (await second.list()).items.map(item => item.id),
    [other.id],
  )
  assert.match(await second.log(other.id), /1-0/)
})
