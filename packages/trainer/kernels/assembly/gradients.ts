// Gradients of kernels and biases, summed over a share's positions and images. They are stored; a convolution's are added to in
// passes after the first.
import { LANES, add, sums } from './lanes'
import { widthOf } from './panels'

// @ts-ignore: decorator
@inline
function put(outputs: i32, first: boolean, at: usize, sum: v128): void {
  if (outputs == 4) v128.store(at, first ? sum : f32x4.add(v128.load(at), sum))
  else {
    store<f32>(at, (first ? 0 : load<f32>(at)) + f32x4.extract_lane(sum, 0))
    if (outputs > 1) store<f32>(at, (first ? 0 : load<f32>(at, 4)) + f32x4.extract_lane(sum, 1), 4)
    if (outputs > 2) store<f32>(at, (first ? 0 : load<f32>(at, 8)) + f32x4.extract_lane(sum, 2), 8)
  }
}

/** p inputs × m outputs (both known when compiled) over rows × cols positions: four images a lane, added up at the end. */
// @ts-ignore: decorator
@inline
function block(
  p: i32, m: i32, first: boolean, x: usize, dy: usize, g: usize, rows: i32, cols: i32, xrow: i32, col: i32, drow: i32, n: i32,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
  const step = (<usize>col) << 4
  const dstep = (<usize>n) << 4
  for (let r = 0; r < rows; r++) {
    let a = x + r * xrow * LANES
    let d = dy + r * drow * LANES
    for (const end = a + cols * step; a < end; a += step, d += dstep) {
      const u = v128.load(a)
      let v = u
      if (p > 1) v = v128.load(a, 16)
      let s = v128.load(d)
      a0 = add(a0, s, u)
      if (p > 1) b0 = add(b0, s, v)
      if (m > 1) {
        s = v128.load(d, 16)
        a1 = add(a1, s, u)
        if (p > 1) b1 = add(b1, s, v)
      }
      if (m > 2) {
        s = v128.load(d, 32)
        a2 = add(a2, s, u)
        if (p > 1) b2 = add(b2, s, v)
      }
      if (m > 3) {
        s = v128.load(d, 48)
        a3 = add(a3, s, u)
        if (p > 1) b3 = add(b3, s, v)
      }
    }
  }
  put(m, first, g, sums(a0, a1, a2, a3))
  if (p > 1) put(m, first, g + n * 4, sums(b0, b1, b2, b3))
}

// @ts-ignore: decorator
@inline
function outputs(
  p: i32, first: boolean, x: usize, dy: usize, g: usize, rows: i32, cols: i32, xrow: i32, col: i32, drow: i32, n: i32,
): void {
  for (let o = 0, width = 0; o < n; o += width) {
    width = widthOf(n - o, false)
    if (width == 4) block(p, 4, first, x, dy + o * 16, g + o * 4, rows, cols, xrow, col, drow, n)
    else if (width == 3) block(p, 3, first, x, dy + o * 16, g + o * 4, rows, cols, xrow, col, drow, n)
    else if (width == 2) block(p, 2, first, x, dy + o * 16, g + o * 4, rows, cols, xrow, col, drow, n)
    else block(p, 1, first, x, dy + o * 16, g + o * 4, rows, cols, xrow, col, drow, n)
  }
}

/** Of a convolution's kernel [kh][run][n]; parameters as in `forward`, drow in values of dy from row to row of positions. */
export function kernelGradient(
  first: boolean, x: usize, dy: usize, g: usize, rows: i32, cols: i32, xrow: i32, col: i32, drow: i32, kh: i32, run: i32, patchRow: i32, n: i32,
): void {
  for (let k = 0; k < kh; k++) {
    const a = x + k * patchRow * LANES
    const q = g + k * run * n * 4
    let j = 0
    for (; j + 2 <= run; j += 2) outputs(2, first, a + j * 16, dy, q + j * n * 4, rows, cols, xrow, col, drow, n)
    if (j < run) outputs(1, first, a + j * 16, dy, q + j * n * 4, rows, cols, xrow, col, drow, n)
  }
}

export function biasGradient(dy: usize, g: usize, positions: i32, n: i32): void {
  const step = (<usize>n) << 4
  let o = 0
  for (; o + 4 <= n; o += 4, dy += 64, g += 16) {
    let a = f32x4.splat(0), b = a, c = a, d = a
    let at = dy
    for (let p = 0; p < positions; p++, at += step) {
      a = f32x4.add(a, v128.load(at))
      b = f32x4.add(b, v128.load(at, 16))
      c = f32x4.add(c, v128.load(at, 32))
      d = f32x4.add(d, v128.load(at, 48))
    }
    v128.store(g, sums(a, b, c, d))
  }
  for (; o < n; o++, dy += 16, g += 4) {
    let sum = f32x4.splat(0)
    let at = dy
    for (let p = 0; p < positions; p++, at += step) sum = f32x4.add(sum, v128.load(at))
    store<f32>(g, f32x4.extract_lane(sums(sum, sum, sum, sum), 0))
  }
}

/** Outputs of a block of `denseKernelGradient`: four v128. */
const PANEL = 16

