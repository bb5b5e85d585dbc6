// Pools over windows cut off at the edges: a maximum of what is there is a maximum with −∞ around it, and TensorFlow's average
// counts only what is there.
import { LANES } from './lanes'

/** One image [height][width][c] to [oh][ow][c]. `top` and `left`: how far the first window begins before the image. */
export function maxPool(
  x: usize, y: usize, height: i32, width: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
): void {
  const pixel = c * LANES
  const row = width * pixel
  for (let i = 0; i < oh; i++) {
    const y0 = max(0, i * sy - top), y1 = min(height, i * sy - top + kh)
    for (let j = 0; j < ow; j++) {
      const x0 = max(0, j * sx - left), x1 = min(width, j * sx - left + kw)
      let first = x + y0 * row + x0 * pixel
      for (const end = first + pixel; first < end; first += 16, y += 16) {
        let most = v128.load(first)
        let broken = f32x4.ne(most, most)
        let from = first
        for (let u = y0; u < y1; u++, from += row) {
          let at = from
          for (const stop = at + (x1 - x0) * pixel; at < stop; at += pixel) {
            const value = v128.load(at)
            most = f32x4.pmax(most, value)
            broken = v128.or(broken, f32x4.ne(value, value))
          }
        }
        // NaN anywhere in the window must come out; f32x4.max would do it in three times as many instructions.
        v128.store(y, v128.or(most, broken))
      }
    }
  }
}

/**
 * The first of equal values takes the gradient. relu: only where the maximum is above 0. Adds to dx, which the caller has cleared;
 * with windows that do not overlap it stores.
 */
export function maxPoolGradient(
  x: usize, y: usize, dy: usize, dx: usize, height: i32, width: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32,
  oh: i32, ow: i32, relu: i32,
): void {
  const pixel = c * LANES
  const row = width * pixel
  const apart = sy >= kh && sx >= kw
  const to = dx - x
  for (let i = 0; i < oh; i++) {
    const y0 = max(0, i * sy - top), y1 = min(height, i * sy - top + kh)
    for (let j = 0; j < ow; j++) {
      const x0 = max(0, j * sx - left), x1 = min(width, j * sx - left + kw)
      let first = x + y0 * row + x0 * pixel
      for (const end = first + pixel; first < end; first += 16, y += 16, dy += 16) {
        const most = v128.load(y)
        let d = v128.load(dy)
        if (relu) d = v128.and(d, f32x4.gt(most, f32x4.splat(0)))
        let from = first
        for (let u = y0; u < y1; u++, from += row) {
          let at = from
          for (const stop = at + (x1 - x0) * pixel; at < stop; at += pixel) {
            const hit = f32x4.eq(v128.load(at), most)
            const mine = v128.and(d, hit)
            v128.store(at + to, apart ? mine : f32x4.add(v128.load(at + to), mine))
            d = v128.andnot(d, hit)
          }
        }
      }
    }
  }
}

export function averagePool(
  x: usize, y: usize, height: i32, width: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
): void {
  for (let i = 0; i < oh; i++) {
    const y0 = max(0, i * sy - top), y1 = min(height, i * sy - top + kh)
    for (let j = 0; j < ow; j++) {
      const x0 = max(0, j * sx - left), x1 = min(width, j * sx - left + kw)
      const count = f32x4.splat(<f32>((y1 - y0) * (x1 - x0)))
      for (let q = 0; q < c; q++, y += 16) {
        let sum = f32x4.splat(0)
        for (let u = y0; u < y1; u++)
          for (let v = x0; v < x1; v++) sum = f32x4.add(sum, v128.load(x + ((u * width + v) * c + q) * LANES))
        v128.store(y, f32x4.div(sum, count))
      }
    }
  }
}

/** Adds to dx, which the caller has cleared. */
export function averagePoolGradient(
  dy: usize, dx: usize, height: i32, width: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
): void {
  for (let i = 0; i < oh; i++) {
    const y0 = max(0, i * sy - top), y1 = min(height, i * sy - top + kh)
    for (let j = 0; j < ow; j++) {
      const x0 = max(0, j * sx - left), x1 = min(width, j * sx - left + kw)
      const count = f32x4.splat(<f32>((y1 - y0) * (x1 - x0)))
      for (let q = 0; q < c; q++, dy += 16) {
        const d = f32x4.div(v128.load(dy), count)
        for (let u = y0; u < y1; u++)
          for (let v = x0; v < x1; v++) {
            const at = dx + ((u * width + v) * c + q) * LANES
            v128.store(at, f32x4.add(v128.load(at), d))
          }
      }
    }
  }
}
