// A look at a node whose nvidia-smi told nothing has learned nothing of the driver and the GPUs: what an earlier look saw of them
// stays, with the time at which it was seen, and the trouble stands beside it. Pure.
import type { NodeSighting } from '@trotline/contracts'
import type { KnownLook } from '../store/sightings.ts'

/** As readNvidiaSmi (contracts/nvidia-smi.ts) words it: that is an answer, and no driver is left there. */
const NO_PROGRAM = 'there is no nvidia-smi'

export function merged(look: NodeSighting, earlier: KnownLook | undefined): KnownLook {
  const isSilent = look.driver === null && look.gpus.length === 0 && look.gpuTrouble !== null
  if (!isSilent || look.gpuTrouble === NO_PROGRAM || earlier === undefined || earlier.driver === null) return look
  const { driver, cudaMax, gpus, at, gpusAt = at } = earlier
  return { ...look, driver, cudaMax, gpus, gpusAt }
}
