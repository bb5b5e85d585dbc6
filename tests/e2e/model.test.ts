// A model of somebody's own on files of their own: from the request to the files that the training leaves, and what happens where
// the data is wrong.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { jobDirectoryOf } from '../../apps/orchestrator/src/clusters/layout.ts'
import { sharedCluster } from '../support/cluster.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

/** y = 2a − b, and a town that adds 5. */
const rowsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const [a, b, town] = [(i * 7) % 11, (i * 5) % 13, i % 3 === 0 ? 'Ulm' : 'Jena']
    return `${a},${b},${town},${2 * a - b + (town === 'Ulm' ? 5 : 0)}`
  })

async function csvRequest(story: Story, rows: readonly string[], over: object = {}) {
  const path = join(story.folder, 'towns.csv')
  await writeFile(path, `a,b,town,y\n${rows.join('\n')}\n`, { mode: 0o644 })
  return {
    ...request(),
    name: 'towns',
    training: {
      kind: 'model',
      data: { format: 'csv', path, target: 'y', columns: { town: 'category' }, normalize: 'zScore' },
      split: { trainFraction: 0.8 },
      validationSplit: 0.25,
      model: {
        layers: [
          { kind: 'dense', units: 16, activation: 'relu' },
          { kind: 'dense', units: 1 },
        ],
      },
      optimizer: { kind: 'adam', learningRate: 0.01 },
      loss: 'mse',
      metrics: ['mae'],
      epochs: 40,
      batchSize: 16,
      bestWeights: { monitor: 'val_loss' },
      seed: 1,
      ...over,
    },
  }
}

test('a model on a CSV file trains, and leaves a model, its history and its evaluation', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()

  const { id } = await story.api.submit(await csvRequest(story, rowsOf(200)))
  const { result, progress } = await story.api.ended(id, 'completed')

  assert.deepEqual([progress.epochs, progress.of], [40, 40])
  assert.deepEqual([result?.engine, result?.epochs], ['simd', 40])
  assert.deepEqual(Object.keys(result?.trainStatistics ?? {}), ['a', 'b', 'town_Jena', 'town_Ulm'])
  assert.deepEqual(
    result?.layers?.map(({ type, params }) => [type, params]),
    [
      ['Dense', 80],
      ['Dense', 17],
    ],
  )
  assert.ok(Number(result?.metrics.test_mae) < 2, `test_mae is ${result?.metrics.test_mae}`)
  assert.equal(result?.best?.monitor, 'val_loss')
  const run = join(jobDirectoryOf(story.workDir, cluster.ssh.user, id), 'runs/1-0/artifacts')
  assert.deepEqual(result?.artifacts.map(({ path }) => path).toSorted(), [
    'evaluation.json',
    'history.json',
    'model-graph.json',
    'model.json',
    'weights.bin',
  ])
  for (const { path, bytes, sha256 } of result?.artifacts ?? []) {
    const content = readFileSync(join(run, path))
    assert.deepEqual([content.length, createHash('sha256').update(content).digest('hex')], [bytes, sha256], path)
  }
})

test('a value that is no number ends the job as training, with file, row and column', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()

  const { id } = await story.api.submit(await csvRequest(story, rowsOf(50).with(16, '3,many,Ulm,9')))
  const { failure, progress } = await story.api.ended(id, 'failed')

  assert.equal(failure?.reason, 'training')
  assert.match(failure?.detail ?? '', /towns\.csv/)
  assert.match(failure?.detail ?? '', /\b18\b/, 'the line of the file, whose first is the header')
  assert.match(failure?.detail ?? '', /\bb\b.*many/)
  assert.equal(progress.epochs, 0)
  assert.equal(existsSync(join(jobDirectoryOf(story.workDir, cluster.ssh.user, id), 'runs/1-0/artifacts')), false)
})

test('a job with GPUs that says "any" trains without them where none works, and says why', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const resources = { partition: 'gpuk80', gpus: 1, gpuType: 'k80' }
  const asked = request({ epochs: 5, resources })

  const { id } = await story.api.submit({ ...asked, training: { ...asked.training, backend: 'any' } })
  const { result } = await story.api.ended(id, 'completed')

  assert.equal(result?.backend, 'simd')
  assert.match(result?.skipped.find(({ backend }) => backend === 'tfjs-node-gpu')?.why ?? '', /tfjs-node-gpu/)
})
