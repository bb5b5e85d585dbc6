// All builds there are of a framework, newest release first and newest CUDA first within one.
import { derivedOf, type Matrix } from '../matrix/matrix.ts'
import { compareDotted } from '../versions/dotted.ts'
import type { Build, ListedFramework } from './build.ts'
import { jaxBuilds } from './jax.ts'
import { pytorchBuilds } from './pytorch.ts'
import { tensorflowBuilds } from './tensorflow.ts'
import { tfjsNodeGpuBuilds } from './tfjs-node-gpu.ts'

const BUILDS: Record<ListedFramework, (matrix: Matrix) => Build[]> = {
  pytorch: pytorchBuilds,
  tensorflow: tensorflowBuilds,
  jax: jaxBuilds,
  'tfjs-node-gpu': tfjsNodeGpuBuilds,
}

export const LISTED_FRAMEWORKS = Object.keys(BUILDS) as ListedFramework[]

export const isListed = (framework: string): framework is ListedFramework => Object.hasOwn(BUILDS, framework)

export const buildsOf = (framework: ListedFramework, matrix: Matrix): readonly Build[] =>
  derivedOf(matrix, `builds of ${framework}`, () => BUILDS[framework](matrix).sort(newestFirst))

/** Those of one channel; empty for a channel that the matrix does not have. */
export function buildsOfChannel(framework: ListedFramework, channel: string | null, matrix: Matrix): readonly Build[] {
  const byChannel = derivedOf(matrix, `builds of ${framework} by channel`, () => {
    const channels = new Map<string, Build[]>()
    for (const build of buildsOf(framework, matrix))
      channels.set(build.channel, [...(channels.get(build.channel) ?? []), build])
    return channels
  })
  return byChannel.get(channel ?? '') ?? []
}

const newestFirst = (a: Build, b: Build): number =>
  compareDotted(b.to, a.to) || compareDotted(b.cudaNumbers, a.cudaNumbers) || compareDotted(b.from, a.from)