/** The first `count` numbers, four at most. */
// @ts-ignore: decorator
@inline
function putSome(count: i32, at: usize, sum: v128): void {
  if (count >= 4) v128.store(at, sum)
  else {
    store<f32>(at, f32x4.extract_lane(sum, 0))
    if (count > 1) store<f32>(at, f32x4.extract_lane(sum, 1), 4)
    if (count > 2) store<f32>(at, f32x4.extract_lane(sum, 2), 8)
  }
}

/** p inputs × 4·m outputs (both known when compiled) over rows: here lanes are outputs, and every row is a position. */
// @ts-ignore: decorator
@inline
function denseBlock(p: i32, m: i32, x: usize, column: usize, dy: usize, rows: i32, g: usize, n: i32, left: i32): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
  for (const end = x + rows * 4; x < end; x += 4, dy += PANEL * 4) {
    const u = v128.load32_splat(x)
    let v = u
    if (p > 1) v = v128.load32_splat(x + column)
    let d = v128.load(dy)
    a0 = add(a0, d, u)
    if (p > 1) b0 = add(b0, d, v)
    if (m > 1) {
      d = v128.load(dy, 16)
      a1 = add(a1, d, u)
      if (p > 1) b1 = add(b1, d, v)
    }
    if (m > 2) {
      d = v128.load(dy, 32)
      a2 = add(a2, d, u)
      if (p > 1) b2 = add(b2, d, v)
    }
    if (m > 3) {
      d = v128.load(dy, 48)
      a3 = add(a3, d, u)
      if (p > 1) b3 = add(b3, d, v)
    }
  }
  const h = g + n * 4
  putSome(m > 1 ? 4 : left, g, a0)
  if (p > 1) putSome(m > 1 ? 4 : left, h, b0)
  if (m > 1) {
    putSome(m > 2 ? 4 : left - 4, g + 16, a1)
    if (p > 1) putSome(m > 2 ? 4 : left - 4, h + 16, b1)
  }
  if (m > 2) {
    putSome(m > 3 ? 4 : left - 8, g + 32, a2)
    if (p > 1) putSome(m > 3 ? 4 : left - 8, h + 32, b2)
  }
  if (m > 3) {
    putSome(left - 12, g + 48, a3)
    if (p > 1) putSome(left - 12, h + 48, b3)
  }
}

// @ts-ignore: decorator
@inline
function densePanels(p: i32, x: usize, column: usize, panels: usize, rows: i32, g: usize, n: i32): void {
  let o = 0
  const panel = rows * PANEL * 4
  for (; o + PANEL <= n; o += PANEL, panels += panel) denseBlock(p, 4, x, column, panels, rows, g + o * 4, n, PANEL)
  const left = n - o
  if (left > 12) denseBlock(p, 4, x, column, panels, rows, g + o * 4, n, left)
  else if (left > 8) denseBlock(p, 3, x, column, panels, rows, g + o * 4, n, left)
  else if (left > 4) denseBlock(p, 2, x, column, panels, rows, g + o * 4, n, left)
  else if (left > 0) denseBlock(p, 1, x, column, panels, rows, g + o * 4, n, left)
}

/**
 * Of a dense layer's kernel [c][n]. Tiles of x and dy lie far apart, often by a power of two, so both are copied close together
 * first: dy to panels [n / 16][row][16], and two columns of x at a time.
 * @param scratch room for rows × (n rounded up to 16, and 2) float32
 */
export function denseKernelGradient(x: usize, dy: usize, g: usize, tiles: i32, c: i32, n: i32, scratch: usize): void {
  const rows = tiles * 4
  const columns = scratch
  const panels = scratch + rows * 8
  for (let t = 0; t < tiles; t++)
    for (let o = 0; o < n; o += 4) {
      const from = dy + (t * n + o) * 16
      const to = panels + (((o >> 4) * rows + t * 4) * PANEL + (o & 15)) * 4
      transposeSome(from, min(4, n - o), to)
    }
  let j = 0
  for (; j + 2 <= c; j += 2) {
    let a = x + j * 16
    if (tiles > 1) {
      for (let t = 0; t < tiles; t++) {
        const from = a + t * c * 16
        v128.store(columns + t * 16, v128.load(from))
        v128.store(columns + (tiles + t) * 16, v128.load(from, 16))
      }
      a = columns
    }
    densePanels(2, a, tiles * 16, panels, rows, g + j * n * 4, n)
  }
  if (j < c) {
    for (let t = 0; t < tiles; t++) v128.store(columns + t * 16, v128.load(x + (t * c + j) * 16))
    densePanels(1, columns, 0, panels, rows, g + j * n * 4, n)
  }
}

/** Up to four values of four images to four rows, the rest of them zeros. */
// @ts-ignore: decorator
@inline
function transposeSome(from: usize, count: i32, to: usize): void {
  const zero = f32x4.splat(0)
  const a = v128.load(from)
  const b = count > 1 ? v128.load(from, 16) : zero
  const c = count > 2 ? v128.load(from, 32) : zero
  const d = count > 3 ? v128.load(from, 48) : zero
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2))
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), PANEL * 4)
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2), PANEL * 8)
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3), PANEL * 12)
}
