// What one build of a framework needs and holds: the row of its table, with what other tables add, in one form for all.
import type { Confidence } from '@trotline/contracts'
import type { Dotted } from '../versions/dotted.ts'

export const FRAMEWORKS = ['pytorch', 'tensorflow', 'jax', 'tfjs-node-gpu', 'cuda-runtime', 'custom-cuda'] as const
export type Framework = (typeof FRAMEWORKS)[number]
/** Those whose builds the matrix lists. */
export type ListedFramework = Exclude<Framework, 'cuda-runtime' | 'custom-cuda'>

export const FRAMEWORK_NAMES: Record<Framework, string> = {
  pytorch: 'PyTorch',
  tensorflow: 'TensorFlow',
  jax: 'JAX',
  'tfjs-node-gpu': 'tfjs-node-gpu',
  'cuda-runtime': 'A CUDA program',
  'custom-cuda': 'This CUDA program',
}

export interface PythonRange {
  supported: readonly string[]
  experimental: readonly string[]
  /** Nothing is known of Pythons above the newest supported one. */
  openEnded: boolean
  /** Seen in the channel, where somebody looked; null: nobody did. */
  seen: readonly string[] | null
  source: string
  confidence: Confidence
}

export interface Build {
  framework: Framework
  package: string
  /** pip, npm, conda:NAME; `any` for programs of one's own. */
  channel: string
  /** As its row names it: 2.5 speaks of every 2.5.x. */
  version: string
  from: Dotted
  to: Dotted
  /** As precisely as known: 12.4.1 behind a wheel cu124. */
  cuda: string
  cudaNumbers: Dotted
  /** CUDA at run time may be any of these; null: that of the build. */
  cudaAtRunTime: { from: Dotted; to: Dotted } | null
  cudnn: string | null
  cudnnRange: { from: string; below: string } | null
  python: PythonRange | null
  /** Machine code for these compute capabilities; null: the list is not known. */
  sass: readonly string[] | null
  ptx: readonly string[] | null
  /** Sources differ on these. */
  disputedSass: readonly string[]
  minCapability: string | null
  jitTrouble: { from: string; text: string } | null
  glibc: string | null
  disputedGlibc: string | null
  /** null: not known. */
  cpuArchs: readonly string[] | null
  /** It is known that there is none for other processors. */
  noOtherCpuArch: boolean
  napi: readonly number[] | null
  /** By the framework's own word. */
  minDriver: string | null
  /** cu121 */
  tag: string | null
  /** What pip takes without being told. */
  isDefault: boolean
  /** A build string with * in it: py*_cuda9.2.148_cudnn7.6.3_0 */
  condaBuild: string | null
  hashes: readonly string[]
  /** The solver takes it only where __cuda is of its major at least. */
  cudaGuard: boolean
  /** CUDA and cuDNN come with it or its dependencies. */
  bundled: boolean
  /** Where the project's README names another CUDA than the build has. */
  readmeCuda: string | null
  source: string
  confidence: Confidence
}

/** What most builds do not have. */
export const PLAIN = {
  cudaAtRunTime: null,
  cudnn: null,
  cudnnRange: null,
  python: null,
  disputedSass: [],
  minCapability: null,
  jitTrouble: null,
  glibc: null,
  disputedGlibc: null,
  cpuArchs: null,
  noOtherCpuArch: false,
  napi: null,
  minDriver: null,
  tag: null,
  isDefault: false,
  condaBuild: null,
  hashes: [],
  cudaGuard: false,
  bundled: true,
  readmeCuda: null,
} as const satisfies Partial<Build>

/** PyTorch 2.1.2 for CUDA 12.1; `version` as it was asked for, where that is more exact than the row. */
export function buildName(build: Build, version: string | null = null): string {
  const name = FRAMEWORK_NAMES[build.framework]
  if (build.framework === 'cuda-runtime' || build.framework === 'custom-cuda') return `${name} of CUDA ${build.cuda}`
  const asked = version === null || build.version.startsWith(version) ? build.version : version
  return `${name} ${asked} for CUDA ${build.cuda}`
}
