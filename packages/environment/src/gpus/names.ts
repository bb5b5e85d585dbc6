// GPU names as people, drivers and Slurm write them, and the product each means. Old drivers print "Tesla V100-SXM2-16GB",
// newer ones put "NVIDIA" in front; Slurm makes small letters and underscores of it: only the token of the model counts.
import type { Row } from '../matrix/schema.ts'

export type GpuName = Row<'gpus'> | Row<'ambiguousGpuNames'>

export const isAmbiguous = (name: GpuName): name is Row<'ambiguousGpuNames'> => 'products' in name

/** Words that say how a card is built or sold and not which it is. */
const FORM = new Set(
  'pcie pci sxm sxm2 sxm3 sxm4 sxm5 sxm6 nvl hbm hbm2 hbm2e hbm3 hbm3e oam smi fhhl mig accelerator graphics card gpu laptop mobile founders'.split(
    ' ',
  ),
)
const MEMORY = /^(?:\d{2,3}gb?|\d{1,3}c|\d+gib)$/
/** 1g.10gb, 3g.40gb, 1g.10gb+me: part of a GPU, with the compute capability of the whole. */
const MIG_SLICE = /^\d+g\.\d+gb(?:\+\w+)?$/
const VARIANT = /(?:ti|super|laptop|mobile|d)$/

export function indexGpuNames(
  gpus: readonly Row<'gpus'>[],
  ambiguous: readonly Row<'ambiguousGpuNames'>[],
): Map<string, GpuName> {
  const names = new Map<string, GpuName>()
  for (const row of gpus) for (const name of row.names) names.set(keyOf(name), row)
  for (const row of ambiguous) for (const name of row.names) names.set(keyOf(name), row)
  return names
}

/** The same for `rtx_a6000`, `RTX A6000` and `rtxa6000`. */
export const keyOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** null: no table has it. A slice without its parent's name has none. */
export function findGpu(text: string, names: ReadonlyMap<string, GpuName>): GpuName | null {
  const words = text
    .toLowerCase()
    .replace(/\(([^)]*)\)/g, ' $1 ')
    .split(/[\s_/-]+/)
    .filter(word => word !== '' && !MIG_SLICE.test(word))
  const told = words.filter(word => !FORM.has(word))
  const model = told.filter((word, i) => i === 0 || !MEMORY.test(word))
  for (const candidate of [words, told, model]) {
    const found = findWords(candidate, names)
    if (found !== null) return found
  }
  return null
}

function findWords(words: readonly string[], names: ReadonlyMap<string, GpuName>): GpuName | null {
  let key = keyOf(words.join(''))
  for (const prefix of ['', 'nvidia', 'tesla', 'geforce']) {
    if (!key.startsWith(prefix)) continue
    key = key.slice(prefix.length)
    for (let short = key; short !== ''; short = short.replace(VARIANT, '')) {
      const found = names.get(short)
      if (found !== undefined) return found
      if (!VARIANT.test(short)) break
    }
  }
  return null
}
