// What a training leaves: a model that tfjs opens and that predicts the same, its graph, its evaluation.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { Evaluation, ModelGraph, TrainingReport } from '../../../packages/contracts/src/index.ts'
import { modelGraph } from '../../../packages/trainer/src/artifacts/model-graph.ts'
import { openCpu } from '../../../packages/trainer/src/backends/cpu.ts'
import { openTrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import type { NewArtifact } from '../../../packages/trainer/src/index.ts'
import { makeAssets } from './assets.ts'
import { thirds } from './made-up-data.ts'
import { type Request, type Trained, train, trainingOf } from './training.ts'

const directory = await makeAssets()
before(openCpu)

const artifactsOf = ({ outcome }: Trained): Map<string, Uint8Array> => {
  assert.equal(outcome.kind, 'completed', JSON.stringify(outcome))
  const { artifacts } = outcome as { artifacts: NewArtifact[] }
  return new Map(artifacts.map(({ name, bytes }) => [name, bytes]))
}
const jsonOf = (artifacts: Map<string, Uint8Array>, name: string): unknown =>
  JSON.parse(Buffer.from(artifacts.get(name) as Uint8Array).toString('utf8'))

/** As a page opens it: by the address of model.json, the weights beside it. */
function load(artifacts: Map<string, Uint8Array>): Promise<layers.LayersModel> {
  const { modelTopology, weightsManifest, format } = jsonOf(artifacts, 'model.json') as tf.io.ModelJSON
  assert.equal(format, 'layers-model')
  const [{ paths, weights }] = weightsManifest as [tf.io.WeightsManifestConfig[number]]
  assert.deepEqual(paths, ['weights.bin'])
  const weightData = Uint8Array.from(artifacts.get('weights.bin') as Uint8Array).buffer
  return layers.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData } as tf.io.ModelArtifacts),
  )
}

const model = (of: object): Request => ({
  kind: 'model',
  data: { format: 'auto-mpg' },
  split: {},
  validationSplit: 0.2,
  optimizer: { kind: 'adam', learningRate: 0.01 },
  loss: 'mse',
  epochs: 2,
  ...of,
})
const DENSE = {
  layers: [
    { kind: 'dense', units: 6, activation: 'tanh' },
    { kind: 'dropout', rate: 0.1 },
    { kind: 'dense', units: 1 },
  ],
}
const NORMALIZED = {
  layers: [
    { kind: 'dense', units: 6, activation: 'relu' },
    { kind: 'batchNormalization' },
    { kind: 'dense', units: 1, activation: 'softplus' },
  ],
}
const FOREIGN = {
  layers: [
    { kind: 'dense', units: 6 },
    { kind: 'tfjs', className: 'LayerNormalization', config: {} },
    { kind: 'dense', units: 1 },
  ],
}

for (const [name, request] of [
  ['exercise 2 on simd', { preset: 'auto-mpg', epochs: 3 }],
  ['exercise 2 on the cpu backend', { preset: 'auto-mpg', epochs: 2, backend: 'cpu' }],
  ['dropout on simd', model({ model: DENSE })],
  ['batch normalization on the cpu backend', model({ model: NORMALIZED, backend: 'cpu' })],
  ['a layer that only tfjs knows', model({ model: FOREIGN, backend: 'cpu' })],
] as [string, Request][])
  test(`${name}: tfjs opens the model, and it predicts what the evaluation says`, async () => {
    const trained = await train(directory, request)
    const artifacts = artifactsOf(trained)
    await openCpu()
    const opened = await load(artifacts)
    const evaluation = Evaluation.parse(jsonOf(artifacts, 'evaluation.json')) as Extract<
      Evaluation,
      { kind: 'regression' }
    >
    const { test: part } = await openTrainingData(trainingDataOf(request), { directory })
    assert.ok(part)
    assert.deepEqual([evaluation.part, evaluation.rows], ['test', part.rows])
    const features = new Float32Array(part.rows * 9)
    const targets = new Float32Array(part.rows)
    part.read(
      Int32Array.from({ length: part.rows }, (_, i) => i),
      features,
      targets,
    )
    const predicted = tf.tidy(() => (opened.predict(tf.tensor2d(features, [part.rows, 9])) as tf.Tensor).dataSync())
    opened.dispose()
    const [{ pairs }] = evaluation.outputs as [(typeof evaluation.outputs)[number]]
    let squared = 0
    pairs.row.forEach((row, i) => {
      assert.equal(pairs.true[i], targets[row])
      const said = pairs.predicted[i] as number
      assert.ok(Math.abs((predicted[row] as number) - said) <= 2e-5 * Math.max(1, Math.abs(said)), `row ${row}`)
      squared += (said - (targets[row] as number)) ** 2
    })
    const report = TrainingReport.parse(trained.outcome.report)
    assert.ok(Math.abs(squared / part.rows / Number(report.metrics.test_loss) - 1) < 1e-9)
    // The weights in the file are those that the report names.
    const graph = ModelGraph.parse(jsonOf(artifacts, 'model-graph.json'))
    assert.equal(
      graph.nodes.reduce((sum, { params }) => sum + 4 * params, 0),
      artifacts.get('weights.bin')?.length,
    )
  })

