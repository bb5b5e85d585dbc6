// What happens while a part is away: training goes on, answers come from the store, and work resumes by itself.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Problem } from '@trotline/contracts'
import { type LocalCluster, startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'
import { startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { ownCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'

interface Ready {
  ready: boolean
  checks: { name: string; ok: boolean; code: string; detail: string }[]
}

describe('outages', () => {
  let cluster: LocalCluster
  before(async () => {
    cluster = await ownCluster()
  })

  test('Redis is stopped during training: training goes on, and the record is complete once it is back', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    const { api } = story
    const accepted = await api.submit(slowRequest(250))
    const { id } = accepted
    const worker = await holdWorker(t, story, accepted)
    await worker.trainUntil('it trains', async () => (await api.job(id)).progress.epochs > 10)

    await stopRedis({ home: story.redisHome })
    worker.release()
    const away = await api.call<Problem>('GET', `/v1/jobs/${id}`)
    assert.equal(away.status, 503)
    assert.equal(away.body.code, 'store-unreachable')
    const refused = await api.call<Problem>('POST', '/v1/jobs', { body: request() })
    assert.equal(refused.status, 503)
    // The run ends while Redis is away.
    await eventually('Slurm has finished the job', async () => {
      const state = await slurm(cluster, ['squeue', '-h', '-t', 'all', `--name=tl-${id}-1`, '-o', '%T'])
      return state === 'COMPLETED'
    })
    await startRedis({ home: story.redisHome })

    const job = await api.ended(id, 'completed')
    assert.equal(job.progress.epochs, 250)
    assert.deepEqual(
      (await api.epochs(id)).map(epoch => epoch.epoch),
      Array.from({ length: 250 }, (_, i) => i),
    )
  })

  test('sshd is stopped: the store still answers, /readyz names the cluster, and work resumes by itself', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    const { api } = story
    const running = await api.submit(slowRequest(150))
    const worker = await holdWorker(t, story, running)
    await worker.trainUntil('it trains', async () => {
      const { state, progress } = await api.job(running.id)
      return state === 'running' && progress.epochs > 5
    })

    await stopDaemon(cluster.home, 'sshd')
    const waiting = await api.submit(request())
    const trouble = await eventually('/readyz names the cluster', async () => {
      const { status, body } = await api.call<Ready>('GET', '/readyz')
      // On a loaded machine it is unattended for a moment now and then: not what is waited for.
      const found = body.checks.find(check => check.name === 'cluster:local' && !check.ok)
      return status === 503 && /^SSH_/.test(found?.code ?? '') && found
    })
    assert.match(trouble.detail, /local/)
    assert.equal((await api.job(running.id)).state, 'running', 'not being able to ask changes nothing')
    assert.equal((await api.call('GET', `/v1/jobs/${running.id}/logs`)).status, 503)
    assert.equal((await api.job(waiting.id)).hold, null)
    await startDaemon(cluster.home, 'sshd')
    worker.release()

    await api.ended(running.id, 'completed')
    await api.ended(waiting.id, 'completed')
    assert.equal((await slurmJobsOf(cluster, waiting.id)).length, 1)
    await eventually('/readyz is green again', async () => (await api.call<Ready>('GET', '/readyz')).status === 200)
  })

  test('slurmctld is stopped: a job in submission waits, nothing is doubled, and both end well', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    const { api } = story
    const running = await api.submit(slowRequest(150))
    const worker = await holdWorker(t, story, running)
    await worker.trainUntil('it trains', async () => {
      const { state, progress } = await api.job(running.id)
      return state === 'running' && progress.epochs > 5
    })

    await stopDaemon(cluster.home, 'slurmctld')
    const waiting = await api.submit(request())
    await eventually(
      'the submission could not ask',
      async () => (await api.job(waiting.id)).trying?.code === 'SLURM_UNREACHABLE',
      240_000,
    )
    assert.equal((await api.job(running.id)).state, 'running')
    await startDaemon(cluster.home, 'slurmctld')
    worker.release()

    await api.ended(running.id, 'completed')
    await api.ended(waiting.id, 'completed')
    assert.equal((await slurmJobsOf(cluster, waiting.id)).length, 1)
  })
})
