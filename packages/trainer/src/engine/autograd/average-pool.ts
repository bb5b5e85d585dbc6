// Average pooling with padding divides by the pixels that lie inside the image, forwards; the library's gradient kernels for cpu and
// wasm (4.22) divide by the whole window. Found by finite differences. Their dy is scaled beforehand, which makes it right.
import * as tf from '@tensorflow/tfjs-core'

/** What is there of a backend for both. */
interface Backend {
  readSync(dataId: object): unknown
  disposeData(dataId: object): boolean
}
interface Call<B> {
  inputs: { dy: tf.TensorInfo; input: tf.TensorInfo }
  attrs: Pick<tf.AvgPoolAttrs, 'filterSize' | 'strides' | 'pad' | 'dimRoundingMode'>
  backend: B
}

/**
 * @param own the backend's kernel AvgPoolGrad
 * @param make puts numbers on the backend
 */
export const averagePoolGradient =
  <B extends Backend>(
    own: (call: Call<B>) => tf.TensorInfo,
    make: (backend: B, shape: number[], values: Float32Array) => tf.TensorInfo,
  ) =>
  (call: Call<B>): tf.TensorInfo => {
    const { inputs, attrs, backend } = call
    const shares = windowShares(inputs.input.shape as Shape4, attrs)
    if (shares === null) return own(call)
    const channels = inputs.dy.shape.at(-1) as number
    const dy = backend.readSync(inputs.dy.dataId) as Float32Array
    const scaled = make(
      backend,
      inputs.dy.shape,
      dy.map((value, i) => value * (shares[Math.floor(i / channels) % shares.length] as number)),
    )
    const result = own({ ...call, inputs: { ...inputs, dy: scaled } })
    backend.disposeData(scaled.dataId)
    return result
  }

type Shape4 = [number, number, number, number]

/** For every stop of the window its size over the pixels of it that lie inside; null: all do. */
function windowShares(shape: Shape4, attrs: Call<Backend>['attrs']): Float64Array | null {
  const { filterSize, strides, pad, dimRoundingMode } = attrs
  const window = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
  const { top, bottom, left, right } = window.padInfo
  if (top + bottom + left + right === 0) return null
  const inside = (stop: number, stride: number, before: number, size: number, length: number): number => {
    const from = stop * stride - before
    return Math.min(length, from + size) - Math.max(0, from)
  }
  const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, outHeight, outWidth } = window
  return Float64Array.from({ length: outHeight * outWidth }, (_, i) => {
    const rows = inside(Math.floor(i / outWidth), strideHeight, top, filterHeight, inHeight)
    const columns = inside(i % outWidth, strideWidth, left, filterWidth, inWidth)
    return (filterHeight * filterWidth) / (rows * columns)
  })
}
