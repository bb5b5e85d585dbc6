// The two gradients of a depthwise convolution, missing in the backend. y[…, c·k + m] = Σ x[…, c] · w[p, q, c, m], m < k.
import * as tf from '@tensorflow/tfjs-core'
import { type Kernel, view } from './kernel.ts'
import { eachPlace } from './window.ts'

type Shape4 = [number, number, number, number]

export const depthwiseBackpropFilter: Kernel = ({ inputs, attrs, backend }) => {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
  const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as tf.DepthwiseConv2dNativeBackpropFilterAttrs
  const window = windowOf(x.shape, filterShape, { strides, pad, dimRoundingMode })
  const result = backend.makeOutput(filterShape, 'float32')
  const [values, gradient, summed] = [view(backend, x), view(backend, dy), view(backend, result).fill(0)]
  const [channels, times] = [filterShape[2], filterShape[3]]
  eachPlace(window, (input, output, place) => {
    for (let c = 0; c < channels; c++) {
      const value = values[input * channels + c] as number
      for (let m = c * times; m < (c + 1) * times; m++)
        (summed[place * channels * times + m] as number) += value * (gradient[output * channels * times + m] as number)
    }
  })
  return result
}

export const depthwiseBackpropInput: Kernel = ({ inputs, attrs, backend }) => {
  const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
  const { inputShape, ...stops } = attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs
  const window = windowOf(inputShape, filter.shape, stops)
  const result = backend.makeOutput(inputShape, 'float32')
  const [weights, gradient, summed] = [view(backend, filter), view(backend, dy), view(backend, result).fill(0)]
  const [channels, times] = [filter.shape[2] as number, filter.shape[3] as number]
  eachPlace(window, (input, output, place) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0
      for (let m = c * times; m < (c + 1) * times; m++)
        sum += (weights[place * channels * times + m] as number) * (gradient[output * channels * times + m] as number)
      ;(summed[input * channels + c] as number) += sum
    }
  })
  return result
}

type Attrs = tf.DepthwiseConv2dNativeBackpropInputAttrs
interface Stops {
  strides: Attrs['strides']
  pad: Attrs['pad']
  dimRoundingMode?: Attrs['dimRoundingMode'] | undefined
}

const windowOf = (inputShape: number[], filterShape: number[], { strides, pad, dimRoundingMode }: Stops) =>
  tf.backend_util.computeConv2DInfo(inputShape as Shape4, filterShape as Shape4, strides, 1, pad, dimRoundingMode, true)
