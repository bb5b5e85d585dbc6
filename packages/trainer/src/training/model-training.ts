// A net, its data and its optimizer under way: what an epoch is, what is remembered between two batches, and what is said at the end.
// As Keras's fit() does it: shuffle, batches with a last partial one, then the validation part.
import { ARTIFACTS, type ModelTraining } from '@trotline/contracts'
import type { NewArtifact } from '../artifacts/artifact.ts'
import { jsonArtifact } from '../artifacts/artifact.ts'
import { layersModel } from '../artifacts/layers-model.ts'
import { modelGraph } from '../artifacts/model-graph.ts'
import { rowNumbers } from '../data/subset.ts'
import type { TrainingData } from '../data/training-data.ts'
import type { EngineNet } from '../engine/engine.ts'
import { TrainerError } from '../errors.ts'
import { createEvaluator } from '../evaluation/evaluation.ts'
import type { Part } from '../evaluation/evaluator.ts'
import type { Pace } from '../pace.ts'
import type { RandomState } from '../random/random-state.ts'
import {
  bytesIn,
  copyState,
  MOST_STATE_BYTES,
  type NamedNumbers,
  overwriteState,
  type TrainingState,
} from '../state.ts'
import type { EpochValues, Trainable } from '../trainable.ts'
import type { Compiled } from './compile.ts'
import { createBestWeights, createEarlyStopping } from './early-stopping.ts'
import { createHead } from './head.ts'
import { createPartReader, evaluationRows, type PartReader } from './part-reader.ts'
import { learningRateOf } from './schedule.ts'

export interface ModelParts {
  training: ModelTraining
  data: TrainingData
  net: EngineNet
  compiled: Compiled
  /** The one that the net draws the masks of dropout from; it draws the order of the rows too. */
  random: RandomState
  /** What else has to be given back. */
  dispose(): void
}

