// Data sets in memory, for trainings that are over in milliseconds.
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import type { TrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'

export interface Rows {
  shape: readonly number[]
  features: ArrayLike<number>
  targets: ArrayLike<number>
  /** Numbers in one row's target. */
  width?: number
  classes?: readonly string[] | null
}

export function dataset({ shape, features, targets, width = 1, classes = null }: Rows): Dataset {
  const size = shape.reduce((product, side) => product * side, 1)
  return {
    rows: targets.length / width,
    shape,
    targets: width,
    classes,
    read(indices, into, targetsInto) {
      indices.forEach((row, i) => {
        for (let j = 0; j < size; j++) into[i * size + j] = features[row * size + j] as number
        for (let j = 0; j < width; j++) targetsInto[i * width + j] = targets[row * width + j] as number
      })
    },
    close() {},
  }
}

/** y = x₀ − 2·x₁ + x₀·x₁, a little noise in it. */
export function surface(rows: number, seed: number): Dataset {
  const random = new RandomState(seed)
  const features = random.randn(2 * rows)
  const noise = random.randn(rows)
  const targets = noise.map((noisy, i) => {
    const [a, b] = [features[2 * i] as number, features[2 * i + 1] as number]
    return a - 2 * b + a * b + 0.01 * noisy
  })
  return dataset({ shape: [2], features, targets })
}

/** Which third of the plane, seen from the origin, a point lies in. */
export function thirds(rows: number, seed: number): Dataset {
  const features = new RandomState(seed).randn(2 * rows)
  const targets = Int32Array.from({ length: rows }, (_, i) => {
    const angle = Math.atan2(features[2 * i] as number, features[2 * i + 1] as number)
    return Math.min(2, Math.floor((3 * (angle + Math.PI)) / (2 * Math.PI)))
  })
  return dataset({ shape: [2], features, targets, classes: ['left', 'right', 'top'] })
}

export const parts = (
  train: Dataset,
  validation: Dataset | null = null,
  test: Dataset | null = null,
): TrainingData => ({ train, validation, test, statistics: null, close() {} })
