// A kernel of the cpu backend for one that the wasm backend has wrong: plain loops, and a copy of what goes in and out.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import type { Kernel } from './kernel.ts'

// One of our own: made by its class, because a bundler drops an import that only registers (esbuild, "sideEffects").
let own: MathBackendCPU | null = null

export const borrowed =
  (kernelName: string): Kernel =>
  ({ inputs, attrs, backend }) => {
    own ??= new MathBackendCPU()
    const cpu = own
    const copies = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, dtype, dataId }]) => [
        name,
        cpu.makeTensorInfo(shape, dtype, backend.readSync(dataId) as tf.TypedArray),
      ]),
    )
    const kernel = tf.getKernel(kernelName, 'cpu').kernelFunc
    const found = kernel({ inputs: copies, attrs: attrs as tf.NamedAttrMap, backend: cpu }) as tf.TensorInfo
    const result = backend.makeOutput(found.shape, found.dtype)
    backend.typedArrayFromHeap(result).set(cpu.readSync(found.dataId) as tf.TypedArray)
    for (const { dataId } of [...Object.values(copies), found]) cpu.disposeData(dataId)
    return result
  }
