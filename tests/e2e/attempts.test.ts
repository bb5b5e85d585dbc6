// A training over several attempts: preempted by Slurm with and without a requeue, and longer than its partition allows.
// It goes on from its checkpoint, and ends with the weights it would have had in one piece.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Job } from '@trotline/contracts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import type { Api } from '../support/api.ts'
import { ownCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

const EPOCHS = 600
const ATTEMPTS = 5

describe('attempts', () => {
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
    const { id } = await api.submit(slowRequest(EPOCHS, { partition: 'scavenger', excludeNodes, cpus: 2 }))

    let trained = 0
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
      const running = await eventually(
        `attempt ${attempt} has trained some epochs`,
        async () => {
          const job = await api.job(id)
          assert.ok(job.endedAt === null, `the job is ${job.state} at attempt ${attempt}`)
          return job.runs.length === attempt && (job.progress.last?.epoch ?? 0) > trained + 10 ? job : null
        },
        120_000,
      )
      trained = running.progress.last?.epoch ?? 0
      // Slurm requeues what it preempts in the first half, and cancels it in the second.
      const mode = attempt <= ATTEMPTS / 2 ? 'REQUEUE' : 'CANCEL'
      await slurm(cluster, ['scontrol', 'update', 'PartitionName=scavenger', `PreemptMode=${mode}`])
      // However fast this machine trains, it does not get to its end meanwhile: it is frozen until Slurm's own SIGTERM and SIGCONT.
      freeze(await pidOf(join(story.workDir, 'jobs', cluster.ssh.user, id, 'runs', running.runs.at(-1)?.run ?? '')))
      await preempt('c01')
    }

    const job = await api.ended(id, 'completed', 180_000)
    const whole = await api.ended(undisturbed.id, 'completed')
    assert.equal(job.runs.length, ATTEMPTS)
    assert.deepEqual(
      job.runs.map(run => run.run),
      ['1-0', '1-1', '1-2', '2-0', '3-0'],
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
    const longRequest = slowRequest(EPOCHS, { partition: 'debug', timeLimitMinutes: 15 })
    await eventually('the partition’s limit is known', async () => {
      const dry = await api.call<{ script: string }>('POST', '/v1/jobs?dryRun=true', { body: longRequest })
      return dry.status === 200 && dry.body.script.includes('--time=1\n')
    })
    const { id, notes } = await api.submit(longRequest)
    assert.match(notes[0]?.text ?? '', /allows 1 minutes? at a time/)
    // However fast this machine trains, the first submission does not end within its minute: its worker is frozen.
    const run = join(story.workDir, 'jobs', cluster.ssh.user, id, 'runs/1-0')
    await eventually('the first submission has left a checkpoint', () => existsSync(join(run, 'checkpoint')))
    const pid = await pidOf(run)
    // Slurm wakes a frozen process for each signal that it sends.
    const freezing = setInterval(() => freeze(pid), 50)
    t.after(() => clearInterval(freezing))
    await eventually('it is submitted again', async () => (await api.job(id)).submission === 2, 180_000)
    clearInterval(freezing)
    const job = await api.ended(id, 'completed', 120_000)
    assert.equal(job.submissions.length, 2)
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

async function pidOf(runFolder: string): Promise<number> {
  const { pid } = JSON.parse(await readFile(join(runFolder, 'fence'), 'utf8')) as { pid: number }
  return pid
}

function freeze(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP')
  } catch {
    // Slurm has ended it.
  }
}

const resumes = (job: Job): (string | null)[] => job.runs.map(run => (run.resumed === null ? null : 'resumed'))
