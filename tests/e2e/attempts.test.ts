// A training over several attempts: preempted by Slurm with and without a requeue, and longer than its partition allows.
// It goes on from its checkpoint, and ends with the weights it would have had in one piece.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Job } from '@trotline/contracts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import type { Api } from '../support/api.ts'
import { ownCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

const EPOCHS = 600
/** Of five attempts: two requeues, and two further submissions. */
const RUNS = ['1-0', '1-1', '1-2', '2-0', '3-0']

// Side by side: most of it is waiting for Slurm. Each has nodes and partitions to itself.
describe('attempts', { concurrency: 2 }, () => {
  let cluster: LocalCluster
  before(async () => {
    cluster = await ownCluster()
  })

  /** A job with a higher claim takes the whole node for a moment. */
  const preempt = (node: string): Promise<string> =>
    slurm(cluster, [
      'sbatch',
      '--parsable',
      '--partition=shared',
      `--nodelist=${node}`,
      '--cpus-per-task=24',
      '--output=/dev/null',
      '--time=1',
      '--wrap=sleep 1',
    ])

  const everyEpochOnce = async (api: Api, id: string, epochs: number): Promise<void> =>
    assert.deepEqual(
      (await api.epochs(id)).map(epoch => epoch.epoch),
      Array.from({ length: epochs }, (_, i) => i),
    )

  test('preempted four times, requeued by Slurm and submitted again by us, a job ends with the same weights as undisturbed', async t => {
    const story = await createStory(t, { cluster, clusterSettings: { checkpointEverySeconds: 2 } })
    await story.start()
    const { api } = story
    const excludeNodes = ['c02', 'k01', 'k02', 'p01', 'a01']
    const undisturbed = await api.submit(slowRequest(EPOCHS, { excludeNodes: ['c01'] }))
    const accepted = await api.submit(slowRequest(EPOCHS, { partition: 'scavenger', excludeNodes, cpus: 2 }))
    const { id } = accepted

    let trained = 0
    for (const [i, run] of RUNS.slice(0, -1).entries()) {
      // However fast this machine trains, it does not get to its end meanwhile: it is held until Slurm's own SIGTERM and SIGCONT.
      const worker = await holdWorker(t, story, accepted, run)
      const enough = trained + 10
      await worker.trainUntil(`run ${run} has trained some epochs`, async () => {
        const { last } = (await api.job(id)).progress
        trained = last?.epoch ?? 0
        return last?.run === run && trained > enough
      })
      // Slurm requeues what it preempts in the first half, and cancels it in the second.
      const mode = i < 2 ? 'REQUEUE' : 'CANCEL'
      await slurm(cluster, ['scontrol', 'update', 'PartitionName=scavenger', `PreemptMode=${mode}`])
      await preempt('c01')
    }

    const job = await api.ended(id, 'completed')
    const whole = await api.ended(undisturbed.id, 'completed')
    assert.deepEqual(
      job.runs.map(run => run.run),
      RUNS,
    )
    assert.deepEqual(
      job.submissions.map(({ cause }) => cause),
      ['request', 'preempted', 'preempted'],
    )
    for (const run of job.runs.slice(1))
      assert.ok((run.resumed?.epochs ?? 0) > 0, `run ${run.run} went on from a checkpoint`)
    await everyEpochOnce(api, id, EPOCHS)
    assert.match(whole.result?.weightsSha256 ?? '', /^[0-9a-f]{64}$/)
    assert.equal(job.result?.weightsSha256, whole.result?.weightsSha256)
    assert.deepEqual(job.result?.metrics, whole.result?.metrics)
    assert.equal((await slurmJobsOf(cluster, id)).length, 3)
  })

  test('a training longer than its partition allows finishes over several submissions', async t => {
    await slurm(cluster, ['scontrol', 'update', 'PartitionName=debug', 'MaxTime=1', 'DefaultTime=1'])
    const story = await createStory(t, { cluster, clusterSettings: { checkpointEverySeconds: 1 } })
    await story.start()
    const { api } = story
    const longRequest = slowRequest(EPOCHS, { partition: 'debug', timeLimitMinutes: 15, excludeNodes: ['c01'] })
    await eventually('the partition’s limit is known', async () => {
      const dry = await api.call<{ script: string }>('POST', '/v1/jobs?dryRun=true', { body: longRequest })
      return dry.status === 200 && dry.body.script.includes('--time=1\n')
    })
    const accepted = await api.submit(longRequest)
    const { id } = accepted
    assert.match(accepted.notes[0]?.text ?? '', /allows 1 minutes? at a time/)
    // However fast this machine trains, the first submission does not end within its minute: its worker is held.
    const worker = await holdWorker(t, story, accepted)
    const run = join(story.workDir, 'jobs', cluster.ssh.user, id, 'runs/1-0')
    await worker.trainUntil('the first submission has left a checkpoint', () => existsSync(join(run, 'checkpoint')))
    // Slurm wakes it for each signal that it sends.
    const holding = setInterval(worker.hold, 50)
    t.after(() => clearInterval(holding))
    await eventually('it is submitted again', async () => (await api.job(id)).submission > 1, 300_000)
    clearInterval(holding)
    // On a loaded machine one minute may not be enough for the second, either.
    const job = await api.ended(id, 'completed', 600_000)
    assert.ok(job.submissions.length > 1)
    assert.ok(
      job.submissions
        .slice(1)
        .every(({ cause, evidence }) => cause === 'time-limit' && /TIMEOUT/.test(evidence.join())),
    )
    assert.ok(job.submissions.every(({ timeLimitMinutes }) => timeLimitMinutes === 1))
    assert.deepEqual(resumes(job), [null, ...job.runs.slice(1).map(() => 'resumed')])
    await everyEpochOnce(api, id, job.result?.epochs ?? 0)
  })
})

const resumes = (job: Job): (string | null)[] => job.runs.map(run => (run.resumed === null ? null : 'resumed'))
