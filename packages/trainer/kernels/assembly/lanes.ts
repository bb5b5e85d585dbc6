// What a value is here: one v128 holds the same value of four images (rows of a batch). A tile is four images; an activation is
// [tile][y][x][channel][4 images], so every kernel reads like one for a single image.

/** Bytes of one value of four images. */
export const LANES: usize = 16

/** a + b · c in two roundings: a fused one is not the same on every machine. */
// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(b, c), a)
}

/** The sums over the four images of a, b, c and d. */
// @ts-ignore: decorator
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
}

/** 4 × 4 numbers, whose rows lie so many bytes apart. */
// @ts-ignore: decorator
@inline
export function transpose(from: usize, fromRow: usize, to: usize, toRow: usize): void {
  const a = v128.load(from)
  const b = v128.load(from + fromRow)
  const c = v128.load(from + 2 * fromRow)
  const d = v128.load(from + 3 * fromRow)
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2))
  v128.store(to + toRow, v128.shuffle<i64>(ab, cd, 1, 3))
  v128.store(to + 2 * toRow, v128.shuffle<i64>(ab2, cd2, 0, 2))
  v128.store(to + 3 * toRow, v128.shuffle<i64>(ab2, cd2, 1, 3))
}

/** One tile, from four rows of n numbers to n values of four images, or back: both are a transposition of 4 × n. */
export function pack(rows: usize, values: usize, n: i32): void {
  const row = (<usize>n) << 2
  let i = 0
  for (; i + 4 <= n; i += 4, rows += 16, values += 64) {
    transpose(rows, row, values, 16)
  }
  for (; i < n; i++, rows += 4, values += 16)
    for (let j: usize = 0; j < 4; j++) store<f32>(values + j * 4, load<f32>(rows + j * row))
}

export function unpack(values: usize, rows: usize, n: i32): void {
  const row = (<usize>n) << 2
  let i = 0
  for (; i + 4 <= n; i += 4, rows += 16, values += 64) {
    transpose(values, 16, rows, row)
  }
  for (; i < n; i++, rows += 4, values += 16)
    for (let j: usize = 0; j < 4; j++) store<f32>(rows + j * row, load<f32>(values + j * 4))
}

/** Rows of bytes into a wider image, or out of it. */
export function copyRows(from: usize, to: usize, rows: i32, bytes: i32, fromRow: i32, toRow: i32): void {
  for (let i = 0; i < rows; i++) memory.copy(to + i * toRow, from + i * fromRow, bytes)
}