/** @throws TrainerError TRAIN_TOO_LARGE where no checkpoint could hold its state, TRAIN_BAD_MODEL */
export function createModelTraining({ training, data, net, compiled, random, dispose }: ModelParts): Trainable {
  const { epochs: asked, batchSize, shuffle } = training
  const train = createPartReader(data.train, batchSize)
  const chunk = evaluationRows(data.train, batchSize)
  const validation = data.validation && createPartReader(data.validation, chunk)
  const head = createHead(compiled, Math.max(batchSize, chunk))
  const rate = learningRateOf(training.optimizer.learningRate)
  const keys = Object.keys({
    ...head.valuesOf(head.newSums(), ''),
    ...(validation ? head.valuesOf(head.newSums(), 'val_') : {}),
  })
  const stopping = training.earlyStopping && createEarlyStopping(training.earlyStopping, keys)
  const keeping = training.bestWeights
    ? createBestWeights(training.bestWeights, keys)
    : training.earlyStopping?.restoreBestWeights
      ? stopping
      : null

  const order = rowNumbers(0, data.train.rows)
  const sums = head.newSums()
  const stoppedAt = Float64Array.of(-1)
  const best: NamedNumbers = Object.fromEntries(
    keeping ? Object.entries(net.weights).map(([name, numbers]) => [`best/${name}`, numbers.slice()]) : [],
  )
  let epochs = 0
  let batches = 0
  // Each epoch shuffles the order that the one before it left. Done when that one ends, so that what is saved between two batches
  // never needs a word on whether it was done.
  if (shuffle) random.shuffle(order)

  const present = (): TrainingState => ({
    weights: net.weights,
    rest: {
      ...net.moments,
      'loop/order': order,
      'loop/sums': sums,
      ...(stopping ? { 'loop/early stopping': stopping.memory, 'loop/stopped': stoppedAt } : {}),
      ...(keeping && keeping !== stopping ? { 'loop/best': keeping.memory } : {}),
      ...best,
    },
    random: random.state,
  })
  refuseTooLarge(present())

  /** Throws before anything has changed, where the data cannot be read. */
  function trainBatch(): void {
    const { features, targets, rows } = train.read(order, batches)
    head.begin(targets, rows)
    net.step(features, rows, head.step(sums, net.penalty()), rate(epochs * train.batches + batches))
    batches += 1
  }

  /** null: stopped. */
  async function measure(
    part: PartReader,
    pace: Pace,
    each: (rows: number) => void = () => undefined,
  ): Promise<Float64Array | null> {
    const measured = head.newSums()
    const penalty = net.penalty()
    for (let batch = 0; batch < part.batches; batch++) {
      if (pace.due()) await pace.rest()
      if (pace.stopped) return null
      const { features, targets, rows } = part.read(null, batch)
      head.begin(targets, rows)
      head.measure(net.predict(features, rows), measured, penalty)
      each(rows)
    }
    return measured
  }

  function endEpoch(values: EpochValues): void {
    const verdict = stopping?.epochEnded(epochs, values)
    if (verdict?.stop) stoppedAt[0] = epochs
    const kept = keeping === stopping ? verdict : keeping?.epochEnded(epochs, values)
    if (kept?.best)
      for (const [name, numbers] of Object.entries(net.weights)) best[`best/${name}`]?.set(numbers as Float32Array)
    epochs += 1
    batches = 0
    sums.fill(0)
    if (shuffle) random.shuffle(order)
  }

  function leaveBestWeights(): void {
    if (keeping?.memory[1] === undefined || keeping.memory[1] === -1) return
    for (const [name, numbers] of Object.entries(net.weights)) numbers.set(best[`best/${name}`] as Float32Array)
    net.stateChanged()
  }

  return {
    async trainEpoch(pace, watch) {
      while (batches < train.batches) {
        if (pace.due()) await pace.rest()
        if (pace.stopped) return
        trainBatch()
        if (!Number.isFinite(head.batchLoss)) {
          watch.diverged(divergence(head.batchLoss, { epochs, batches }, { epochs: asked, batches: train.batches }))
          return
        }
      }
      const values = head.valuesOf(sums, '')
      if (validation) {
        const measured = await measure(validation, pace)
        if (measured === null) return
        Object.assign(values, head.valuesOf(measured, 'val_'))
      }
      endEpoch(values)
      watch.ended(values)
    },
    progress: () => ({ epochs, batches }),
    finished: () => epochs === asked || stoppedAt[0] !== -1,
    async evaluate(pace) {
      leaveBestWeights()
      const [part, rows] = lastPart(data)
      const evaluator = createEvaluator(part, rows, compiled)
      const measured = await measure(createPartReader(rows, chunk), pace, count =>
        evaluator.add(head.predictions, head.targets, count),
      )
      if (measured === null) return null
      const artifacts: NewArtifact[] = [
        ...layersModel(net),
        jsonArtifact(ARTIFACTS.graph, modelGraph(net, data.train.shape)),
        jsonArtifact(ARTIFACTS.evaluation, evaluator.result()),
      ]
      return { values: part === 'test' ? head.valuesOf(measured, 'test_') : {}, artifacts }
    },
    facts: () => ({
      coefficients: null,
      trainStatistics: data.statistics,
      layers: net.summary.map(({ outputShape, ...layer }) => ({ ...layer, outputShape: [...outputShape] })),
      best: keeping?.best() ?? null,
      stoppedEarlyAt: stoppedAt[0] === -1 ? null : (stoppedAt[0] as number),
    }),
    state: () => copyState(present()),
    restore(progress, state) {
      overwriteState(present(), state)
      if (state.random) random.state = state.random
      epochs = progress.epochs
      batches = progress.batches
      net.stateChanged()
    },
    dispose,
  }
}

function lastPart({ train, validation, test }: TrainingData): [Part, TrainingData['train']] {
  if (test) return ['test', test]
  return validation ? ['validation', validation] : ['training', train]
}

/** Now, because a checkpoint that cannot be read again is found out after hours. */
function refuseTooLarge(state: TrainingState): void {
  const bytes = bytesIn(state)
  if (bytes <= MOST_STATE_BYTES) return
  const gibibytes = (of: number): string => (of / 2 ** 30).toFixed(1)
  const sentence = `The training has ${gibibytes(bytes)} GiB to keep in a checkpoint (weights, what the optimizer remembers of them, the best weights, the order of the rows), and a checkpoint holds ${gibibytes(MOST_STATE_BYTES)} GiB: take a smaller net, or an optimizer that remembers less, such as sgd.`
  throw new TrainerError('TRAIN_TOO_LARGE', sentence, { details: { bytes, most: MOST_STATE_BYTES } })
}

function divergence(
  loss: number,
  { epochs, batches }: { epochs: number; batches: number },
  of: { epochs: number; batches: number },
): TrainerError {
  const sentence = `The loss of epoch ${epochs + 1} of ${of.epochs}, batch ${batches} of ${of.batches}, is ${loss}: no later batch can recover from that.`
  return new TrainerError('TRAIN_NAN_LOSS', sentence, {
    details: { epoch: epochs, batch: batches - 1, loss: String(loss) },
  })
}
