// Which jobs may come to need the tensor library (tfjs) on their node: the worker's release is built with it and without it. Told from
// the request alone, before anybody has seen the node or the data; what trains the job is chosen there (packages/trainer, backends.ts).
import type { Layer, Net } from './net.ts'
import { endOf, simdFindings } from './net-findings.ts'
import { expandPreset } from './presets.ts'
import type { Resources } from './resources.ts'
import type { WorkerTraining } from './training.ts'

/** Where the memory of our own kernels ends: a net that takes more has no room in a job that asks Slurm for no more. */
const KERNEL_MEMORY_MIB = 2048

/**
 * false: our own kernels train it, or the float64 loop of linear regression does, on whatever node it comes to.
 * true also where they might be found too small for it only when its data is opened, so that the ladder has rungs left below them.
 */
export function needsTensorLibrary(
  training: WorkerTraining,
  { gpus, memoryMiB }: Pick<Resources, 'gpus' | 'memoryMiB'>,
): boolean {
  const model = training.kind === 'preset' ? expandPreset(training) : training
  if (model === null || model.backend === 'simd') return false
  if (gpus > 0 || (model.backend !== 'auto' && model.backend !== 'any')) return true
  // The nets of the presets are known to fit.
  const mayBeTooLarge = training.kind === 'model' && memoryMiB > KERNEL_MEMORY_MIB
  return mayBeTooLarge || !haveKernels(model.model)
}

const haveKernels = (net: Net): boolean =>
  'layers' in net && simdFindings(net.layers).length === 0 && (endOf(net.layers) !== 'softmax' || isFlat(net.layers))

/** Softmax over the channels of an image is not softmax over the row. What was made a row of numbers once stays one. */
const isFlat = (layers: readonly Layer[]): boolean => layers.some(({ kind }) => kind === 'dense' || kind === 'flatten')
