// Classification: how often each class is told right, what it is taken for, and some rows with all their probabilities.
import type { Evaluation } from '@trotline/contracts'
import type { Dataset } from '../data/dataset.ts'
import { sizeOf } from '../model/plan.ts'
import { largest } from '../training/metrics.ts'
import type { Evaluator, Part } from './evaluator.ts'
import { spread } from './spread.ts'

const SAMPLES = 32
/** Of 256 classes the matrix has 65,536 numbers. */
const MAX_SHOWN_CLASSES = 256

type Sample = Extract<Evaluation, { kind: 'classification' }>['samples'][number]

/** @param width 1: one number a row, the probability of the second of two classes */
export function createClassification(part: Part, data: Dataset, names: readonly string[], width: number): Evaluator {
  const shown = names.length <= MAX_SHOWN_CLASSES
  const rowsOf = names.map(() => 0)
  const rightOf = names.map(() => 0)
  const confusion = shown ? names.map(() => names.map(() => 0)) : null
  const sampled = spread(data.rows, SAMPLES)
  const samples: Omit<Sample, 'image'>[] = []
  let seen = 0

  const classOf = (values: Float64Array, row: number): number =>
    width === 1 ? Number((values[row] as number) > 0.5) : largest(values, row * width, width)

  function probabilities(values: Float64Array, row: number): (number | null)[] {
    if (!shown) return []
    const given = Array.from(values.subarray(row * width, (row + 1) * width))
    const all = width === 1 ? [1 - (given[0] as number), given[0] as number] : given
    return all.map(value => (Number.isFinite(value) ? value : null))
  }

  return {
    add(predictions, targets, count) {
      for (let row = 0; row < count; row++, seen++) {
        const truth = classOf(targets, row)
        const predicted = classOf(predictions, row)
        rowsOf[truth] = (rowsOf[truth] as number) + 1
        if (predicted === truth) rightOf[truth] = (rightOf[truth] as number) + 1
        const line = confusion?.[truth]
        if (line) line[predicted] = (line[predicted] as number) + 1
        if (seen === sampled[samples.length])
          samples.push({ row: seen, true: truth, predicted, probabilities: probabilities(predictions, row) })
      }
    },
    result: () => ({
      v: 1,
      kind: 'classification',
      part,
      rows: seen,
      accuracy: sum(rightOf) / seen,
      classes: names.map((name, i) => ({
        name,
        rows: rowsOf[i] as number,
        accuracy: rowsOf[i] === 0 ? null : (rightOf[i] as number) / (rowsOf[i] as number),
      })),
      confusion,
      samples: withImages(samples, data),
    }),
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)

function withImages(samples: readonly Omit<Sample, 'image'>[], data: Dataset): Sample[] {
  const [height, width, channels] = data.shape
  if (height === undefined || width === undefined || (channels !== 1 && channels !== 3))
    return samples.map(sample => ({ ...sample, image: null }))
  const size = sizeOf(data.shape)
  const features = new Float32Array(samples.length * size)
  const rows = Int32Array.from(samples, ({ row }) => row)
  data.read(rows, features, new Float32Array(samples.length * data.targets))
  const { lowest, highest } = range(features)
  const byte = (value: number): number => Math.round((255 * (value - lowest)) / (highest - lowest || 1))
  return samples.map((sample, i) => {
    const pixels = Buffer.from(Uint8Array.from(features.subarray(i * size, (i + 1) * size), byte)).toString('base64')
    return { ...sample, image: { height, width, channels, pixels } }
  })
}

function range(values: Float32Array): { lowest: number; highest: number } {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < lowest) lowest = value
    if (value > highest) highest = value
  }
  return { lowest, highest }
}
