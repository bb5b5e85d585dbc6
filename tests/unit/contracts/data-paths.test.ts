import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataPathsOf, Training } from '@trotline/contracts'

const paths = (training: unknown): string[] => dataPathsOf(Training.parse(training))
const model = (data: unknown, more: object = {}): unknown => ({
  kind: 'model',
  data,
  model: { layers: [{ kind: 'dense', units: 1 }] },
  optimizer: { kind: 'sgd' },
  loss: 'mse',
  epochs: 1,
  ...more,
})

test('a training names the files that it reads, each once and in order', () => {
  const csv = (path: string): object => ({ format: 'csv', path, target: 'y' })
  assert.deepEqual(paths(model(csv('/a'), { validationData: csv('/b'), testData: csv('/a') })), ['/a', '/b'])
  assert.deepEqual(paths(model({ format: 'npy', features: '/x.npy', target: '/y.npy' })), ['/x.npy', '/y.npy'])
  assert.deepEqual(paths(model({ format: 'npz', path: '/d.npz' })), ['/d.npz'])
  assert.deepEqual(paths({ kind: 'command', command: ['x'], data: ['/b', '/a', '/b'] }), ['/b', '/a'])
})

test('a preset names those that it stands for, and none where its data travels with it or is made up', () => {
  assert.deepEqual(paths({ kind: 'preset', preset: 'auto-mpg' }), [])
  assert.deepEqual(paths({ kind: 'preset', preset: 'linear-regression' }), [])
  const cifar = paths({ kind: 'preset', preset: 'cifar10', directory: '/d' })
  assert.deepEqual([cifar.length, cifar[0], cifar.at(-1)], [6, '/d/data_batch_1.bin', '/d/test_batch.bin'])
  assert.equal(paths({ kind: 'preset', preset: 'fashion-mnist' }).length, 4)
})
