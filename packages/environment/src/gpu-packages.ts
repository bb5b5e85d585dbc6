// Packages of conda and pip that have to do with the GPU and that the matrix has no builds of: CUDA itself, names that end in the
// CUDA they are for, and what brings a framework along. What is none of these has no say in where an environment runs.
import type { CompatibilityFinding } from '@trotline/contracts'
import type { ListedFramework } from './builds/build.ts'
import { isListed } from './builds/builds-of.ts'
import { frameworkOf } from './builds/framework-names.ts'
import { finding } from './findings.ts'
import { cudaMajorOfTag, parseCuda, parseWheelTag } from './versions/cuda.ts'
import type { Dotted } from './versions/dotted.ts'

/** Packages whose own version is a CUDA release. */
export const CUDA_PACKAGES: ReadonlySet<string> = new Set([
  'cudatoolkit',
  'cuda-version',
  'cuda-runtime',
  'cuda-toolkit',
])
/** Parts of CUDA with its version, and metapackages that choose one. */
const CUDA_PARTS = /^(?:cuda|cuda-cudart|cuda-libraries|cuda-nvrtc|cuda-compiler|cuda-nvcc|pytorch-cuda)$/
/** nvidia-cuda-runtime-cu12 12.1.105 of pip. */
const CUDA_WHEELS = /^nvidia-cuda-(?:runtime|nvrtc|nvcc|cupti)(?:-cu\d\d)?$/

export const namesCuda = (name: string): boolean =>
  CUDA_PACKAGES.has(name) || CUDA_PARTS.test(name) || CUDA_WHEELS.test(name)

/**
 * The CUDA that a package is, or is made for: cudatoolkit 11.8, nvidia-cuda-runtime-cu12 12.1.105, cupy-cuda112 (11.2),
 * nvidia-cudnn-cu12 and jax-cuda12-plugin (12). One number: any minor of that major. null: it names none.
 */
export function cudaOfPackage(name: string, version: string | null): Dotted | null {
  const own = namesCuda(name) && version !== null ? (parseCuda(version) ?? majorOf(version)) : null
  if (own !== null) return own
  const suffix = /-((?:cu|cuda)(?:\d{2,3}x?|\d+\.\d+))(?:-plugin|-pjrt)?$/.exec(name)?.[1]
  if (suffix === undefined) return null
  const major = cudaMajorOfTag(suffix)
  return major === null ? (parseWheelTag(suffix) ?? parseCuda(suffix.replace(/^cuda?/, ''))) : [major]
}

const majorOf = (version: string): Dotted | null => (/^\d{1,2}$/.test(version) ? [Number(version)] : null)

const CUDA_USERS = new Set(
  'cupy pycuda cudnn nccl cutensor cudf cuml cugraph rapids dask-cudf tensorrt nvidia-dali numba-cuda triton-inference-server'.split(
    ' ',
  ),
)

/** It needs a CUDA, and neither its name nor its version tells which. */
export const usesCuda = (name: string): boolean =>
  CUDA_USERS.has(name) || namesCuda(name) || /(?:^|[-_])(?:gpu|cuda)(?:[-_]|$)|^nvidia-(?!ml-py|smi)/.test(name)

/** Built every night: no table has one of them. */
export const isNightly = (name: string): boolean => /(?:^|-)nightly(?:-|$)/.test(name)

export const nightly = (name: string): CompatibilityFinding =>
  finding(
    'build-rest',
    'release-unknown',
    'unknown',
    `${name} is no final release: no table of the matrix speaks of it.`,
    {
      required: 'a final release',
      found: name,
    },
  )

const BRINGS: readonly (readonly [ListedFramework, string])[] = [
  [
    'pytorch',
    'torchvision torchaudio torchtext torchdata torchmetrics pytorch-lightning lightning fastai timm xformers bitsandbytes flash-attn deepspeed vllm accelerate torch-geometric pyg torch-scatter torch-sparse torch-cluster pytorch-ignite monai botorch gpytorch sentence-transformers ultralytics detectron2 apex functorch pytorch3d',
  ],
  ['tensorflow', 'keras-gpu tensorflow-estimator tensorflow-text tensorflow-addons tf-keras'],
  ['jax', 'flax optax dm-haiku equinox numpyro'],
]
const FRAMEWORK_BEHIND = new Map(
  BRINGS.flatMap(([framework, names]) => names.split(' ').map(name => [name, framework] as const)),
)

/** torchvision depends on PyTorch: some version of it comes along. null: it brings none. */
export const frameworkBehind = (name: string): ListedFramework | null => FRAMEWORK_BEHIND.get(name) ?? null

/** null: the matrix has no builds of it. */
export function listedFramework(name: string): ListedFramework | null {
  const framework = frameworkOf(name)?.framework
  return framework !== undefined && isListed(framework) ? framework : null
}
