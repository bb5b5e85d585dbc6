// What a kernel of the wasm backend is given, and how one calls another.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'

export interface KernelCall {
  inputs: Readonly<Record<string, tf.TensorInfo>>
  attrs: Readonly<Record<string, unknown>>
  backend: BackendWasm
}

export type Kernel = (call: KernelCall) => tf.TensorInfo

export function call(
  backend: BackendWasm,
  kernelName: string,
  inputs: KernelCall['inputs'],
  attrs: KernelCall['attrs'],
): tf.TensorInfo {
  const kernel = tf.getKernel(kernelName, 'wasm').kernelFunc as unknown as Kernel
  return kernel({ inputs, attrs, backend })
}

/** Frees what was made on the way. Several may share their data, also with what is kept. */
export function release(backend: BackendWasm, made: readonly tf.TensorInfo[], kept: readonly tf.TensorInfo[]): void {
  const keep = new Set(kept.map(({ dataId }) => dataId))
  for (const dataId of new Set(made.map(each => each.dataId))) if (!keep.has(dataId)) backend.disposeData(dataId)
}

/** A view of the backend's memory: to be taken after every output was made, because the memory may move when it grows. */
export const view = (backend: BackendWasm, tensor: tf.TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(tensor) as Float32Array
