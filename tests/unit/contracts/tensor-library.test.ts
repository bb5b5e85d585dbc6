// The release is chosen before anybody has seen the node, the backend on it: whatever is given no tensor library must find a rung
// that does without.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BACKENDS,
  expandPreset,
  type Layer,
  ModelTraining,
  needsTensorLibrary,
  PRESETS,
  PresetTraining,
  type WorkerTraining,
} from '@trotline/contracts'
import { missingKernel, whyNotSimd } from '../../../packages/trainer/src/engine/simd/why-not.ts'
import { type PlannedLayer, planNet } from '../../../packages/trainer/src/model/plan.ts'

const CPU = { gpus: 0, memoryMiB: 2048 }

const preset = (name: string, over: object = {}): PresetTraining =>
  PresetTraining.parse({ kind: 'preset', preset: name, ...(name === 'cifar10' ? { directory: '/c' } : {}), ...over })

const model = (layers: readonly object[], over: object = {}): ModelTraining =>
  ModelTraining.parse({
    kind: 'model',
    data: { format: 'npy', features: '/x.npy', target: '/y.npy' },
    model: { layers },
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    loss: 'mse',
    epochs: 1,
    ...over,
  })

const dense = (over: object = {}): object => ({ kind: 'dense', units: 3, ...over })
const flatten = { kind: 'flatten' }
const conv2d = (over: object = {}): object => ({ kind: 'conv2d', filters: 3, kernelSize: 2, ...over })

test('a job on CPUs needs it for a layer or an activation that our own kernels do not have', () => {
  const nets: [layers: readonly object[], inputShape: readonly number[]][] = [
    [[dense()], [4]],
    [[dense({ activation: 'tanh' }), { kind: 'dropout', rate: 0.5 }, dense({ activation: 'softmax' })], [4]],
    [[dense(), { kind: 'activation', activation: 'softmax' }], [4]],
    [[dense({ activation: 'softmax' }), dense()], [4]],
    [[dense({ activation: 'elu' }), dense()], [4]],
    [[dense({ activation: 'elu' })], [4]],
    [[dense({ activation: 'softmax' }), { kind: 'dropout', rate: 0.5 }], [4]],
    [[dense(), { kind: 'batchNormalization' }, dense()], [4]],
    [
      [conv2d(), { kind: 'maxPooling2d' }, flatten, dense({ activation: 'sigmoid' })],
      [6, 6, 1],
    ],
    [[conv2d({ activation: 'softmax' })], [6, 6, 1]],
    [
      [conv2d({ activation: 'softmax' }), flatten],
      [6, 6, 1],
    ],
    [
      [conv2d(), { kind: 'averagePooling2d' }, { kind: 'activation', activation: 'softmax' }],
      [6, 6, 1],
    ],
    [
      [conv2d(), flatten, { kind: 'activation', activation: 'softmax' }],
      [6, 6, 1],
    ],
  ]
  let without = 0
  for (const [layers, inputShape] of nets) {
    const training = model(layers)
    const plan = planNet((training.model as { layers: Layer[] }).layers as PlannedLayer[], inputShape)
    const lacking = missingKernel(plan)
    assert.equal(needsTensorLibrary(training, CPU), lacking !== null, JSON.stringify({ layers, lacking }))
    if (lacking === null) without++
  }
  assert.ok(without > 0 && without < nets.length)
})

test('so it does for a layer in tfjs’s own words, and for a whole topology', () => {
  assert.ok(needsTensorLibrary(model([{ kind: 'tfjs', className: 'LayerNormalization' }, dense()]), CPU))
  const topology = { className: 'Sequential', config: { name: 's', layers: [] } }
  assert.ok(needsTensorLibrary(model([dense()], { model: { topology } }), CPU))
})

test('a job with a GPU needs it, and one that names a backend that computes with it', () => {
  const trainings: WorkerTraining[] = [model([dense()]), preset('auto-mpg'), preset('fashion-mnist')]
  for (const training of trainings) {
    for (const backend of ['auto', 'any'] as const) {
      assert.ok(needsTensorLibrary({ ...training, backend }, { ...CPU, gpus: 1 }))
      assert.ok(!needsTensorLibrary({ ...training, backend }, CPU))
    }
    for (const backend of BACKENDS)
      assert.equal(needsTensorLibrary({ ...training, backend }, CPU), backend !== 'simd', backend)
  }
})

test('linear regression never needs it', () => {
  for (const backend of ['auto', 'any', 'cpu'] as const)
    for (const gpus of [0, 1])
      assert.ok(!needsTensorLibrary(preset('linear-regression', { backend }), { ...CPU, gpus }))
})

test('a net that may be larger than our own kernels’ memory keeps the rungs below them', () => {
  assert.ok(needsTensorLibrary(model([dense()]), { gpus: 0, memoryMiB: 2049 }))
  assert.ok(!needsTensorLibrary(model([dense()], { backend: 'simd' }), { gpus: 0, memoryMiB: 65_536 }))
})

test('the nets of the presets fit, however much memory the job asks for', () => {
  for (const name of PRESETS) {
    const training = preset(name)
    const expanded = expandPreset(training)
    if (expanded !== null) {
      const { layers } = expanded.model as { layers: PlannedLayer[] }
      const plan = planNet(layers, expanded.data.format === 'auto-mpg' ? [9] : [32, 32, 3])
      assert.equal(whyNotSimd(plan, expanded.batchSize, expanded.shares), null)
    }
    assert.ok(!needsTensorLibrary(training, { gpus: 0, memoryMiB: 65_536 }))
  }
})