const trainingDataOf = (request: Request) => {
  const training = trainingOf('preset' in request ? model({ model: DENSE }) : request)
  assert.equal(training.kind, 'model')
  return training
}

for (const backend of ['simd', 'cpu'])
  test(`classes of a CSV file on ${backend}: what the evaluation counts is what the opened model tells apart`, async () => {
    const path = join(directory, 'thirds.csv')
    const [data, names] = [thirds(240, 4), ['left', 'right', 'top']]
    const [features, targets] = [new Float32Array(480), new Float32Array(240)]
    data.read(
      Int32Array.from({ length: 240 }, (_, i) => i),
      features,
      targets,
    )
    const lines = Array.from(targets, (target, i) => `${features[2 * i]},${features[2 * i + 1]},${names[target]}`)
    await writeFile(path, `x,y,where\n${lines.join('\n')}\n`)
    const request: Request = {
      kind: 'model',
      data: { format: 'csv', path, target: 'where', columns: { where: 'category' } },
      split: { trainFraction: 0.75 },
      model: {
        layers: [
          { kind: 'dense', units: 8, activation: 'relu' },
          { kind: 'dense', units: 3, activation: 'softmax' },
        ],
      },
      optimizer: { kind: 'adam', learningRate: 0.02 },
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      classWeights: { 1: 1.5 },
      epochs: 20,
      backend,
    }
    const trained = await train(directory, request)
    const artifacts = artifactsOf(trained)
    assert.equal(trained.outcome.report?.backend, backend)
    const found = Evaluation.parse(jsonOf(artifacts, 'evaluation.json')) as Extract<
      Evaluation,
      { kind: 'classification' }
    >
    assert.deepEqual(
      [found.part, found.rows, found.accuracy],
      ['test', 60, trained.outcome.report?.metrics.test_accuracy],
    )
    assert.ok(found.accuracy > 0.85, String(found.accuracy))
    assert.deepEqual(
      found.classes.map(({ name }) => name),
      names,
    )

    await openCpu()
    const opened = await load(artifacts)
    const training = trainingOf(request)
    assert.equal(training.kind, 'model')
    const { test: part } = await openTrainingData(training as Extract<typeof training, { kind: 'model' }>, {
      directory,
    })
    assert.ok(part)
    const rows = new Float32Array(120)
    const truths = new Float32Array(60)
    part.read(
      Int32Array.from({ length: 60 }, (_, i) => i),
      rows,
      truths,
    )
    const told = tf.tidy(() => (opened.predict(tf.tensor2d(rows, [60, 2])) as tf.Tensor).arraySync()) as number[][]
    opened.dispose()
    const confusion = names.map(() => [0, 0, 0])
    told.forEach((probabilities, row) => {
      const line = confusion[truths[row] as number] as number[]
      const predicted = probabilities.indexOf(Math.max(...probabilities))
      line[predicted] = (line[predicted] as number) + 1
    })
    assert.deepEqual(found.confusion, confusion)
    for (const { row, true: truth, probabilities } of found.samples) {
      assert.equal(truth, truths[row])
      probabilities.forEach((said, i) => {
        assert.ok(Math.abs(Number(said) - (told[row]?.[i] as number)) < 2e-6, `row ${row}`)
      })
    }
  })

