// The one export: runs a program, a list of kernel calls in memory, so that a whole pass over a net is one call, from any thread.
// A call is [operation, words it takes, arguments …]: int32 words, addresses in bytes, tile strides in bytes.
// Operations and arguments are written by src/engine/simd/program.ts; VERSION changes with either.
import { copyRows, pack, unpack } from './lanes'
import { backward, denseBackward, forward, forwardByPanels } from './sums'
import { packBackward, packForward } from './panels'
import { biasGradient, denseKernelGradient, kernelGradient } from './gradients'
import { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pooling'
import { activate, gate, multiply } from './elementwise'
import { adagrad, adam, addShares, momentum, rmsprop, sgd } from './optimizers'

export const VERSION: i32 = 1

/** Tiles or positions from which on packing weights pays. */
const MANY = 4

// @ts-ignore: decorator
@inline
function word(at: usize, i: i32): i32 {
  return load<i32>(at + 8 + i * 4)
}

/**
 * @param from,to the tiles of the batch, or v128 of the parameters, that this call works on
 * @param gradient where this share's gradient of all parameters stands; its scratch is a number of bytes behind
 */
export function run(at: usize, end: usize, from: i32, to: i32, gradient: usize): void {
  const tiles = to - from
  for (; at < end; at += load<i32>(at, 4) * 4) {
    switch (load<i32>(at)) {
      case 1: { // pack: rows, values, n
        const n = word(at, 2)
        for (let t = from; t < to; t++) pack(word(at, 0) + t * n * 16, word(at, 1) + t * n * 16, n)
        break
      }
      case 2: { // unpack: values, rows, n
        const n = word(at, 2)
        for (let t = from; t < to; t++) unpack(word(at, 0) + t * n * 16, word(at, 1) + t * n * 16, n)
        break
      }
      case 3: { // copyRows: from, to, rows, bytes, row of from, row of to, tile of from, tile of to
        for (let t = from; t < to; t++)
          copyRows(word(at, 0) + t * word(at, 6), word(at, 1) + t * word(at, 7), word(at, 2), word(at, 3), word(at, 4), word(at, 5))
        break
      }
      case 4: { // dense: x, w, bias, y, inputs, n, activation, scratch
        const c = word(at, 4), n = word(at, 5)
        const x = word(at, 0) + from * c * 16, y = word(at, 3) + from * n * 16
        if (tiles >= MANY) forwardByPanels(x, word(at, 1), gradient + word(at, 7), word(at, 2), y, tiles, c, n, word(at, 6))
        else forward(x, word(at, 1), false, word(at, 2), y, 1, tiles, 0, c, 0, 1, c, 0, n, word(at, 6))
        break
      }
      case 5: { // denseInputGradient: dy, w, dx, gate, inputs, n, scratch
        const c = word(at, 4), n = word(at, 5), g = word(at, 3)
        denseBackward(word(at, 0) + from * n * 16, word(at, 1), gradient + word(at, 6), word(at, 2) + from * c * 16, g ? g + from * c * 16 : 0, tiles, c, n)
        break
      }
      case 6: { // denseKernelGradient: x, dy, place in the gradient, inputs, n, scratch
        const c = word(at, 3), n = word(at, 4)
        denseKernelGradient(word(at, 0) + from * c * 16, word(at, 1) + from * n * 16, gradient + word(at, 2), tiles, c, n, gradient + word(at, 5))
        break
      }
      case 7: { // biasGradient: dy, place in the gradient, positions of a tile, n
        const n = word(at, 3), positions = word(at, 2)
        biasGradient(word(at, 0) + from * positions * n * 16, gradient + word(at, 1), tiles * positions, n)
        break
      }
      case 8: { // convolution: x, w, bias, y, oh, ow, row, col, kh, run, row of a patch, n, activation, tile of x, tile of y, scratch
        const oh = word(at, 4), ow = word(at, 5), kh = word(at, 8), run = word(at, 9), n = word(at, 11)
        const packed = tiles * oh * ow >= MANY
        let w: usize = word(at, 1)
        if (packed) {
          packForward(w, kh * run, n, gradient + word(at, 15))
          w = gradient + word(at, 15)
        }
        for (let t = from; t < to; t++)
          forward(word(at, 0) + t * word(at, 13), w, packed, word(at, 2), word(at, 3) + t * word(at, 14), oh, ow, word(at, 6), word(at, 7), ow * n, kh, run, word(at, 10), n, word(at, 12))
        break
      }
      case 9: { // convolutionInputGradient: dy, w, dx, gate, height, width, c, sy, sx, kh, kw, oh, ow, n, tile of dx, tile of dy, scratch
        if (tiles == 0) break
        const g = word(at, 3), tile = from * word(at, 14), c = word(at, 6), kh = word(at, 9), kw = word(at, 10), n = word(at, 13)
        const panels = gradient + word(at, 16)
        packBackward(word(at, 1), kh * kw, c, n, tiles == 1, panels)
        backward(word(at, 0) + from * word(at, 15), panels, word(at, 2) + tile, g ? g + tile : 0, tiles, word(at, 4), word(at, 5), c, word(at, 7), word(at, 8), kh, kw, word(at, 11), word(at, 12), n)
        break
      }
      case 10: { // convolutionKernelGradient: x, dy, place in the gradient, oh, ow, row, col, kh, run, row of a patch, n, tile of x, tile of dy, rows a pass
        const oh = word(at, 3), ow = word(at, 4), row = word(at, 5), kh = word(at, 7), run = word(at, 8), n = word(at, 10), pass = word(at, 13)
        const g = gradient + word(at, 2)
        if (tiles == 0) memory.fill(g, 0, kh * run * n * 4)
        for (let t = from; t < to; t++)
          for (let r = 0; r < oh; r += pass)
            kernelGradient(t == from && r == 0, word(at, 0) + t * word(at, 11) + r * row * 16, word(at, 1) + t * word(at, 12) + r * ow * n * 16, g, min(pass, oh - r), ow, row, word(at, 6), ow * n, kh, run, word(at, 9), n)
        break
      }
      case 11: { // maxPool: x, y, height, width, c, kh, kw, sy, sx, top, left, oh, ow, tile of x, tile of y
        for (let t = from; t < to; t++)
          maxPool(word(at, 0) + t * word(at, 13), word(at, 1) + t * word(at, 14), word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9), word(at, 10), word(at, 11), word(at, 12))
        break
      }
      case 12: { // maxPoolGradient: x, y, height … ow, tile of x, tile of y as above, dy, dx, relu
        const tx = word(at, 13), ty = word(at, 14)
        // Windows side by side that leave nothing out write every place themselves.
        const whole = word(at, 5) == word(at, 7) && word(at, 6) == word(at, 8) && word(at, 2) == word(at, 11) * word(at, 7) && word(at, 3) == word(at, 12) * word(at, 8)
        if (!whole) memory.fill(word(at, 16) + from * tx, 0, tiles * tx)
        for (let t = from; t < to; t++)
          maxPoolGradient(word(at, 0) + t * tx, word(at, 1) + t * ty, word(at, 15) + t * ty, word(at, 16) + t * tx, word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9), word(at, 10), word(at, 11), word(at, 12), word(at, 17))
        break
      }
      case 13: { // averagePool: as maxPool
        for (let t = from; t < to; t++)
          averagePool(word(at, 0) + t * word(at, 13), word(at, 1) + t * word(at, 14), word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9), word(at, 10), word(at, 11), word(at, 12))
        break
      }
      case 14: { // averagePoolGradient: as maxPoolGradient
        const tx = word(at, 13), ty = word(at, 14)
        memory.fill(word(at, 16) + from * tx, 0, tiles * tx)
        for (let t = from; t < to; t++)
          averagePoolGradient(word(at, 15) + t * ty, word(at, 16) + t * tx, word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9), word(at, 10), word(at, 11), word(at, 12))
        break
      }
      case 15: { // activate: kind, x, y, n
        const n = word(at, 3)
        activate(word(at, 0), word(at, 1) + from * n * 16, word(at, 2) + from * n * 16, tiles * n)
        break
      }
      case 16: { // gate: kind, y, dy, dx, n
        const n = word(at, 4), tile = from * n * 16
        gate(word(at, 0), word(at, 1) + tile, word(at, 2) + tile, word(at, 3) + tile, tiles * n)
        break
      }
      case 17: { // multiply: x, mask, y, n
        const n = word(at, 3), tile = from * n * 16
        multiply(word(at, 0) + tile, word(at, 1) + tile, word(at, 2) + tile, tiles * n)
        break
      }
      case 18: { // addShares: bytes from share to share, shares
        addShares(gradient + from * 16, word(at, 0), word(at, 1), tiles)
        break
      }
      case 19: { // sgd: w, numbers
        sgd(word(at, 0) + from * 16, gradient + from * 16, tiles, word(at, 1))
        break
      }
      case 20: { // momentum: w, numbers, m, nesterov
        momentum(word(at, 0) + from * 16, gradient + from * 16, word(at, 2) + from * 16, tiles, word(at, 1), word(at, 3))
        break
      }
      case 21: { // rmsprop: w, numbers, v
        rmsprop(word(at, 0) + from * 16, gradient + from * 16, word(at, 2) + from * 16, tiles, word(at, 1))
        break
      }
      case 22: { // adagrad: w, numbers, v
        adagrad(word(at, 0) + from * 16, gradient + from * 16, word(at, 2) + from * 16, tiles, word(at, 1))
        break
      }
      case 23: { // adam: w, numbers, m, v
        adam(word(at, 0) + from * 16, gradient + from * 16, word(at, 2) + from * 16, word(at, 3) + from * 16, tiles, word(at, 1))
        break
      }
      default:
        unreachable()
    }
  }
}
