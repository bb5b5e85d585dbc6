// The server is killed with -9 between the two steps of a wished cancel: the mark lies in the job directory, and Slurm was not told.
// Started again, it ends the job as cancelled, once, and nothing of it goes on running.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CANCEL_CRASH_POINTS } from '../../apps/orchestrator/src/index.ts'
import { sharedCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

describe('killed in a cancel and started again', { concurrency: 4 }, () => {
  for (const point of CANCEL_CRASH_POINTS) {
    test(`killed at ${point}: the job ends as cancelled once`, async t => {
      const cluster = await sharedCluster()
      const story = await createStory(t, { cluster })
      const doomed = await story.start({ crashAt: point })
      const { api } = story
      const { id, identity } = await api.submit(slowRequest(100_000))
      await eventually('it trains', async () => (await api.job(id)).progress.epochs > 0)

      // The answer may be lost with the server: the wish itself is stored before anything is done about it.
      await api.answered('DELETE', `/v1/jobs/${id}`).catch(() => null)
      await doomed.crashed()
      assert.ok(existsSync(join(story.workDir, 'jobs', identity.unixUser, id, 'cancelled')))
      await story.start()

      const job = await api.ended(id, 'cancelled')
      assert.equal(job.submission, 1)
      assert.equal((await slurmJobsOf(cluster, id)).length, 1, 'exactly one Slurm job')
      assert.equal(await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`]), '')
    })
  }
})
