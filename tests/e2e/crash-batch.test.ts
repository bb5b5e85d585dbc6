// The server is killed with -9 while a batch of many jobs is on its way into Slurm. Started again, each job of it stands in Slurm once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

/** More than go to the store at once, so that a crash between finds some receipts stored and others not. */
const JOBS = 40

// Side by side: after a kill -9 each waits for the dead server's lease to end.
describe('killed in the middle of a batch', { concurrency: 3 }, () => {
  for (const point of ['submit:after-intent', 'submit:after-sbatch', 'submit:after-some-stored'] as const) {
    test(`killed at ${point} with ${JOBS} jobs under way: each stands in Slurm once, in order`, async t => {
      const cluster = await sharedCluster()
      const story = await createStory(t, { cluster })
      const first = await story.start()
      // Paused, so that all of them go in one batch afterwards.
      const pause = await story.api.answered('POST', '/v1/clusters/local/pause', { body: { why: 'a test' } })
      assert.equal(pause.status, 200)
      const jobs: Job[] = []
      t.after(async () => {
        const names = jobs.map(({ id }) => `tl-${id}-1`).join(',')
        if (names !== '') await slurm(cluster, ['scancel', `--name=${names}`])
      })
      for (let i = 0; i < JOBS; i++) jobs.push(await story.api.submit(request({ resources: { hold: true } })))
      await eventually('all are prepared and wait', async () => {
        const now = await Promise.all(jobs.map(({ id }) => story.api.job(id)))
        return now.every(job => job.trying?.code === 'CLUSTER_PAUSED')
      })
      await first.kill()

      const doomed = await story.start({ crashAt: point })
      // It may die before it has answered.
      await story.api.answered('POST', '/v1/clusters/local/resume').catch(() => null)
      await doomed.crashed()
      await story.start()
      // Said again, as whoever got no answer does.
      assert.equal((await story.api.answered('POST', '/v1/clusters/local/resume')).status, 200)

      const pending = await eventually(
        'all have their receipts',
        async () => {
          const now = await Promise.all(jobs.map(({ id }) => story.api.job(id)))
          return now.every(job => job.state === 'pending') ? now : null
        },
        300_000,
      )
      const rows = (await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%A %j'])).split('\n')
      const found = new Map(jobs.map(({ id }) => [id, rows.filter(row => row.endsWith(` tl-${id}-1`))]))
      for (const [id, of] of found) assert.equal(of.length, 1, `job ${id}: ${of.join(', ')}`)
      const ids = pending.map(job => Number(job.slurm?.jobId))
      // Whom a store or a cluster that is slow to answer keeps from its batch goes in a later one.
      if (!/a stage could not be done now|STORE_UNREACHABLE/.test(story.log()))
        assert.deepEqual(
          ids,
          ids.toSorted((a, b) => a - b),
        )
    })
  }
})
