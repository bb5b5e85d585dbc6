// The server is killed with -9 at every named point on the way to `pending`, and at five moments of a running job.
// Started again, it finishes the job: one Slurm job, one process past the fence, no epoch missing or doubled.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { CRASH_POINTS } from '../../apps/orchestrator/src/index.ts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { sharedCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'

// Side by side: after a kill -9 each waits for the dead server's lease to end.
describe('killed and started again', { concurrency: 4 }, () => {
  for (const point of CRASH_POINTS) {
    test(`killed at ${point}: the job finishes once`, async t => {
      const cluster = await sharedCluster()
      const story = await createStory(t, { cluster })
      const doomed = await story.start({ crashAt: point })

      // The answer may be lost with the server: a caller sends the same key again, as the command line does.
      const key = `crash-${point.replace(':', '-')}`
      const first = await story.api.submit(request(), key).catch(() => null)
      await doomed.crashed()
      await story.start()
      const again = await story.api.submit(request(), key)
      if (first) assert.equal(again.id, first.id)

      await finishesOnce(await story.api.ended(again.id, 'completed'), 60, story, cluster)
      assert.equal((await story.api.list()).items.length, 1)
    })
  }

  test('killed at five moments of a running job: the job finishes once', async t => {
    const cluster = await sharedCluster()
    const story = await createStory(t, { cluster })
    let server = await story.start()
    const accepted = await story.api.submit(slowRequest(300))
    const { id } = accepted
    const worker = await holdWorker(t, story, accepted)

    for (const moment of [1, 10, 20, 30, 40]) {
      await worker.trainUntil(`epoch ${moment} is stored while it runs`, async () => {
        const { state, progress } = await story.api.job(id)
        return state === 'running' && progress.epochs >= moment
      })
      assert.equal(await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`, '-o', '%T']), 'RUNNING')
      await server.kill()
      const trained = await worker.epochsOnDisk()
      await worker.trainUntil('it trains on without a server', async () => (await worker.epochsOnDisk()) > trained)
      server = await story.start()
    }
    worker.release()
    await finishesOnce(await story.api.ended(id, 'completed'), 300, story, cluster)
  })
})

async function finishesOnce(job: Job, epochs: number, story: Story, cluster: LocalCluster): Promise<void> {
  const runs = join(story.workDir, 'jobs', job.identity.unixUser, job.id, 'runs')
  const fences = (await readdir(runs, { recursive: true })).filter(file => file.endsWith('fence'))
  assert.deepEqual(fences, ['1-0/fence'], 'exactly one process passed the fence')
  assert.equal((await slurmJobsOf(cluster, job.id)).length, 1, 'exactly one Slurm job')
  assert.deepEqual(
    (await story.api.epochs(job.id)).map(epoch => epoch.epoch),
    Array.from({ length: epochs }, (_, i) => i),
  )
  assert.equal(job.submission, 1)
  assert.equal(job.progress.superseded, 0)
}
