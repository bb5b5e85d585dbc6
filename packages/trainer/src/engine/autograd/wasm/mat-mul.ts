// The backend multiplies with XNNPACK only where nothing is to be transposed: 0.02 ms instead of 0.42. So it is transposed first.
import type * as tf from '@tensorflow/tfjs-core'
import { call, type Kernel, type KernelCall, release } from './kernel.ts'

export const batchMatMul =
  (own: Kernel): Kernel =>
  given => {
    const { inputs, attrs, backend } = given
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const { transposeA, transposeB } = attrs as { transposeA?: boolean; transposeB?: boolean }
    if ((!transposeA && !transposeB) || !isMatrix(a) || !isMatrix(b)) return own(given)
    const left = transposeA ? transposed(backend, a) : a
    const right = transposeB ? transposed(backend, b) : b
    const result = own({ inputs: { a: left, b: right }, attrs: { transposeA: false, transposeB: false }, backend })
    release(backend, [left, right], [a, b, result])
    return result
  }

const isMatrix = ({ shape }: tf.TensorInfo): boolean => shape.slice(0, -2).every(side => side === 1)

function transposed(backend: KernelCall['backend'], x: tf.TensorInfo): tf.TensorInfo {
  const rank = x.shape.length
  return call(backend, 'Transpose', { x }, { perm: [...Array(rank - 2).keys(), rank - 1, rank - 2] })
}
