// CUDA as a package of an environment, without a framework that says how it is used: does the driver run it, and drive the GPU?
import type { CompatibilityFinding, Hardware } from '@trotline/contracts'
import { driverCuda } from './gates/driver-cuda.ts'
import { driverGpu } from './gates/driver-gpu.ts'
import { understandNode, withType } from './gpus/node.ts'
import type { Matrix } from './matrix/matrix.ts'
import { type Dotted, showDotted } from './versions/dotted.ts'

export interface CudaPackage {
  /** With its version, as messages name it. */
  name: string
  /** One number: any minor of that major, so that the least of them has to run. */
  cuda: Dotted
}

/** An environment has one, and a broken one has a few. */
const MOST_CUDAS = 20

/** Of packages for the same CUDA the first speaks for all. Empty where there is none: then nothing is asked of the node. */
export function judgeCuda(
  packages: readonly CudaPackage[],
  hardware: Hardware,
  matrix: Matrix,
): CompatibilityFinding[] {
  const byCuda = new Map<string, CudaPackage>()
  for (const one of packages)
    if (byCuda.size < MOST_CUDAS && !byCuda.has(showDotted(one.cuda))) byCuda.set(showDotted(one.cuda), one)
  if (byCuda.size === 0) return []
  const { node, findings } = understandNode(hardware, matrix)
  const types = [node, ...node.others.map(gpu => withType(node, gpu, hardware.cpuArch))]
  return [
    ...findings,
    ...types.flatMap(type => driverGpu(type, matrix)),
    ...[...byCuda.values()].flatMap(({ name, cuda }) => {
      const least = cuda.length === 1 ? [...cuda, 0] : cuda
      const asked = { name, cuda: least, minDriver: null, from: null }
      return driverCuda(asked, node, { package: undefined, libraryPath: undefined }, matrix).findings
    }),
  ]
}
