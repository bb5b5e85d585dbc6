// cuda-compat libraries that somebody left where every program finds them.
import type { CompatibilityFinding } from '@trotline/contracts'
import { finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { type Matrix, ruleOf, type Toolkit } from '../matrix/matrix.ts'
import type { Dotted } from '../versions/dotted.ts'
import { reaches } from '../versions/driver.ts'

/** /usr/local/cuda-12.4/compat, /apps/CUDA/12.4/compat, /opt/cuda-compat-12-4; compat-openssl10 is none. */
export const hasCompatLibraries = (folder: string): boolean =>
  /(?:^|\/)cuda[-_]?compat[^/]*(?:\/|$)|(?:^|\/)cuda[^/]*\/(?:[^/]+\/)*compat(?:\/|$)/i.test(folder)

/** null: none lie in the way. Left in LD_LIBRARY_PATH on a newer driver they fail with error 803. */
export function staleLibraries(
  toolkit: Toolkit,
  driver: Dotted,
  node: Node,
  compat: { package: string | undefined; libraryPath: string | undefined },
  matrix: Matrix,
): CompatibilityFinding | null {
  if (!(compat.libraryPath ?? '').split(':').some(hasCompatLibraries)) return null
  if (reaches(driver, toolkit.minDriver) !== true) return null
  return finding(
    'driver-cuda',
    'forward-compat-stale',
    'incompatible',
    `LD_LIBRARY_PATH has cuda-compat libraries in it, and the driver ${node.driverText} is newer: that fails with error 803.`,
    {
      required: 'no cuda-compat libraries in LD_LIBRARY_PATH',
      found: compat.libraryPath ?? null,
      hint: 'Take them out: the driver runs this CUDA by itself.',
      from: [ruleOf('forward-compat-stale', matrix)],
    },
  )
}
