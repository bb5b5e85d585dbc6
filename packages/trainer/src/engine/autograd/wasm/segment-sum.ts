// Rows summed by the segment that each belongs to: the gradient of a gather, and so of an embedding. Missing in the backend.
import type * as tf from '@tensorflow/tfjs-core'
import { type Kernel, view } from './kernel.ts'

export const unsortedSegmentSum: Kernel = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo }
  const { numSegments } = attrs as { numSegments: number }
  // Ids stand for the first side of x, as the library's own gradient has them.
  const inner = x.shape.slice(1)
  const width = inner.reduce((product, side) => product * side, 1)
  const result = backend.makeOutput([numSegments, ...inner], 'float32')
  const [values, summed] = [view(backend, x), view(backend, result).fill(0)]
  const ids = backend.typedArrayFromHeap(segmentIds) as Int32Array
  ids.forEach((id, row) => {
    if (id < 0 || id >= numSegments) return
    for (let i = 0; i < width; i++) (summed[id * width + i] as number) += values[row * width + i] as number
  })
  return result
}
