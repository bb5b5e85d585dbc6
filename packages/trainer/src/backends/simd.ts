// Our own kernels, which need nothing but the runtime: the rung of the engine `simd` on every CPU.
import { loadKernels } from '../engine/simd/kernels.ts'

export async function openSimd(assets: { directory: string }): Promise<void> {
  await loadKernels(assets)
}
