// Compute capabilities: 8.0 of a GPU, sm_80 of machine code (a cubin), compute_80 of PTX.
import type { Dotted } from './dotted.ts'

/** `8.0`, `80`, `sm_80` and `compute_80` are one. null: none; so is sm_90a, which runs on nothing but its own GPU. */
export function parseCapability(text: string): Dotted | null {
  const [, dottedMajor, dottedMinor, digits] =
    /^(?:(?:sm|compute)_?)?(?:(\d{1,2})\.(\d)|(\d{2,3}))$/i.exec(text.trim()) ?? []
  if (dottedMajor !== undefined) return [Number(dottedMajor), Number(dottedMinor)]
  return digits === undefined ? null : [Number(digits.slice(0, -1)), Number(digits.slice(-1))]
}

/** 8.0 as compilers write it. */
export const smName = (capability: Dotted): string => `sm_${capability.join('')}`

/** As tables write it: 8.0 */
export const capabilityKey = (capability: Dotted): string => `${capability[0] ?? 0}.${capability[1] ?? 0}`
