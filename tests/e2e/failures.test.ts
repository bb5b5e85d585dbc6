// Endings are not merged: each says what happened, with evidence and the end of the log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'

test('a job that asks for a GPU does not slide to the CPU: it fails as incompatible-node and says why', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { id } = await story.api.submit(request({ resources: { partition: 'gpuk80', gpus: 1, gpuType: 'k80' } }))

  const { failure, progress } = await story.api.ended(id, 'failed')

  assert.equal(failure?.reason, 'incompatible-node')
  assert.match(failure?.detail ?? '', /tfjs-node-gpu/)
  assert.equal(progress.epochs, 0)
})

test('what Slurm refuses at submission fails with Slurm’s own words and leaves no job behind', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { id } = await story.api.submit(request({ resources: { constraint: 'nosuchfeature' } }))

  const { failure } = await story.api.ended(id, 'failed')

  assert.equal(failure?.reason, 'submission-refused')
  assert.match(failure?.detail ?? '', /feature/i)
  assert.equal(await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`]), '')
})

test('a worker that is killed fails by signal, with its epochs kept and the end of its log', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { id } = await story.api.submit(slowRequest(100_000))
  await eventually('it trains', async () => (await story.api.job(id)).progress.epochs > 5)

  await slurm(cluster, ['scancel', '--batch', '--signal=KILL', `--name=tl-${id}-1`])

  const job = await story.api.ended(id, 'failed')
  assert.equal(job.failure?.reason, 'signal')
  assert.match(job.failure?.detail ?? '', /signal 9/)
  assert.notEqual(job.failure?.logTail, '')
  assert.equal((await story.api.epochs(id)).length, job.progress.epochs)
})

test('a job past its time limit fails by time-limit', async t => {
  const cluster = await sharedCluster()
  // slurmctld looks every 30 s and warns up to that much early: with a longer warning it could be sent before the worker listens.
  const story = await createStory(t, { cluster, clusterSettings: { warnSecondsBeforeLimit: 5 } })
  await story.start()
  const { id } = await story.api.submit(slowRequest(100_000, { timeLimitMinutes: 1 }))

  const { failure } = await story.api.ended(id, 'failed')

  assert.equal(failure?.reason, 'time-limit')
  assert.match(await story.api.log(id, '?stream=stderr'), /SIGUSR2/, 'the warning before the limit reached the worker')
  assert.match(failure?.action ?? '', /timeLimitMinutes/)
})

test('a requeued job goes on as attempt 2 from the checkpoint that attempt 1 left, and each epoch says whose it is', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story
  const accepted = await api.submit(slowRequest(150))
  const { id } = accepted
  // Held until Slurm's own SIGTERM and SIGCONT.
  const worker = await holdWorker(t, story, accepted)
  await worker.trainUntil('20 epochs are stored', async () => (await api.job(id)).progress.epochs > 20)
  const before = await api.job(id)

  await slurm(cluster, ['scontrol', 'requeue', before.slurm?.jobId ?? ''])

  const job = await api.ended(id, 'completed')
  assert.deepEqual(
    job.runs.map(run => [run.run, run.attempt]),
    [
      ['1-0', 1],
      ['1-1', 2],
    ],
  )
  const from = job.runs[1]?.resumed?.epochs ?? 0
  assert.ok(from >= before.progress.epochs, `it went on from epoch ${from}`)
  assert.deepEqual(
    (await api.epochs(id)).map(({ epoch, attempt }) => [epoch, attempt]),
    Array.from({ length: 150 }, (_, epoch) => [epoch, epoch < from ? 1 : 2]),
  )
})
