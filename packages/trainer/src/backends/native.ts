// TensorFlow's own library, where a node has one of the optional packages @tensorflow/tfjs-node-gpu and @tensorflow/tfjs-node.
// They share the tensor library's global engine, so that once one is loaded our own ops run on its backend "tensorflow".
import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { loadPackage } from './installed-package.ts'
import { probe } from './probe.ts'

interface Assets {
  directory: string
}

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu'

/** How exactly it computes is told it by the environment, which the worker has set (apps/worker/src/settings.ts). */
export async function openNodeGpu(assets: Assets): Promise<void> {
  await openNative(GPU_PACKAGE, assets)
  // Without usable CUDA the GPU build computes on the CPU and says nothing (seen with a stand-in for libtensorflow).
  if ((tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice !== true)
    throw new Error(
      `${GPU_PACKAGE} loaded but sees no GPU: the driver or the CUDA libraries are missing or do not fit each other`,
    )
}

export async function openNode(assets: Assets): Promise<void> {
  await openNative('@tensorflow/tfjs-node', assets)
}

let loaded: string | null = null

async function openNative(name: string, assets: Assets): Promise<void> {
  // Removed in Node 23; tfjs-node 4.22 calls it in its first operation (tfjs issue 8609).
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean }
  legacy.isNullOrUndefined ??= value => value === null || value === undefined

  // Both call their backend "tensorflow", and the second would silently be the first.
  if (loaded !== null && loaded !== name) throw new Error(`${loaded} is loaded already, and a process has room for one`)
  // Before it is loaded: else every kernel that it registers anew is told in the job's stderr.
  tf.enableProdMode()
  loadPackage(name, assets)
  loaded = name
  await probe(tf, 'tensorflow')
}
