// Weighted sums: what a dense or convolution layer gives, and the gradient of its input. Blocks of 4 outputs × 2 positions, or 6 × 1,
// keep as many sums in registers as V8 has room for: 8 × 1 took nearly twice as long as 4 × 1, 6 × 2 spills.
import { LANES, add } from './lanes'
import { packColumns, packRows, widthOf } from './panels'

const RELU = 1

/** Whether the weights of neighbouring outputs lie side by side, or wm bytes apart. */
const NEAR = true
const APART = false

/** Bias, activation and gate of one sum, and its place. A gate is the output of a ReLU below: what it cut off gets no gradient. */
// @ts-ignore: decorator
@inline
function finish(sum: v128, bias: usize, activation: i32, gate: usize, y: usize): void {
  if (bias) sum = f32x4.add(sum, v128.load32_splat(bias))
  // In this order NaN stays NaN: pmax(0, NaN) is 0 and would hide a training that has diverged.
  if (activation == RELU) sum = f32x4.pmax(sum, f32x4.splat(0))
  if (gate) sum = v128.and(sum, f32x4.gt(v128.load(gate), f32x4.splat(0)))
  v128.store(y, sum)
}

/** Of the i-th output of a block. */
// @ts-ignore: decorator
@inline
function finishNext(i: i32, sum: v128, bias: usize, activation: i32, gate: usize, y: usize): void {
  finish(sum, bias ? bias + 4 * i : 0, activation, gate ? gate + 16 * i : 0, y + 16 * i)
}

/** Of the i-th output of a block. Where outputs lie side by side its place is part of the instruction, which costs nothing. */
// @ts-ignore: decorator
@inline
function weight(near: boolean, i: i32, w: usize, wm: i32): v128 {
  if (!near) return v128.load32_splat(w + i * wm)
  if (i == 1) return v128.load32_splat(w, 4)
  if (i == 2) return v128.load32_splat(w, 8)
  if (i == 3) return v128.load32_splat(w, 12)
  if (i == 4) return v128.load32_splat(w, 16)
  return v128.load32_splat(w, 20)
}

/**
 * m outputs of p positions (both known when compiled): y[i] = Σ over R × Q × C of x · w.
 * Steps in bytes: xr, xq and xp of x along R, Q and positions (16 along C); wr, wq, wc and wm of w along R, Q, C and outputs.
 */
// @ts-ignore: decorator
@inline
function block(
  near: boolean, m: i32, p: i32, x: usize, w: usize, R: i32, Q: i32, C: i32, xr: i32, xq: i32, xp: i32,
  wr: i32, wq: i32, wc: i32, wm: i32, bias: usize, activation: i32, gate: usize, gp: i32, y: usize, yp: i32,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
  for (let r = 0; r < R; r++) {
    for (let q = 0; q < Q; q++) {
      let a = x + r * xr + q * xq
      let b = w + r * wr + q * wq
      for (const end = a + ((<usize>C) << 4); a < end; a += 16, b += wc) {
        const u = v128.load(a)
        let v = u
        if (p > 1) v = v128.load(a + xp)
        let s = v128.load32_splat(b)
        a0 = add(a0, s, u)
        if (p > 1) b0 = add(b0, s, v)
        if (m > 1) {
          s = weight(near, 1, b, wm)
          a1 = add(a1, s, u)
          if (p > 1) b1 = add(b1, s, v)
        }
        if (m > 2) {
          s = weight(near, 2, b, wm)
          a2 = add(a2, s, u)
          if (p > 1) b2 = add(b2, s, v)
        }
        if (m > 3) {
          s = weight(near, 3, b, wm)
          a3 = add(a3, s, u)
          if (p > 1) b3 = add(b3, s, v)
        }
        if (m > 4) {
          b0 = add(b0, weight(near, 4, b, wm), u)
          b1 = add(b1, weight(near, 5, b, wm), u)
        }
      }
    }
  }
  finish(a0, bias, activation, gate, y)
  if (m > 1) finishNext(1, a1, bias, activation, gate, y)
  if (m > 2) finishNext(2, a2, bias, activation, gate, y)
  if (m > 3) finishNext(3, a3, bias, activation, gate, y)
  if (m > 4) {
    finishNext(4, b0, bias, activation, gate, y)
    finishNext(5, b1, bias, activation, gate, y)
  }
  if (p > 1) {
    const g = gate ? gate + gp : 0
    finish(b0, bias, activation, g, y + yp)
    if (m > 1) finishNext(1, b1, bias, activation, g, y + yp)
    if (m > 2) finishNext(2, b2, bias, activation, g, y + yp)
    if (m > 3) finishNext(3, b3, bias, activation, g, y + yp)
  }
}

