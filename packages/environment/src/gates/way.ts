// What the gate of driver and CUDA is asked, and what it answers.
import type { CompatibilityFinding } from '@trotline/contracts'
import type { Evidence } from '../findings.ts'
import type { Dotted } from '../versions/dotted.ts'

/** How the driver runs it: what the next gate asks about PTX depends on it. */
export type Way =
  | 'native'
  | 'minor-version'
  /** Only the driver's branch is known, and the toolkit's own driver lies within it. */
  | 'native-or-minor-version'
  | 'forward'
  | 'refused'
  | 'unknown'

export interface CudaAsked {
  /** PyTorch 2.1.2 for CUDA 12.1 */
  name: string
  cuda: Dotted
  /** By the framework's own word. */
  minDriver: string | null
  from: Evidence | null
}

export interface DriverCuda {
  way: Way
  findings: CompatibilityFinding[]
}
