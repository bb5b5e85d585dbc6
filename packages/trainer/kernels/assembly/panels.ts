// Weights in the order in which sums read them: of m outputs side by side, step after step. Where a weight is used at many positions
// this pays: a column of a wide kernel lies in lines of the cache that are a power of two apart and drive each other out.

import { transpose } from './lanes'

/** Outputs of the next block where `left` are left: 5 and 6 are cut into halves, as 4 + 1 and 4 + 2 would wait for their few sums. */
// @ts-ignore: decorator
@inline
export function widthOf(left: i32, wide: boolean): i32 {
  if (wide && left >= 6) return 6
  if (left == 5 || left == 6) return 3
  return min(left, 4)
}

/** m values from each of `steps` rows. */
export function packRows(m: i32, from: usize, row: i32, steps: i32, to: usize): void {
  if (m == 4) for (let k = 0; k < steps; k++, from += row, to += 16) v128.store(to, v128.load(from))
  else for (let k = 0; k < steps; k++, from += row) for (let i = 0; i < m; i++, to += 4) store<f32>(to, load<f32>(from + i * 4))
}

/** m rows of n values to n steps of m. */
export function packColumns(m: i32, from: usize, row: i32, n: i32, to: usize): void {
  let o = 0
  if (m == 4) for (; o + 4 <= n; o += 4) transpose(from + o * 4, row, to + o * 16, 16)
  for (; o < n; o++) for (let i = 0; i < m; i++) store<f32>(to + (o * m + i) * 4, load<f32>(from + i * row + o * 4))
}

/** A whole kernel [steps][n] in panels, one behind the other. */
export function packForward(w: usize, steps: i32, n: i32, to: usize): void {
  for (let m = 0, width = 0; m < n; m += width) {
    width = widthOf(n - m, false)
    packRows(width, w + m * 4, n * 4, steps, to + m * steps * 4)
  }
}

/** A whole kernel [places][c][n] in panels along c, for every place. */
export function packBackward(w: usize, places: i32, c: i32, n: i32, wide: boolean, to: usize): void {
  const row = n * 4
  for (let k = 0; k < places; k++, w += c * row, to += c * row)
    for (let m = 0, width = 0; m < c; m += width) {
      width = widthOf(c - m, wide)
      packColumns(width, w + m * row, row, n, to + m * row)
    }
}
