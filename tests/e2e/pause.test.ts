// The cluster admin's contract, from outside: a pause holds back submissions and nothing else, and readers cost the cluster nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '@trotline/contracts'
import { pickPort } from '../../deploy/local/ports.ts'
import { sharedCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'

const show = async (story: Story): Promise<Cluster> =>
  (await story.api.answered<Cluster>('GET', '/v1/clusters/local')).body
const post = async (story: Story, what: 'pause' | 'resume', body?: unknown): Promise<Cluster> => {
  // Both may be said again.
  const answer = await story.api.answered<Cluster>(
    'POST',
    `/v1/clusters/local/${what}`,
    body === undefined ? {} : { body },
  )
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

test('a paused cluster takes jobs and submits none, also after a restart; what runs ends as usual; a resume runs them once', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  const first = await story.start()
  const { api } = story
  const running = await api.submit(slowRequest(60))
  const worker = await holdWorker(t, story, running)
  await worker.trainUntil('it trains', async () => (await api.job(running.id)).progress.epochs > 3)

  assert.equal((await post(story, 'pause', { why: 'maintenance' })).paused?.by, 'tester')
  const waiting = await api.submit(request({ epochs: 5 }))
  const told = await eventually('the job says what it waits for', async () => {
    const job = await api.job(waiting.id)
    return job.trying?.code === 'CLUSTER_PAUSED' ? job : null
  })
  assert.deepEqual([told.state, told.hold], ['prepared', null])
  assert.match(told.trying?.detail ?? '', /paused by tester since .*maintenance/)
  await eventually('a pause is nothing that is broken', async () => (await api.call('GET', '/readyz')).status === 200)
  worker.release()
  await api.ended(running.id, 'completed')

  await first.stop()
  await story.start()
  const later = await api.submit(request({ epochs: 5 }))
  await eventually('the new job waits as well', async () => (await api.job(later.id)).trying?.code === 'CLUSTER_PAUSED')
  assert.equal((await show(story)).paused?.why, 'maintenance')
  const names = await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%j'])
  for (const { id } of [waiting, later]) {
    assert.ok(!names.includes(id))
    assert.deepEqual(await slurmJobsOf(cluster, id), [])
  }

  assert.equal((await post(story, 'resume')).paused, null)
  await eventually('Slurm has them', async () => {
    const states = await Promise.all([waiting, later].map(async ({ id }) => (await api.job(id)).state))
    return states.every(state => state !== 'prepared')
  })
  for (const { id } of [waiting, later]) {
    await api.ended(id, 'completed')
    assert.equal((await slurmJobsOf(cluster, id)).length, 1)
  }
})

test('five hundred looks at jobs, through two servers, cost the cluster no command', async t => {
  const cluster = await sharedCluster()
  // squeue is not asked of its own accord meanwhile: what is counted was caused by the looks. sinfo is, once a minute.
  const story = await createStory(t, { cluster, clusterSettings: { pollIntervalMs: 600_000 } })
  await story.start()
  const port = await pickPort()
  await story.start({ port })
  const { api } = story
  const { id } = await api.submit(request({ epochs: 5, resources: { hold: true } }))
  await eventually('Slurm has it', async () => (await api.job(id)).state === 'pending')
  await eventually('the submission is told as one', async () => {
    const { footprint } = await show(story)
    return footprint?.commandsLastHour.sbatch === 1 && footprint.spentLastMinute.submissions === 1
  })
  const before = await eventually('sinfo is told, too', async () => {
    const { footprint } = await show(story)
    return footprint !== null && footprint.commandsLastHour.sinfo > 0 && footprint
  })

  const looks = Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? api : story.apiAt(port)))
  for (let start = 0; start < looks.length; start += 50) {
    const states = await Promise.all(looks.slice(start, start + 50).map(async each => (await each.job(id)).state))
    assert.ok(states.every(state => state === 'pending'))
  }

  const sentAt = new Date().toISOString()
  const after = await eventually('the footprint was told anew', async () => {
    const { footprint } = await show(story)
    return footprint !== null && footprint.at > sentAt && footprint
  })
  for (const kind of ['squeue', 'sacct', 'scancel', 'sbatch'] as const)
    assert.equal(after.commandsLastHour[kind], before.commandsLastHour[kind], kind)
  // From one word to the other: what was asked between the first and the looks stands in the second, too.
  const minutes = Math.floor((Date.parse(after.at) - Date.parse(before.at)) / 60_000) + 1
  assert.ok(after.commandsLastHour.sinfo - before.commandsLastHour.sinfo <= minutes)
  assert.equal(after.connections, 1)
  await api.answered('DELETE', `/v1/jobs/${id}`)
  await eventually(
    'it is gone from Slurm',
    async () => (await slurm(cluster, ['squeue', '-h', '--name', `tl-${id}-1`])) === '',
  )
})
