// What has to be solved for whom: a spec as it was read, and where it is to run, as the solver is told of it.
import { createHash } from 'node:crypto'
import type { CondaPlatform, EnvironmentSpec, PartitionFacts, SolveTarget, VirtualPackages } from '@trotline/contracts'
import { canonicalJson, type Reading } from '@trotline/environment'
import { SolveError } from '../solving/solve-error.ts'
import type { Compatibility } from './compatibility.ts'
import { leastOf, offersOf } from './environment-target.ts'

/** Where an environment is to run. */
export interface SolveFor {
  platform: CondaPlatform
  virtualPackages: VirtualPackages
  /** A job on a GPU: a driver has to be known. */
  gpu: boolean
  /** In sentences: `partition gpuold`. */
  words: string
  /** As it was asked. */
  target: SolveTarget
}

export interface SpecRead {
  spec: EnvironmentSpec
  /** As it was given. */
  text: string
  notes: string[]
}

/** @throws SolveError SPEC_REFUSED with every line that cannot be read */
export function specRead(written: unknown, reading: Reading<EnvironmentSpec>): SpecRead {
  if (reading.ok) {
    const text = typeof written === 'string' ? written : JSON.stringify(written)
    return { spec: reading.value, text, notes: reading.notes.map(({ detail }) => detail) }
  }
  const [first] = reading.findings
  const more = reading.findings.length > 1 ? ` ${reading.findings.length - 1} more findings follow.` : ''
  throw new SolveError('SPEC_REFUSED', `The environment.yml cannot be read. ${first?.detail ?? ''}${more}`, {
    findings: reading.findings,
  })
}

export interface Placed {
  cluster: string
  partition: string
  gpuType: string | null
  gpu: boolean
}

/**
 * A partition as it was measured: what all its nodes have that a job may land on.
 * @param facts null: nobody has seen it
 * @throws SolveError SOLVE_IMPOSSIBLE where there is no one environment for all of them
 */
export function solveForPartition(
  { cluster, partition, gpuType, gpu }: Placed,
  facts: PartitionFacts | null,
  compatibility: Compatibility,
): SolveFor {
  const least = leastOf(offersOf(facts, { gpuType, gpu }, compatibility))
  const words = `partition ${partition}`
  if (typeof least === 'string')
    throw new SolveError(
      'SOLVE_IMPOSSIBLE',
      `There is no one environment for ${words}: ${least}. Name a gpuType, or a constraint when you submit.`,
    )
  const target = { cluster, partition, ...(gpuType === null ? {} : { gpuType }) }
  return { ...least, gpu, words, target }
}

/** Facts by hand. A driver that is told is meant to be used. */
export function solveForFacts(target: Extract<SolveTarget, { platform: CondaPlatform }>): SolveFor {
  const { platform, virtualPackages } = target
  return { platform, virtualPackages, gpu: virtualPackages.__cuda != null, words: 'the target', target }
}

/** The same problem has the same id, in whatever order its packages were written. */
export function problemId(
  { name: _, channels, dependencies }: EnvironmentSpec,
  { platform, virtualPackages, gpu }: SolveFor,
  snapshot: string | null,
): string {
  const conda = dependencies.filter(one => typeof one === 'string').toSorted()
  const pip = dependencies.flatMap(one => (typeof one === 'string' ? [] : one.pip)).toSorted()
  return createHash('sha256')
    .update(canonicalJson({ v: 1, channels, conda, pip, platform, virtualPackages, gpu, snapshot }))
    .digest('hex')
}
