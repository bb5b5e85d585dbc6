// Two kernels in place of tfjs-node 4.22's. The step function, which every relu's gradient is made of, is slow there: it fills an array
// of ones in JavaScript, as large as the layer's outputs, and copies it to the device each time (a step of convolutions 32-32-64 with
// batches of 256 on an H200: 157 ms, with this one about 10). And the gradient of an image enlarged by its nearest pixels (UpSampling2D) has
// no kernel on GPUs that gives the same bits every time, so that TensorFlow refuses it where it is told to give them.
import * as tf from '@tensorflow/tfjs-core'

interface StepCall {
  inputs: { x: tf.Tensor }
  attrs: { alpha: number }
}
interface ResizeCall {
  inputs: { images: tf.Tensor4D; dy: tf.Tensor4D }
  attrs: { alignCorners: boolean }
}
type Image = [number, number, number, number]

const supplied = new WeakSet<tf.KernelFunc>()

/** The backend `tensorflow` must stand. */
export function supplyTensorflowKernels(): void {
  replace('Step', () => step as unknown as tf.KernelFunc)
  replace('ResizeNearestNeighborGrad', own => resizeNearestNeighborGrad(own) as unknown as tf.KernelFunc)
}

function replace(kernelName: string, better: (own: tf.KernelFunc) => tf.KernelFunc): void {
  const { kernelFunc } = tf.getKernel(kernelName, 'tensorflow')
  if (supplied.has(kernelFunc)) return
  const ours = better(kernelFunc)
  supplied.add(ours)
  tf.unregisterKernel(kernelName, 'tensorflow')
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc: ours })
}

/** 1 above zero, alpha elsewhere, and NaN of NaN: operations of TensorFlow alone, whose results stay on the device. */
function step({ inputs: { x }, attrs: { alpha } }: StepCall): tf.TensorInfo {
  return tf.tidy(() => {
    const stepped = tf.where(tf.greater(x, 0), tf.fill(x.shape, 1), tf.fill(x.shape, alpha))
    return tf.where(tf.isNaN(x), x, stepped)
  })
}

/** Where every pixel was repeated to a block, the sum over its block. */
function resizeNearestNeighborGrad(own: tf.KernelFunc) {
  return (call: ResizeCall): tf.TensorInfo => {
    const { images, dy } = call.inputs
    const [count, height, width, channels] = images.shape as Image
    const [, tall, wide] = dy.shape as Image
    if (call.attrs.alignCorners || !inBlocks(height, tall) || !inBlocks(width, wide))
      return own(call as unknown as Parameters<tf.KernelFunc>[0]) as tf.TensorInfo
    return tf.tidy(() => tf.sum(tf.reshape(dy, [count, height, tall / height, width, wide / width, channels]), [2, 4]))
  }
}

/** Whether TensorFlow, which divides in float32, takes every place of an axis from the block that whole numbers put it into. */
function inBlocks(small: number, large: number): boolean {
  const scale = Math.fround(small / large)
  const takenFrom = (place: number): number => Math.floor(Math.fround(place * scale))
  return (
    large % small === 0 &&
    Array.from({ length: large }, (_, place) => place).every(
      place => takenFrom(place) === Math.floor((place * small) / large),
    )
  )
}
