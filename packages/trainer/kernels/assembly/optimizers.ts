// Keras's optimizers over flat arrays: w weights, g gradient, m and v moments, `count` v128 of each. ε stands outside the root.
// The numbers of a step (learning rate first) stand at `p` as float32.

// @ts-ignore: decorator
@inline
function number(p: usize, i: i32): v128 {
  return v128.load32_splat(p + i * 4)
}

/** The gradients of all shares into the first one's place, in the order of the shares. */
export function addShares(g: usize, step: i32, shares: i32, count: i32): void {
  for (let i = 0; i < count; i++, g += 16) {
    let sum = v128.load(g)
    for (let s = 1; s < shares; s++) sum = f32x4.add(sum, v128.load(g + s * step))
    v128.store(g, sum)
  }
}

/** w ← w − η·g */
export function sgd(w: usize, g: usize, count: i32, p: usize): void {
  const rate = number(p, 0)
  for (const end = w + count * 16; w < end; w += 16, g += 16)
    v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(rate, v128.load(g))))
}

/** m ← μ·m − η·g, w ← w + m; Nesterov: w ← w + μ·m − η·g */
export function momentum(w: usize, g: usize, m: usize, count: i32, p: usize, nesterov: i32): void {
  const rate = number(p, 0)
  const mu = number(p, 1)
  for (const end = w + count * 16; w < end; w += 16, g += 16, m += 16) {
    const down = f32x4.mul(rate, v128.load(g))
    const speed = f32x4.sub(f32x4.mul(mu, v128.load(m)), down)
    v128.store(m, speed)
    const move = nesterov ? f32x4.sub(f32x4.mul(mu, speed), down) : speed
    v128.store(w, f32x4.add(v128.load(w), move))
  }
}

/** v ← ρ·v + (1 − ρ)·g², w ← w − η·g / (√v + ε) */
export function rmsprop(w: usize, g: usize, v: usize, count: i32, p: usize): void {
  const rate = number(p, 0)
  const rho = number(p, 1)
  const rest = number(p, 2)
  const epsilon = number(p, 3)
  for (const end = w + count * 16; w < end; w += 16, g += 16, v += 16) {
    const d = v128.load(g)
    const mean = f32x4.add(f32x4.mul(rho, v128.load(v)), f32x4.mul(rest, f32x4.mul(d, d)))
    v128.store(v, mean)
    v128.store(w, f32x4.sub(v128.load(w), f32x4.div(f32x4.mul(rate, d), f32x4.add(f32x4.sqrt(mean), epsilon))))
  }
}

/** v ← v + g², w ← w − η·g / (√v + ε) */
export function adagrad(w: usize, g: usize, v: usize, count: i32, p: usize): void {
  const rate = number(p, 0)
  const epsilon = number(p, 1)
  for (const end = w + count * 16; w < end; w += 16, g += 16, v += 16) {
    const d = v128.load(g)
    const sum = f32x4.add(v128.load(v), f32x4.mul(d, d))
    v128.store(v, sum)
    v128.store(w, f32x4.sub(v128.load(w), f32x4.div(f32x4.mul(rate, d), f32x4.add(f32x4.sqrt(sum), epsilon))))
  }
}

/** w ← w − δ·w, m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − α·m / (√v + ε); δ is 0 for Adam. */
export function adam(w: usize, g: usize, m: usize, v: usize, count: i32, p: usize): void {
  const alpha = number(p, 0)
  const beta1 = number(p, 1)
  const rest1 = number(p, 2)
  const beta2 = number(p, 3)
  const rest2 = number(p, 4)
  const epsilon = number(p, 5)
  const decay = number(p, 6)
  for (const end = w + count * 16; w < end; w += 16, g += 16, m += 16, v += 16) {
    const d = v128.load(g)
    const before = v128.load(w)
    const first = f32x4.add(f32x4.mul(beta1, v128.load(m)), f32x4.mul(rest1, d))
    const second = f32x4.add(f32x4.mul(beta2, v128.load(v)), f32x4.mul(rest2, f32x4.mul(d, d)))
    v128.store(m, first)
    v128.store(v, second)
    const decayed = f32x4.sub(before, f32x4.mul(decay, before))
    v128.store(w, f32x4.sub(decayed, f32x4.div(f32x4.mul(alpha, first), f32x4.add(f32x4.sqrt(second), epsilon))))
  }
}
