// Exercise 2 for the yardstick: the same net from the same start on the same rows, scaled and split by us.
import { expandPreset, type PresetTraining, WorkerTraining } from '@trotline/contracts'
import { openTrainingData } from '../../packages/trainer/src/data/training-data.ts'
import type { Subject } from './trainer-bundle.ts'

/** What the yardstick is told to make. Its shuffles are its own. */
export async function exercise2Order(seed: number, { assets }: Pick<Subject, 'assets'>): Promise<object> {
  const preset = WorkerTraining.parse({ kind: 'preset', preset: 'auto-mpg' }) as PresetTraining
  const training = expandPreset(preset)
  if (training === null || !('layers' in training.model)) throw new TypeError('exercise 2 is a net in layers')
  const { train, validation, close } = await openTrainingData(training, assets)
  const parts = [train, ...(validation === null ? [] : [validation])].map(part => {
    const features = new Float32Array(part.rows * (part.shape[0] ?? 0))
    const labels = new Float32Array(part.rows)
    part.read(Int32Array.from(labels.keys()), features, labels)
    return { features, labels }
  })
  close()
  return {
    layers: training.model.layers,
    features: base64(parts.map(({ features }) => features)),
    labels: base64(parts.map(({ labels }) => labels)),
    train: train.rows,
    seed,
  }
}

const base64 = (arrays: readonly Float32Array[]): string =>
  Buffer.concat(arrays.map(array => Buffer.from(array.buffer, array.byteOffset, array.byteLength))).toString('base64')
