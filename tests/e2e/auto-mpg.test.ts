// The main job, as the quickstart runs it, and what REST tells of it afterwards.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedCluster, slurmJobsOf } from '../support/cluster.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

test('auto-mpg trains 1,000 epochs on the real data and its record is complete', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story

  const { id } = await api.submit(request({ epochs: 1000 }))
  const job = await api.ended(id, 'completed')

  const valMae = job.result?.metrics.val_mae
  assert.ok(valMae != null && valMae > 2.1 && valMae < 2.8, `val_mae is ${valMae}`)
  const { layers, trainStatistics, history, engine } = job.result ?? {}
  assert.equal(engine, 'simd')
  assert.deepEqual(
    layers?.map(({ params }) => params),
    [640, 4160, 65],
  )
  const { count, mean, std } = trainStatistics?.Weight ?? {}
  assert.deepEqual([count, mean?.toFixed(6), std?.toFixed(6)], [314, '2990.251592', '843.898596'])
  assert.deepEqual(
    history?.map(({ epoch }) => epoch),
    [995, 996, 997, 998, 999],
  )
  const epochs = await api.epochs(id)
  assert.deepEqual(
    epochs.map(epoch => epoch.epoch),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  assert.deepEqual(job.progress, { epochs: 1000, of: 1000, superseded: 0, last: epochs[999] })
  assert.deepEqual([job.compatibility.verdict, job.compatibility.rule], ['compatible', 'no-gpu'])
  assert.equal(job.runs.length, 1)
  assert.equal((await slurmJobsOf(cluster, id)).length, 1)

  const log = await api.log(id)
  assert.match(log, /1-0/)
  assert.equal(await api.log(id, '?tail=20'), log.slice(-20))
  assert.equal(await api.log(id, '?offset=5&limit=7'), log.slice(5, 12))
  const script = await api.answered<string>('GET', `/v1/jobs/${id}/script`)
  assert.match(script.body, new RegExp(`^#!/bin/bash\\n#SBATCH --job-name=tl-${id}-1\\n`))
  assert.doesNotMatch(script.body, /auto-mpg/, 'what the user asked for travels in spec.json only')
  assert.deepEqual(
    (await api.list('?state=completed')).items.map(item => item.id),
    [id],
  )
})

test('linear-regression with seed 42 gives the figures printed in the tutorial', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()

  const { id } = await story.api.submit(request({ preset: 'linear-regression', epochs: 1000, seed: 42 }))
  const { result } = await story.api.ended(id, 'completed')

  const printed = (value: number | null | undefined): string => (value ?? Number.NaN).toFixed(8)
  const { start, end, leastSquares } = result?.coefficients ?? {}
  assert.deepEqual([start?.a, start?.b].map(printed), ['0.49671415', '-0.13826430'])
  assert.deepEqual([end?.a, end?.b].map(printed), ['1.02354094', '1.96896411'])
  assert.deepEqual([leastSquares?.intercept, leastSquares?.slope].map(printed), ['1.02354075', '1.96896447'])
})
