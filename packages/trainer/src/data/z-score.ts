// Mean and standard deviation of every feature, and the rows scaled by them: (value − mean) ÷ std, in float64, then rounded to float32.
// They are of the training part alone, so that the other parts stay unseen.
import { badData } from './bad-data.ts'
import type { Dataset } from './dataset.ts'
import type { Description } from './describe.ts'
import type { RawData } from './raw-data.ts'
import { takeTurn } from './turn.ts'

/** One number for each feature of a row, row-major. */
export interface ZScore {
  mean: Float64Array
  std: Float64Array
}

/** Read between two turns of the event loop where all rows are gone through: some ms. */
const BLOCK_NUMBERS = 262_144

export function zScoreOf(descriptions: readonly Description[]): ZScore {
  const score = {
    mean: Float64Array.from(descriptions, ({ mean }) => mean),
    std: Float64Array.from(descriptions, ({ std }) => std),
  }
  descriptions.forEach(({ min, max }, feature) => {
    if (min === max) leaveAtZero(score, feature, min)
  })
  return score
}

/**
 * The same of arrays, which may be larger than memory: in two passes over the file, std dividing by rows − 1.
 * @param rows at least two; in the order of the file
 */
export async function measureZScore(raw: RawData, rows: Int32Array, signal: AbortSignal): Promise<ZScore> {
  const size = raw.shape.reduce((product, side) => product * side, 1)
  const score = { mean: new Float64Array(size), std: new Float64Array(size) }
  const { mean, std } = score
  const least = new Float64Array(size).fill(Number.POSITIVE_INFINITY)
  const most = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
  await eachRow(raw, rows, signal, (block, from) => {
    for (let i = 0; i < size; i++) {
      const value = block[from + i] as number
      mean[i] = (mean[i] as number) + value
      if (value < (least[i] as number)) least[i] = value
      if (value > (most[i] as number)) most[i] = value
    }
  })
  for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) / rows.length
  await eachRow(raw, rows, signal, (block, from) => {
    for (let i = 0; i < size; i++)
      std[i] = (std[i] as number) + ((block[from + i] as number) - (mean[i] as number)) ** 2
  })
  for (let i = 0; i < size; i++) std[i] = Math.sqrt((std[i] as number) / (rows.length - 1))
  for (let i = 0; i < size; i++) if (least[i] === most[i]) leaveAtZero(score, i, least[i] as number)
  return score
}

/** A feature that never varies becomes 0: it is divided by 1, because its own deviation is 0 or what rounding left of it. */
function leaveAtZero({ mean, std }: ZScore, feature: number, value: number): void {
  mean[feature] = value
  std[feature] = 1
}

async function eachRow(
  raw: RawData,
  rows: Int32Array,
  signal: AbortSignal,
  visit: (block: Float64Array, from: number) => void,
): Promise<void> {
  const size = raw.shape.reduce((product, side) => product * side, 1)
  const most = Math.max(1, Math.floor(BLOCK_NUMBERS / size))
  const block = new Float64Array(most * size)
  const targets = new Float64Array(most * raw.targets)
  for (let first = 0; first < rows.length; first += most) {
    const indices = rows.subarray(first, first + most)
    raw.read(indices, block, targets)
    for (let i = 0; i < indices.length; i++) visit(block, i * size)
    await takeTurn(signal)
  }
}

/** @throws TrainerError TRAIN_BAD_DATA where a scaled value is beyond float32: the rows are far from those that were measured */
export function zScored(raw: RawData, { mean, std }: ZScore): Dataset {
  const size = mean.length
  let unscaled = new Float64Array(0)
  return {
    rows: raw.rows,
    shape: raw.shape,
    targets: raw.targets,
    classes: raw.classes,
    read(indices, features, targets) {
      const numbers = indices.length * size
      if (unscaled.length < numbers) unscaled = new Float64Array(numbers)
      raw.read(indices, unscaled, targets)
      for (let i = 0; i < indices.length; i++) {
        const from = i * size
        for (let k = 0; k < size; k++) {
          const scaled = ((unscaled[from + k] as number) - (mean[k] as number)) / (std[k] as number)
          features[from + k] = scaled
          if (!Number.isFinite(features[from + k]))
            throw badData(
              { path: raw.path, at: raw.placeOf(indices[i] as number) },
              `has the z-score ${scaled}, beyond float32`,
            )
        }
      }
    },
    close: () => raw.close(),
  }
}
