// Rows to train on, wherever they lie: read by row numbers, a batch at a time.

export interface Dataset {
  readonly rows: number
  /** Of one row: [features] or [height, width, channels]. */
  readonly shape: readonly number[]
  /** Numbers in one row's target: 1 for a number or a class. */
  readonly targets: number
  /** The targets are class numbers 0 … n − 1 with these names; null: they are numbers. */
  readonly classes: readonly string[] | null
  /**
   * Copies rows into `features` (indices.length × shape, row-major) and their targets into `targets`.
   * @throws TrainerError TRAIN_BAD_DATA where a file changed or ended meanwhile
   */
  read(indices: Int32Array, features: Float32Array, targets: Float32Array): void
  /** Closes files. */
  close(): void
}