/**
 * All n outputs of p positions (known when compiled), in blocks as widthOf has them. next: bytes from the weights of one block to those
 * of the next one, per output. wc 0: weights lie in panels, see panels.ts; wr 0: the rows of weights follow each other.
 */
// @ts-ignore: decorator
@inline
function outputs(
  wide: boolean, p: i32, n: i32, x: usize, w: usize, R: i32, Q: i32, C: i32, xr: i32, xq: i32, xp: i32,
  wr: i32, wq: i32, wc: i32, next: i32, bias: usize, activation: i32, gate: usize, gp: i32, y: usize, yp: i32,
): void {
  let m = 0
  for (let width = 0; m < n; m += width) {
    width = widthOf(n - m, wide)
    const b = w + m * next, step = wc ? wc : width * 4, first = bias ? bias + m * 4 : 0, g = gate ? gate + m * 16 : 0, o = y + m * 16
    const along = wr ? wr : C * step
    if (wide && width == 6) block(NEAR, 6, p, x, b, R, Q, C, xr, xq, xp, along, wq, step, 0, first, activation, g, gp, o, yp)
    else if (width == 4) block(NEAR, 4, p, x, b, R, Q, C, xr, xq, xp, along, wq, step, 0, first, activation, g, gp, o, yp)
    else if (width == 3) block(NEAR, 3, p, x, b, R, Q, C, xr, xq, xp, along, wq, step, 0, first, activation, g, gp, o, yp)
    else if (width == 2) block(NEAR, 2, p, x, b, R, Q, C, xr, xq, xp, along, wq, step, 0, first, activation, g, gp, o, yp)
    else block(NEAR, 1, p, x, b, R, Q, C, xr, xq, xp, along, wq, step, 0, first, activation, g, gp, o, yp)
  }
}

/**
 * One image of positions oh × ow: y[i][j][n] = Σ over kh rows of `run` values. A row of a patch (kx, channel) lies in one run.
 * Steps in values: row and col of x from position to position, xrow from row to row of a patch, yrow of y.
 * Weights as Keras has them, [kh][run][n] (packed: false), or in panels. A dense layer is such an image with its tiles for positions.
 */
export function forward(
  x: usize, w: usize, packed: boolean, bias: usize, y: usize, oh: i32, ow: i32, row: i32, col: i32, yrow: i32,
  kh: i32, run: i32, xrow: i32, n: i32, activation: i32,
): void {
  const wc = packed ? 0 : n * 4
  const wm = packed ? kh * run * 4 : 4
  for (let i = 0; i < oh; i++) {
    const a = x + i * row * LANES
    const o = y + i * yrow * LANES
    let j = 0
    for (; j + 2 <= ow; j += 2)
      outputs(false, 2, n, a + j * col * 16, w, kh, 1, run, xrow * 16, 0, col * 16, 0, 0, wc, wm, bias, activation, 0, 0, o + j * n * 16, n * 16)
    if (j == ow) continue
    if (packed) outputs(false, 1, n, a + j * col * 16, w, kh, 1, run, xrow * 16, 0, 0, 0, 0, wc, wm, bias, activation, 0, 0, o + j * n * 16, 0)
    else outputs(true, 1, n, a + j * col * 16, w, kh, 1, run, xrow * 16, 0, 0, 0, 0, wc, wm, bias, activation, 0, 0, o + j * n * 16, 0)
  }
}

/** A dense layer over many tiles: a panel of outputs is made and stays in the cache for all tiles. */
export function forwardByPanels(x: usize, w: usize, panel: usize, bias: usize, y: usize, tiles: i32, c: i32, n: i32, activation: i32): void {
  const one = c * 16
  const yt = n * 16
  for (let m = 0, width = 0; m < n; m += width) {
    width = widthOf(n - m, false)
    packRows(width, w + m * 4, n * 4, c, panel)
    const first = bias ? bias + m * 4 : 0
    const o = y + m * 16
    let t = 0
    for (; t + 2 <= tiles; t += 2) {
      const a = x + t * one
      if (width == 4) block(NEAR, 4, 2, a, panel, 1, 1, c, 0, 0, one, 0, 0, 16, 0, first, activation, 0, 0, o + t * yt, yt)
      else if (width == 3) block(NEAR, 3, 2, a, panel, 1, 1, c, 0, 0, one, 0, 0, 12, 0, first, activation, 0, 0, o + t * yt, yt)
      else if (width == 2) block(NEAR, 2, 2, a, panel, 1, 1, c, 0, 0, one, 0, 0, 8, 0, first, activation, 0, 0, o + t * yt, yt)
      else block(NEAR, 1, 2, a, panel, 1, 1, c, 0, 0, one, 0, 0, 4, 0, first, activation, 0, 0, o + t * yt, yt)
    }
    if (t == tiles) continue
    const a = x + t * one
    if (width == 4) block(NEAR, 4, 1, a, panel, 1, 1, c, 0, 0, 0, 0, 0, 16, 0, first, activation, 0, 0, o + t * yt, 0)
    else if (width == 3) block(NEAR, 3, 1, a, panel, 1, 1, c, 0, 0, 0, 0, 0, 12, 0, first, activation, 0, 0, o + t * yt, 0)
    else if (width == 2) block(NEAR, 2, 1, a, panel, 1, 1, c, 0, 0, 0, 0, 0, 8, 0, first, activation, 0, 0, o + t * yt, 0)
    else block(NEAR, 1, 1, a, panel, 1, 1, c, 0, 0, 0, 0, 0, 4, 0, first, activation, 0, 0, o + t * yt, 0)
  }
}

