// What a preset or a model uses a GPU by: TensorFlow's C library, which tfjs-node-gpu brings along or an operator has replaced. The server judges it before the job queues, and the worker again on its node.
import type { Software } from './compatibility.ts'
import { expandPreset } from './presets.ts'
import type { WorkerTraining } from './training.ts'

/** The one release that the worker uses: libtensorflow 2.9.1, built for CUDA 11.2 and cuDNN 8.1. */
export const GPU_LIBRARY = { framework: 'tfjs-node-gpu', frameworkVersion: '4.22.0', channel: 'npm' } as const

/** Of which release tfjs-node-gpu's own library is. */
const OWN_RELEASE = /^2\.9(?:\.|$)/

/**
 * @param release of the libtensorflow that was put in place of tfjs-node-gpu's own (`npm run native`), for a newer CUDA; null: its own
 */
export const gpuSoftware = (release: string | null): Software =>
  release === null || OWN_RELEASE.test(release)
    ? { ...GPU_LIBRARY }
    : { framework: 'tensorflow', frameworkVersion: release, channel: 'pip' }

/** What the training would use the GPU by; null: it computes on the CPU alone, whatever it is given. */
export function gpuWayOf(training: WorkerTraining): 'tfjs-node-gpu' | 'webgpu' | null {
  // Linear regression is a float64 loop of our own.
  if (training.kind === 'preset' && expandPreset(training) === null) return null
  const { backend } = training
  if (backend === 'webgpu') return 'webgpu'
  return backend === 'auto' || backend === 'any' || backend === 'tfjs-node-gpu' ? 'tfjs-node-gpu' : null
}