test('the graph of layers in a row has an edge from each to the next, from the input on', async () => {
  const artifacts = artifactsOf(await train(directory, model({ model: DENSE })))
  const { nodes, edges } = ModelGraph.parse(jsonOf(artifacts, 'model-graph.json'))
  assert.deepEqual(
    nodes.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]),
    [
      ['input', 'InputLayer', [9], 0],
      ['dense', 'Dense', [6], 60],
      ['dropout', 'Dropout', [6], 0],
      ['dense_1', 'Dense', [1], 7],
    ],
  )
  assert.deepEqual(edges, [
    { from: 'input', to: 'dense' },
    { from: 'dense', to: 'dropout' },
    { from: 'dropout', to: 'dense_1' },
  ])
})

test('the graph of a topology has its own edges, a skip connection among them', async () => {
  const input = layers.input({ shape: [9], name: 'in' })
  const a = layers.layers.dense({ units: 4, name: 'a' }).apply(input) as layers.SymbolicTensor
  const b = layers.layers.dense({ units: 4, name: 'b' }).apply(a) as layers.SymbolicTensor
  const sum = layers.layers.add({ name: 'sum' }).apply([a, b]) as layers.SymbolicTensor
  const output = layers.layers.dense({ units: 1, name: 'out' }).apply(sum) as layers.SymbolicTensor
  const topology = JSON.parse(layers.model({ inputs: input, outputs: output }).toJSON() as string)
  const artifacts = artifactsOf(await train(directory, model({ model: { topology }, backend: 'cpu' })))
  const { nodes, edges } = ModelGraph.parse(jsonOf(artifacts, 'model-graph.json'))
  assert.deepEqual(nodes.map(({ name }) => name).sort(), ['a', 'b', 'in', 'out', 'sum'])
  assert.deepEqual(edges.map(({ from, to }) => `${from} ${to}`).sort(), ['a b', 'a sum', 'b sum', 'in a', 'sum out'])
  await load(artifacts)
})

test('the history of calls is read in Keras 3’s words too', () => {
  const keras3 = (from: string) => [
    { args: [{ class_name: '__keras_tensor__', config: { keras_history: [from, 0, 0] } }], kwargs: {} },
  ]
  const topology = {
    class_name: 'Functional',
    config: {
      layers: [
        { class_name: 'InputLayer', name: 'x', config: { name: 'x' }, inbound_nodes: [] },
        { class_name: 'Dense', name: 'y', config: { name: 'y' }, inbound_nodes: keras3('x') },
      ],
    },
  }
  const summary = [
    { name: 'x', type: 'InputLayer', outputShape: [2], params: 0 },
    { name: 'y', type: 'Dense', outputShape: [1], params: 3 },
  ]
  assert.deepEqual(modelGraph({ topology, summary }, [2]).edges, [{ from: 'x', to: 'y' }])
})

test('linear regression leaves its points and its line', async () => {
  const { outcome } = await train(directory, { preset: 'linear-regression', epochs: 1000, seed: 42 })
  assert.equal(outcome.kind, 'completed')
  const artifacts = artifactsOf({ outcome } as Trained)
  const line = Evaluation.parse(jsonOf(artifacts, 'evaluation.json')) as Extract<Evaluation, { kind: 'line' }>
  assert.deepEqual([line.training.x.length, line.validation.y.length], [80, 20])
  assert.equal(line.end.b?.toFixed(8), '1.96896411')
  ModelGraph.parse(jsonOf(artifacts, 'model-graph.json'))
})

test('every artifact is named as the contract has it, and there are none of a training that was stopped', async () => {
  const artifacts = artifactsOf(await train(directory, { preset: 'auto-mpg', epochs: 1 }))
  assert.deepEqual([...artifacts.keys()].sort(), ['evaluation.json', 'model-graph.json', 'model.json', 'weights.bin'])
  const { outcome } = await train(directory, { preset: 'auto-mpg' }, { signal: AbortSignal.abort() })
  assert.equal('artifacts' in outcome, false)
})
