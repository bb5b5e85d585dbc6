// One part of the data, a batch at a time, into arrays that are used again and again: exercise 2 reads 8,000 batches in 0.3 s.
import type { Dataset } from '../data/dataset.ts'
import { rowNumbers } from '../data/subset.ts'
import { sizeOf } from '../model/plan.ts'

export interface Batch {
  /** rows × features, row-major */
  features: Float32Array
  targets: Float32Array
  rows: number
}

export interface PartReader {
  readonly batches: number
  /**
   * What it returns holds until the next call.
   * @param order the rows' order; null: as they lie
   * @throws TrainerError TRAIN_BAD_DATA as the data set does
   */
  read(order: Int32Array | null, batch: number): Batch
}

/** A part of so many numbers, 16 MiB, is read and scaled once and kept: 9 columns of z-scores cost 7 µs a batch, a copy of them 0.3. */
const KEPT_NUMBERS = 4_194_304

export function createPartReader(data: Dataset, batchSize: number): PartReader {
  const size = sizeOf(data.shape)
  const most = Math.min(batchSize, data.rows)
  const inPlace = rowNumbers(0, data.rows)
  const kept = data.rows * (size + data.targets) <= KEPT_NUMBERS ? readAll(data, inPlace, size) : null
  const room = { features: new Float32Array(most * size), targets: new Float32Array(most * data.targets) }
  const batches = Math.ceil(data.rows / most)
  const lastRows = data.rows - (batches - 1) * most
  const whole: Batch = { ...room, rows: most }
  const last = rowsOf(room, 0, lastRows, size, data.targets)
  const asTheyLie =
    kept === null
      ? null
      : Array.from({ length: batches }, (_, batch) =>
          rowsOf(kept, batch * most, batch === batches - 1 ? lastRows : most, size, data.targets),
        )
  return {
    batches,
    read(order, batch) {
      if (order === null && asTheyLie !== null) return asTheyLie[batch] as Batch
      const into = batch === batches - 1 ? last : whole
      const from = batch * most
      if (kept === null) data.read((order ?? inPlace).subarray(from, from + into.rows), into.features, into.targets)
      else {
        gather(kept.features, size, order as Int32Array, from, into.rows, into.features)
        gather(kept.targets, data.targets, order as Int32Array, from, into.rows, into.targets)
      }
      return into
    },
  }
}

type Rows = Omit<Batch, 'rows'>

function readAll(data: Dataset, rows: Int32Array, size: number): Rows {
  const all = { features: new Float32Array(rows.length * size), targets: new Float32Array(rows.length * data.targets) }
  data.read(rows, all.features, all.targets)
  return all
}

const rowsOf = ({ features, targets }: Rows, from: number, rows: number, size: number, width: number): Batch => ({
  features: features.subarray(from * size, (from + rows) * size),
  targets: targets.subarray(from * width, (from + rows) * width),
  rows,
})

/** Below this a loop is faster than the call of set(). */
const SHORT_ROW = 64

function gather(
  all: Float32Array,
  size: number,
  order: Int32Array,
  from: number,
  rows: number,
  into: Float32Array,
): void {
  for (let i = 0; i < rows; i++) {
    const row = (order[from + i] as number) * size
    if (size > SHORT_ROW) into.set(all.subarray(row, row + size), i * size)
    else for (let j = 0; j < size; j++) into[i * size + j] = all[row + j] as number
  }
}

/** Numbers in one chunk that is predicted at once, about 256 kB, so that a chunk of large images does not keep the event loop waiting. */
const CHUNK_NUMBERS = 65_536
const MAX_CHUNK_ROWS = 256

/** Rows that are predicted at once in an evaluation: at least a batch, because a call costs as much as several small rows. */
export const evaluationRows = (data: Dataset, batchSize: number): number => {
  const fitting = 4 * Math.floor(CHUNK_NUMBERS / sizeOf(data.shape) / 4)
  return Math.max(batchSize, Math.min(MAX_CHUNK_ROWS, fitting))
}
