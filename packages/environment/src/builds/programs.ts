// Programs of CUDA that no framework builds: one of the toolkit (its libraries hold machine code for every architecture it
// knows, and PTX for the newest), or one of the user's own, whose machine code and PTX the question names.
import type { Matrix } from '../matrix/matrix.ts'
import { parseCapability } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted, showDotted } from '../versions/dotted.ts'
import { type Build, PLAIN } from './build.ts'

const anyVersion = (cuda: Dotted) => ({
  version: showDotted(cuda),
  from: cuda,
  to: cuda,
  cuda: showDotted(cuda),
  cudaNumbers: cuda,
  channel: 'any',
})

export function toolkitProgram(cuda: Dotted, matrix: Matrix): Build {
  const row = matrix.tables.toolkitArchitectures.findLast(({ from }) => compareDotted(dotted(from), cuda) <= 0)
  const newest = [...(row?.capabilities ?? [])].sort((a, b) => compareDotted(dotted(a), dotted(b))).at(-1)
  return {
    ...PLAIN,
    ...anyVersion(cuda),
    framework: 'cuda-runtime',
    package: 'cuda',
    sass: row?.capabilities ?? null,
    ptx: newest === undefined ? null : [newest],
    source: row?.source ?? 'no row of the matrix',
    confidence: row?.confidence ?? 'from-general-knowledge',
  }
}

/** null: something in the lists is no compute capability. sm_90a and its like run on that GPU only, and are left out. */
export function ownProgram(
  cuda: Dotted,
  kernels: { sass: readonly string[]; ptx: readonly string[] },
  matrix: Matrix,
): Build | null {
  const ofOneGpu = (text: string) => /\d[af]$/i.test(text.trim())
  const read = (texts: readonly string[]) => texts.filter(text => !ofOneGpu(text)).map(text => parseCapability(text))
  const sass = read(kernels.sass)
  const ptx = read(kernels.ptx)
  if (sass.includes(null) || ptx.includes(null)) return null
  const rule = matrix.rules.get('cubin')
  const shown = (capabilities: readonly (Dotted | null)[]) =>
    capabilities.filter(capability => capability !== null).map(showDotted)
  return {
    ...PLAIN,
    ...anyVersion(cuda),
    framework: 'custom-cuda',
    package: 'program',
    sass: shown(sass),
    ptx: shown(ptx),
    source: rule?.source ?? 'the question',
    confidence: rule?.confidence ?? 'high',
  }
}
