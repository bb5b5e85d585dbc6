import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  epochsAskedFor,
  expandedOf,
  expandPreset,
  JobRequest,
  ModelTraining,
  PRESETS,
  PresetTraining,
} from '@trotline/contracts'

const preset = (name: string, over: object = {}): PresetTraining =>
  PresetTraining.parse({ kind: 'preset', preset: name, ...(name === 'cifar10' ? { directory: '/c' } : {}), ...over })

test('every preset but linear regression is a complete model request', () => {
  for (const name of PRESETS) {
    const expanded = expandPreset(preset(name))
    if (name === 'linear-regression') assert.equal(expanded, null)
    // Whatever has a default stands there: parsing again changes nothing.
    else assert.deepEqual(ModelTraining.parse(expanded), expanded)
  }
})

test('epochs, seed and backend of a preset are those of its model', () => {
  const { epochs, seed, backend } = expandPreset(preset('auto-mpg', { epochs: 7, seed: 3, backend: 'cpu' })) ?? {}
  assert.deepEqual([epochs, seed, backend], [7, 3, 'cpu'])
})

test('the folder of a preset is where its files are looked for', () => {
  const { data, testData } = expandPreset(preset('cifar10', { directory: '/scratch/c' })) ?? {}
  assert.deepEqual(data?.format === 'cifar10' && data.files.at(-1), '/scratch/c/data_batch_5.bin')
  assert.deepEqual(testData?.format === 'cifar10' && testData.files, ['/scratch/c/test_batch.bin'])
})

test('a request that says everything itself is not expanded', () => {
  const request = (training: object): JobRequest =>
    JobRequest.parse({ name: 'a', cluster: 'c', resources: { partition: 'p' }, training })
  const model = request({ ...expandPreset(preset('auto-mpg')), epochs: 12 })
  assert.deepEqual([expandedOf(model), epochsAskedFor(model)], [null, 12])
  assert.equal(expandedOf(request(preset('fashion-mnist')))?.batchSize, 4)
})
