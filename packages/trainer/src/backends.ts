// The ladder of backends: tried from the top, each by a real operation, with a sentence for every rung that was not taken.
// A job that asked for a GPU does not slide to a rung without one, unless it says "any".
import type { BACKENDS, Backend } from '@trotline/contracts'
import { said, TrainerError } from './errors.ts'

/** How a step is made: by a float64 loop of our own, by our own kernels, or by the tensor library's tape. */
export type Engine = 'float64' | 'simd' | 'autograd'
export type Rung = (typeof BACKENDS)[number]

/** What the training can be computed by. */
export type Engines =
  | { float64: true }
  /** A net: why our own kernels cannot train it, as the end of a sentence (null: they can), and whether it has convolutions. */
  | { whyNotSimd: string | null; convolutions: boolean }

/** Makes a backend ready and proves it by an operation. Throws with a sentence where it cannot. */
export type OpenRung = (assets: { directory: string }) => Promise<void>

export interface Chosen {
  backend: Rung
  engine: Engine
  skipped: { backend: Rung; why: string }[]
}

export interface BackendRequest {
  want: Backend
  /** GPUs of the allocation. */
  gpus: number
  engines: Engines
  assets: { directory: string }
}

/**
 * From the best to the last resort. Our own kernels stand before TensorFlow on the CPU, although that is faster for large nets:
 * they give the same bits on every machine. Who prefers TensorFlow asks for it by name.
 */
const LADDER: readonly Rung[] = ['tfjs-node-gpu', 'webgpu', 'simd', 'tfjs-node', 'wasm', 'cpu']
const USES_GPU: readonly Rung[] = ['tfjs-node-gpu', 'webgpu']
// A rung is loaded when it is tried, and most of them bring the tensor library. Its packages are CommonJS: they are imported by name
// inside the rung and never by import() itself, whose answer has no names but `default` once a bundler has split the code.
const OPEN: Record<Rung, OpenRung> = {
  'tfjs-node-gpu': async assets => (await import('./backends/native.ts')).openNodeGpu(assets),
  webgpu: async assets => (await import('./backends/webgpu.ts')).openWebgpu(assets),
  simd: async assets => (await import('./backends/simd.ts')).openSimd(assets),
  'tfjs-node': async assets => (await import('./backends/native.ts')).openNode(assets),
  wasm: async assets => (await import('./backends/wasm.ts')).openWasm(assets),
  cpu: async () => (await import('./backends/cpu.ts')).openCpu(),
}

/**
 * @param open how each rung is opened; tests pass their own
 * @throws TrainerError BACKEND_UNAVAILABLE when no rung that the job may use works, with the reason of each
 */
export async function openBackend(
  { assets, ...request }: BackendRequest,
  open: Record<Rung, OpenRung> = OPEN,
): Promise<Chosen> {
  const { want, gpus, engines } = request
  const skipped: Chosen['skipped'] = []
  for (const rung of LADDER) {
    const why = refusal(rung, request) ?? ('float64' in engines ? null : await failure(open[rung], assets))
    if (why === null) {
      if (isSlow(rung, engines)) process.emitWarning(SLOW)
      return { backend: rung, engine: engineOf(rung, engines), skipped }
    }
    skipped.push({ backend: rung, why })
  }
  const reasons = skipped.map(({ backend, why }) => `${backend}: ${why}`).join('; ')
  throw new TrainerError('BACKEND_UNAVAILABLE', `${headline(want, gpus)} ${reasons}.`, {
    details: { want, gpus, skipped },
  })
}

function headline(want: Backend, gpus: number): string {
  if (gpus > 0 && want !== 'any')
    return `The job asked for ${gpus} GPU${gpus === 1 ? '' : 's'}, and no backend that uses one can run it on this node.`
  return want === 'auto' || want === 'any'
    ? 'No backend works on this node.'
    : `The job asked for the backend ${want}, which cannot run it here.`
}

/** Why a rung is not even tried, or null. */
function refusal(rung: Rung, { want, gpus, engines }: Omit<BackendRequest, 'assets'>): string | null {
  const named = want === rung
  if ('float64' in engines && rung !== 'cpu')
    return 'this training is a plain float64 loop, which runs on the CPU alone'
  if (gpus > 0 && want !== 'any' && !USES_GPU.includes(rung)) return 'it uses no GPU'
  if (want !== 'auto' && want !== 'any' && !named) return 'not asked for'
  if (named) return whyNot(rung, engines)
  if (rung === 'webgpu') return 'it is tried only where it is asked for by name'
  if (rung === 'tfjs-node-gpu' && gpus === 0) return 'the job asked for no GPU'
  if (isSlow(rung, engines)) return `${SLOW}, so it has to be asked for by name`
  return whyNot(rung, engines)
}

const whyNot = (rung: Rung, engines: Engines): string | null =>
  rung === 'simd' && 'whyNotSimd' in engines ? engines.whyNotSimd : null

/** Measured: exercise 3 takes 97 ms an image there, 0.4 on wasm. */
const SLOW = 'the backend cpu computes convolutions at 33 MFLOP/s, a thousandth of what wasm does'
const isSlow = (rung: Rung, engines: Engines): boolean =>
  rung === 'cpu' && 'convolutions' in engines && engines.convolutions

function engineOf(rung: Rung, engines: Engines): Engine {
  if ('float64' in engines) return 'float64'
  return rung === 'simd' ? 'simd' : 'autograd'
}

async function failure(open: OpenRung, assets: { directory: string }): Promise<string | null> {
  try {
    await open(assets)
    return null
  } catch (error) {
    return said(error)
  }
}
