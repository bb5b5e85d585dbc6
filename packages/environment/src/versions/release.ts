// Versions of Python packages after PEP 440, as far as compatibility asks: the release, whether it is a final one, and the
// local part, which in PyTorch's wheels names CUDA (2.1.2+cu121).
import type { Dotted } from './dotted.ts'

export interface Release {
  numbers: Dotted
  /** An alpha, beta, candidate or development version: no table speaks of those. */
  preliminary: boolean
  local: string | null
}

const PEP440 =
  /^v?(?:\d+!)?(\d{1,9}(?:\.\d{1,9}){0,5})([-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?(?:-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i

/** null: PEP 440 does not know such a version. */
export function parseRelease(text: string): Release | null {
  const match = PEP440.exec(text.trim())
  if (match?.[1] === undefined) return null
  return {
    numbers: match[1].split('.').map(Number),
    preliminary: match[2] !== undefined || match[3] !== undefined,
    local: match[4]?.toLowerCase() ?? null,
  }
}
