// Cancel at every state: nothing goes on running, and Slurm's own word ends the job.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pickPort } from '../../deploy/local/ports.ts'
import { sharedCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

test('a running job that is cancelled stops on its node and ends as cancelled, with its epochs kept', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story
  const { id } = await api.submit(slowRequest(100_000))
  await eventually('it trains', async () => (await api.job(id)).progress.epochs > 5)

  assert.equal((await api.answered('DELETE', `/v1/jobs/${id}`)).status, 202)

  const job = await api.ended(id, 'cancelled')
  assert.match(job.slurm?.state ?? '', /^CANCELLED/)
  assert.equal((await api.epochs(id)).length, job.progress.epochs)
  assert.ok(job.progress.epochs > 5 && job.progress.epochs < 100_000)
  assert.equal(await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`]), '')
  assert.equal((await api.answered('DELETE', `/v1/jobs/${id}`)).status, 409)
})

test('a pending job that is cancelled never starts', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story
  const { id } = await api.submit(slowRequest(200, { hold: true }))
  await eventually('it is pending', async () => (await api.job(id)).slurm?.reason === 'JobHeldUser')

  await api.answered('DELETE', `/v1/jobs/${id}`)

  const job = await api.ended(id, 'cancelled')
  assert.deepEqual(job.runs, [])
})

test('a job that is cancelled while its cluster is out of reach ends at once and never reaches Slurm', async t => {
  const cluster = await sharedCluster()
  const port = await pickPort()
  const ssh = { host: '127.0.0.1', port, knownHostsFile: cluster.ssh.knownHostsFile }
  // What is never reached is never asked for its partitions: they have to be said.
  const story = await createStory(t, { cluster, clusterSettings: { ssh, partitions: ['shared'] } })
  await story.start()
  const { id } = await story.api.submit(slowRequest())
  await eventually('the trouble is told', async () => (await story.api.job(id)).trying?.code.startsWith('SSH_'))

  await story.api.answered('DELETE', `/v1/jobs/${id}`)

  await story.api.ended(id, 'cancelled')
  assert.deepEqual(await slurmJobsOf(cluster, id), [])
})

test('a job that somebody cancels with scancel ends as cancelled and says by whom', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { id } = await story.api.submit(slowRequest(100_000))
  await eventually('it trains', async () => (await story.api.job(id)).progress.epochs > 0)

  await slurm(cluster, ['scancel', `--name=tl-${id}-1`])

  const job = await story.api.ended(id, 'cancelled')
  const events = []
  for await (const { data } of story.api.events(id)) events.push(data)
  const last = events.at(-1)
  assert.ok(last?.type === 'state')
  assert.match(last.detail, /outside Trotline \(CANCELLED by \d+\)/)
  assert.equal(job.cancelRequestedAt, null)
})
