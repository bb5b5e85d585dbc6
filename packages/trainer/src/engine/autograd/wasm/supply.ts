// Kernels of training that the wasm backend 4.22 lacks, two that it has wrong, and three that it has slowly (exercise 3: 0.89 ms
// an image without them, 0.7 with them). All are checked in tests/conformance/autograd-layers.test.ts.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { averagePoolGradient } from '../average-pool.ts'
import { borrowed } from './borrowed.ts'
import { conv2dBackpropFilter, conv2dBackpropInput } from './convolution.ts'
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul } from './mat-mul.ts'
import { maxPoolGrad } from './max-pool.ts'
import { unsortedSegmentSum } from './segment-sum.ts'

const MISSING: Readonly<Record<string, Kernel>> = {
  Conv2DBackpropFilter: conv2dBackpropFilter,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  UnsortedSegmentSum: unsortedSegmentSum,
}

/** Given the backend's own, for the cases in which that is the better one. */
const REPLACED: Readonly<Record<string, (own: Kernel) => Kernel>> = {
  Conv2DBackpropInput: conv2dBackpropInput,
  BatchMatMul: batchMatMul,
  MaxPoolGrad: () => maxPoolGrad,
  AvgPoolGrad: own =>
    averagePoolGradient(
      own as unknown as Parameters<typeof averagePoolGradient<BackendWasm>>[0],
      (backend, shape, values) => backend.makeOutput(shape, 'float32', undefined, values),
    ) as unknown as Kernel,
  // Wrong by three times its own size: found by finite differences.
  Conv3DBackpropInputV2: () => borrowed('Conv3DBackpropInputV2'),
}

let supplied = false

/** Once for the process, whose backend `wasm` must stand. */
export function supplyWasmKernels(): void {
  if (supplied) return
  supplied = true
  for (const [kernelName, kernel] of Object.entries(MISSING)) register(kernelName, kernel)
  for (const [kernelName, faster] of Object.entries(REPLACED)) {
    const own = tf.getKernel(kernelName, 'wasm')
    tf.unregisterKernel(kernelName, 'wasm')
    // Its set-up belongs to the backend, which has done it, and which the kernel underneath still needs.
    register(kernelName, faster(own.kernelFunc as unknown as Kernel), own.setupFunc)
  }
}

function register(kernelName: string, kernel: Kernel, setupFunc?: tf.KernelSetupFunc): void {
  const config = { kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as tf.KernelFunc }
  tf.registerKernel(setupFunc === undefined ? config : { ...config, setupFunc })
}
