// Activations value by value, their gradients from the outputs, and dropout's masks. exp and tanh are polynomials of our own: the
// same bits on every machine, and four at a time. Coefficients: Cephes (Moshier), expf.c and tanhf.c, 1992.

export const RELU = 1
export const TANH = 2
export const SIGMOID = 3

// @ts-ignore: decorator
@inline
function poly(x: v128, sum: v128, next: f32): v128 {
  return f32x4.add(f32x4.mul(sum, x), f32x4.splat(next))
}

/** Between e^-87 and e^88; NaN stays NaN, as both bounds stand second. */
// @ts-ignore: decorator
@inline
function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88)), f32x4.splat(-87))
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)))
  // ln 2 in two parts: the first has so few bits that its product with n is exact.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)))
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)))
  let sum = f32x4.splat(1.9875691500e-4)
  sum = poly(r, sum, 1.3981999507e-3)
  sum = poly(r, sum, 8.3334519073e-3)
  sum = poly(r, sum, 4.1665795894e-2)
  sum = poly(r, sum, 1.6666665459e-1)
  sum = poly(r, sum, 5.0000001201e-1)
  sum = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(r, r), sum), r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return f32x4.mul(sum, power)
}

// @ts-ignore: decorator
@inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))))
}

// @ts-ignore: decorator
@inline
function tanh(x: v128): v128 {
  const one = f32x4.splat(1)
  const size = f32x4.abs(x)
  const large = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(size, size)), one)))
  const z = f32x4.mul(x, x)
  let sum = f32x4.splat(-5.70498872745e-3)
  sum = poly(z, sum, 2.06390887954e-2)
  sum = poly(z, sum, -5.37397155531e-2)
  sum = poly(z, sum, 1.33314422036e-1)
  sum = poly(z, sum, -3.33332819422e-1)
  const small = f32x4.add(f32x4.mul(f32x4.mul(sum, z), x), x)
  const sign = v128.and(x, f32x4.splat(-0.0))
  return v128.bitselect(v128.or(large, sign), small, f32x4.gt(size, f32x4.splat(0.625)))
}

/** `count` v128 from x to y, which may be the same place. */
export function activate(kind: i32, x: usize, y: usize, count: i32): void {
  const end = x + ((<usize>count) << 4)
  if (kind == RELU) for (; x < end; x += 16, y += 16) v128.store(y, f32x4.pmax(v128.load(x), f32x4.splat(0)))
  else if (kind == TANH) for (; x < end; x += 16, y += 16) v128.store(y, tanh(v128.load(x)))
  else if (kind == SIGMOID) for (; x < end; x += 16, y += 16) v128.store(y, sigmoid(v128.load(x)))
  else if (x != y) memory.copy(y, x, end - x)
}

/** dx = dy · activation′, told from the activation's output y. dx and dy may be the same place. */
export function gate(kind: i32, y: usize, dy: usize, dx: usize, count: i32): void {
  const end = y + ((<usize>count) << 4)
  const one = f32x4.splat(1)
  if (kind == RELU)
    for (; y < end; y += 16, dy += 16, dx += 16) v128.store(dx, v128.and(v128.load(dy), f32x4.gt(v128.load(y), f32x4.splat(0))))
  else if (kind == TANH)
    for (; y < end; y += 16, dy += 16, dx += 16) {
      const v = v128.load(y)
      v128.store(dx, f32x4.mul(v128.load(dy), f32x4.sub(one, f32x4.mul(v, v))))
    }
  else if (kind == SIGMOID)
    for (; y < end; y += 16, dy += 16, dx += 16) {
      const v = v128.load(y)
      v128.store(dx, f32x4.mul(v128.load(dy), f32x4.mul(v, f32x4.sub(one, v))))
    }
  else if (dx != dy) memory.copy(dx, dy, end - y)
}

/** y = x · mask. */
export function multiply(x: usize, mask: usize, y: usize, count: i32): void {
  const end = x + ((<usize>count) << 4)
  for (; x < end; x += 16, mask += 16, y += 16) v128.store(y, f32x4.mul(v128.load(x), v128.load(mask)))
}
