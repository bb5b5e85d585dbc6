// Two server processes share one store: one owns the cluster, the other answers all the same and takes over.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pickPort } from '../../deploy/local/ports.ts'
import { sharedCluster, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

test('the second server submits and reads logs through the owner, and takes over when it dies', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  const owner = await story.start()
  await eventually(
    'the first server owns the cluster',
    async () => (await story.api.call('GET', '/readyz')).status === 200,
  )
  const port = await pickPort()
  await story.start({ port })
  const second = story.apiAt(port)

  const { id } = await second.submit(slowRequest(400))
  await eventually('it trains', async () => (await second.job(id)).progress.epochs > 5)
  assert.match(await second.log(id), /1-0/, 'the log is read by the owner, for the other')

  await owner.kill()
  assert.ok((await second.job(id)).progress.epochs > 5, 'the store still answers')
  await eventually('the log can be read again: the second server owns the cluster', async () =>
    /1-0/.test(await second.log(id)),
  )

  const job = await second.ended(id, 'completed')
  assert.equal(job.progress.epochs, 400)
  assert.equal((await slurmJobsOf(cluster, id)).length, 1)
})
