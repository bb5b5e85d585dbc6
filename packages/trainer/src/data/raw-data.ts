// What a data file gives before it is split and scaled. The formats beside this file each make one; training-data.ts puts the
// training, validation and test part together from them.
import type { Dataset } from './dataset.ts'
import type { Table } from './table.ts'

export interface RawData extends Dataset {
  /** The file to name where two files do not fit each other. */
  readonly path: string
  /** The request asks for z-scores. They are made of the training part, which is not known here. */
  readonly zScore: boolean
  /** Rows of named columns; null: the features are one array. */
  readonly table: Table | null
  /** `line 17`, `row 4`: how the file's readers count. */
  placeOf(row: number): string
  /** Of a row that has one. */
  targetOf(row: number): number
  /** Like Dataset's; into float64 too, for whatever is computed before it is rounded. */
  read(indices: Int32Array, features: Float32Array | Float64Array, targets: Float32Array | Float64Array): void
}