/**
 * The gradient of a convolution's input: at every place the sum over the positions whose patch covers it.
 * Weights in panels along the input's channels, of up to 4 for pairs of tiles and of up to 6 for a single one.
 */
export function backward(
  dy: usize, panels: usize, dx: usize, gate: usize, tiles: i32, height: i32, width: i32, c: i32,
  sy: i32, sx: i32, kh: i32, kw: i32, oh: i32, ow: i32, n: i32,
): void {
  const dt = oh * ow * n * 16
  const xt = height * width * c * 16
  const wq = sx * c * n * 4
  const wr = sy * kw * c * n * 4
  for (let y = 0; y < height; y++) {
    const oy = min(y / sy, oh - 1)
    const ky = y - oy * sy
    const R = max(0, min((kh - ky + sy - 1) / sy, oy + 1))
    for (let x = 0; x < width; x++) {
      const ox = min(x / sx, ow - 1)
      const kx = x - ox * sx
      const Q = max(0, min((kw - kx + sx - 1) / sx, ox + 1))
      const a = dy + (oy * ow + ox) * n * 16
      const b = panels + (ky * kw + kx) * c * n * 4
      const o = (y * width + x) * c * 16
      if (tiles == 1) {
        outputs(true, 1, c, a, b, R, Q, n, -ow * n * 16, -n * 16, 0, wr, wq, 0, n * 4, 0, 0, gate ? gate + o : 0, 0, dx + o, 0)
        continue
      }
      let t = 0
      for (; t + 2 <= tiles; t += 2)
        outputs(false, 2, c, a + t * dt, b, R, Q, n, -ow * n * 16, -n * 16, dt, wr, wq, 0, n * 4, 0, 0, gate ? gate + o + t * xt : 0, xt, dx + o + t * xt, xt)
      if (t < tiles)
        outputs(false, 1, c, a + t * dt, b, R, Q, n, -ow * n * 16, -n * 16, 0, wr, wq, 0, n * 4, 0, 0, gate ? gate + o + t * xt : 0, 0, dx + o + t * xt, 0)
    }
  }
}

/** The gradient of a dense layer's input. With a few tiles weights are read where they are, else in panels of four inputs. */
export function denseBackward(dy: usize, w: usize, panel: usize, dx: usize, gate: usize, tiles: i32, c: i32, n: i32): void {
  const row = n * 4
  const one = n * 16
  const xt = c * 16
  let m = 0
  for (; m + 4 <= c; m += 4) {
    const g = gate ? gate + m * 16 : 0
    const o = dx + m * 16
    const b = w + m * row
    let t = 0
    if (tiles < 4) {
      for (; t + 2 <= tiles; t += 2) block(APART, 4, 2, dy + t * one, b, 1, 1, n, 0, 0, one, 0, 0, 4, row, 0, 0, g ? g + t * xt : 0, xt, o + t * xt, xt)
      if (t < tiles) block(APART, 4, 1, dy + t * one, b, 1, 1, n, 0, 0, 0, 0, 0, 4, row, 0, 0, g ? g + t * xt : 0, 0, o + t * xt, 0)
      continue
    }
    packColumns(4, b, row, n, panel)
    for (; t + 2 <= tiles; t += 2) block(NEAR, 4, 2, dy + t * one, panel, 1, 1, n, 0, 0, one, 0, 0, 16, 0, 0, 0, g ? g + t * xt : 0, xt, o + t * xt, xt)
    if (t < tiles) block(NEAR, 4, 1, dy + t * one, panel, 1, 1, n, 0, 0, 0, 0, 0, 16, 0, 0, 0, g ? g + t * xt : 0, 0, o + t * xt, 0)
  }
  for (; m < c; m++)
    for (let t = 0; t < tiles; t++)
      block(NEAR, 1, 1, dy + t * one, w + m * row, 1, 1, n, 0, 0, 0, 0, 0, 4, 0, 0, 0, gate ? gate + t * xt + m * 16 : 0, 0, dx + t * xt + m * 16, 0)
}
