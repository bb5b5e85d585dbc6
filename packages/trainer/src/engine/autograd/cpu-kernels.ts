// Two kernels that the cpu backend 4.22 has wrong: the gradients of an image enlarged by its nearest pixels (UpSampling2D), and of
// average pooling with padding. Found by finite differences, see tests/conformance/autograd-layers.test.ts.
import * as tf from '@tensorflow/tfjs-core'
import { averagePoolGradient } from './average-pool.ts'

interface CpuBackend {
  data: { get(dataId: object): { values: Float32Array } }
  readSync(dataId: object): unknown
  disposeData(dataId: object): boolean
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo
}
interface Call {
  inputs: { images: tf.TensorInfo; dy: tf.TensorInfo }
  attrs: { alignCorners: boolean }
  backend: CpuBackend
}

let supplied = false

/** Once for the process, whose backend `cpu` must stand. */
export function supplyCpuKernels(): void {
  if (supplied) return
  supplied = true
  const own = tf.getKernel('AvgPoolGrad', 'cpu').kernelFunc as unknown as Parameters<typeof averagePoolGradient>[0]
  replace('ResizeNearestNeighborGrad', resizeNearestNeighborGrad)
  replace(
    'AvgPoolGrad',
    averagePoolGradient<CpuBackend>(own, (backend, shape, values) => backend.makeTensorInfo(shape, 'float32', values)),
  )
}

function replace(kernelName: string, kernel: (call: never) => tf.TensorInfo): void {
  tf.unregisterKernel(kernelName, 'cpu')
  tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc: kernel as unknown as tf.KernelFunc })
}

/** Every pixel of the enlarged image adds to the one that it was taken from. */
function resizeNearestNeighborGrad({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { images, dy } = inputs
  const [count, height, width, channels] = images.shape as [number, number, number, number]
  const [, tall, wide] = dy.shape as [number, number, number, number]
  const rows = sources(height, tall, attrs.alignCorners)
  const columns = sources(width, wide, attrs.alignCorners)
  const gradient = backend.data.get(dy.dataId).values
  const summed = new Float32Array(count * height * width * channels)
  for (let image = 0; image < count; image++)
    for (let y = 0; y < tall; y++)
      for (let x = 0; x < wide; x++) {
        const to = ((image * height + (rows[y] as number)) * width + (columns[x] as number)) * channels
        const from = ((image * tall + y) * wide + x) * channels
        for (let c = 0; c < channels; c++) (summed[to + c] as number) += gradient[from + c] as number
      }
  return backend.makeTensorInfo(images.shape, 'float32', summed)
}

/** Where each of the `large` places on an axis is taken from, as the library's forward kernel has it. */
function sources(small: number, large: number, alignCorners: boolean): Int32Array {
  const aligned = alignCorners && large > 1
  const scale = aligned ? (small - 1) / (large - 1) : small / large
  return Int32Array.from({ length: large }, (_, i) =>
    Math.min(small - 1, alignCorners ? Math.round(i * scale) : Math.floor(i * scale)),
  )
}
