// The ladder of backends: tried from the top, each by a real operation, with a sentence for every rung that was not taken.
// A job that asked for a GPU never slides to a rung without one.
import type { PresetTraining } from '@trotline/contracts'
import { openCpu } from './backends/cpu.ts'
import { openNodeGpu } from './backends/node-gpu.ts'
import { openWasm } from './backends/wasm.ts'
import { TrainerError } from './errors.ts'

/** How a step is made: by a float64 loop of our own, or by the tensor library's tape. */
export type Engine = 'float64' | 'autograd'
export type Rung = Exclude<PresetTraining['backend'], 'auto'>

/** Makes a backend the tensor library's own and proves it by an operation. Throws with a sentence where it cannot. */
export type OpenRung = (assets: { directory: string }) => Promise<void>

export interface Chosen {
  backend: Rung
  engine: Engine
  skipped: { backend: Rung; why: string }[]
}

interface BackendRequest {
  want: PresetTraining['backend']
  gpus: number
  engine: Engine
  assets: { directory: string }
}

/** From the best to the last resort. */
const LADDER: readonly Rung[] = ['tfjs-node-gpu', 'wasm', 'cpu']
const OPEN: Record<Rung, OpenRung> = { 'tfjs-node-gpu': openNodeGpu, wasm: openWasm, cpu: openCpu }

/**
 * @param open how each rung is opened; tests pass their own
 * @throws TrainerError BACKEND_UNAVAILABLE when no rung that the job may use works
 */
export async function openBackend(
  { want, gpus, engine, assets }: BackendRequest,
  open: Record<Rung, OpenRung> = OPEN,
): Promise<Chosen> {
  const skipped: Chosen['skipped'] = []
  for (const rung of LADDER) {
    const why =
      refusal(rung, { want, gpus, engine }) ?? (engine === 'float64' ? null : await failure(open[rung], assets))
    if (why === null) return { backend: rung, engine, skipped }
    skipped.push({ backend: rung, why })
  }
  const reasons = skipped.map(({ backend, why }) => `${backend}: ${why}`).join('; ')
  throw new TrainerError('BACKEND_UNAVAILABLE', `${headline(want, gpus)} ${reasons}.`, {
    details: { want, gpus, skipped },
  })
}

function headline(want: BackendRequest['want'], gpus: number): string {
  if (gpus > 0)
    return `The job asked for ${gpus} GPU${gpus === 1 ? '' : 's'}, and no backend that uses one can run it on this node.`
  return want === 'auto'
    ? 'No backend works on this node.'
    : `The job asked for the backend ${want}, which cannot run it here.`
}

/** Why a rung is not even tried, or null. */
function refusal(rung: Rung, { want, gpus, engine }: Omit<BackendRequest, 'assets'>): string | null {
  if (engine === 'float64' && rung !== 'cpu')
    return 'this training is a plain float64 loop, which runs on the CPU alone'
  if (gpus > 0 && rung !== 'tfjs-node-gpu') return 'it uses no GPU'
  if (want !== 'auto' && want !== rung) return 'not asked for'
  if (want === 'auto' && gpus === 0 && rung === 'tfjs-node-gpu') return 'the job asked for no GPU'
  return null
}

async function failure(open: OpenRung, assets: { directory: string }): Promise<string | null> {
  try {
    await open(assets)
    return null
  } catch (error) {
    // Native modules and emscripten throw what is not always an Error.
    const text = error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error)
    return text.split('\n', 1)[0]?.replace(/\.$/, '') ?? 'it failed without a word'
  }
}
