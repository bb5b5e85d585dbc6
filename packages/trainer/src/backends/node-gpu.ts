// TensorFlow's own library on a GPU, where a node has the optional package @tensorflow/tfjs-node-gpu.
// It shares the tensor library's global engine, so that once it is loaded our own ops run on its backend "tensorflow".
import { createRequire } from 'node:module'
import { join } from 'node:path'
import util from 'node:util'
import { probe } from './probe.ts'

const PACKAGE = '@tensorflow/tfjs-node-gpu'

/** Looks beside the assets, in the folders above them, and on NODE_PATH: a bundle has no node_modules of its own. */
export async function openNodeGpu({ directory }: { directory: string }): Promise<void> {
  // Removed in Node 23; tfjs-node 4.22 calls it in its first operation (tfjs issue 8609).
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean }
  legacy.isNullOrUndefined ??= value => value === null || value === undefined

  const tf = await import('@tensorflow/tfjs-core')
  try {
    createRequire(join(directory, 'x.js'))(PACKAGE)
  } catch (cause) {
    throw new Error(loadFailure(cause), { cause })
  }
  await probe(tf, 'tensorflow')
  // Without usable CUDA the GPU build computes on the CPU and says nothing (seen with a stand-in for libtensorflow).
  if ((tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice !== true)
    throw new Error(`${PACKAGE} loaded but sees no GPU: the driver, CUDA 11.2 or cuDNN 8.1 is missing or too old`)
}

function loadFailure(cause: unknown): string {
  const { code, message } = cause as { code?: string; message: string }
  const said = message.split('\n', 1)[0] ?? ''
  if (code === 'MODULE_NOT_FOUND' && said.includes(`'${PACKAGE}'`)) return `${PACKAGE} is not installed on this node`
  if (said.includes('tfjs_binding.node')) return `${PACKAGE} is there without its native binding: ${said}`
  return `${PACKAGE} could not be loaded: ${said}`
}
