// Epochs are live: a reader sees the first ones while the job runs and long before the last is trained.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { holdWorker } from '../support/held-worker.ts'
import { createStory } from '../support/orchestrator.ts'
import { slowRequest } from '../support/requests.ts'

for (const reports of ['queue', 'directory'] as const) {
  test(`epoch 10 is seen by ${reports} while Slurm says RUNNING and before epoch 100 is written`, async t => {
    const cluster = await sharedCluster()
    const clusterSettings = reports === 'directory' ? { reports: { kind: 'directory' } } : {}
    const story = await createStory(t, { cluster, clusterSettings })
    await story.start()
    const { api } = story

    const accepted = await api.submit(slowRequest(200))
    const { id } = accepted
    const worker = await holdWorker(t, story, accepted)
    let seen = -1
    const reading = (async () => {
      for await (const { data } of api.events(id)) {
        if (data.type === 'epochs') seen = data.last.epoch
        if (seen >= 9) break
      }
    })()
    await worker.trainUntil('a reader sees epoch 10', () => seen >= 9)
    await reading
    const written = await worker.epochsOnDisk()
    const state = await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`, '-o', '%T'])

    assert.equal(state, 'RUNNING')
    assert.ok(written < 100, `${written} epochs were written when epoch 10 was seen`)
    worker.release()
    const job = await api.ended(id, 'completed')
    assert.equal(job.progress.epochs, 200)
    assert.equal((await api.epochs(id)).length, 200)
  })
}

test('a reader that comes back with Last-Event-ID gets every event once', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story

  const { id } = await api.submit(slowRequest(60))
  const seqs: number[] = []
  let lastEventId = '0'
  for (let ended = false; !ended; ) {
    let taken = 0
    // Leaves after three events, again and again: each time the stream is cut by the reader.
    for await (const event of api.events(id, { lastEventId })) {
      seqs.push(Number(event.id))
      lastEventId = event.id
      ended = event.data.type === 'state' && event.data.to === 'completed'
      if (++taken === 3) break
    }
  }
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  )
})
