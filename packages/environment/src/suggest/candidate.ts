// A set that might run instead: what it would change of what was asked for, and how far it is from it.
import type { CompatibilityQuestion, Software, SuggestedChange } from '@trotline/contracts'
import type { Build } from '../builds/build.ts'

/** The smallest change first. `forward`: a cuda-compat package; `kernels`: one's own program, compiled for another GPU too. */
export const CHANGE_KINDS = ['build', 'patch', 'kernels', 'cuda', 'forward', 'version', 'python', 'partition'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/**
 * Each kind weighs more than one of every smaller kind together, so that few and small changes come first; how far a change goes
 * (steps between releases) decides among equals.
 */
const WEIGHTS: Record<ChangeKind, number> = {
  build: 1,
  patch: 2,
  kernels: 4,
  cuda: 8,
  forward: 16,
  version: 32,
  python: 64,
  partition: 128,
}

export interface Candidate {
  software: Software
  /** Of a listed framework. */
  build: Build | null
  /** What is to be judged: the software on the node, and how it would be solved. */
  question: CompatibilityQuestion
  partition: string | null
  kinds: ReadonlySet<ChangeKind>
  changes: SuggestedChange[]
  /** Below 1. */
  steps: number
}

export const costOf = ({ kinds, steps }: Candidate): number =>
  [...kinds].reduce((sum, kind) => sum + WEIGHTS[kind], Math.min(steps, 0.99))

/**
 * Whether this one asks for all that the other asks for, and more.
 * @param anyChannel nobody said where it is to come from: one from pip does not stand for one from conda
 */
export const outdone = (one: Candidate, by: Candidate, anyChannel: boolean): boolean =>
  [...by.kinds].every(kind => one.kinds.has(kind)) &&
  (!anyChannel || one.software.channel === by.software.channel || one.kinds.size > by.kinds.size)

/** Nobody said whether it is to come from pip or from conda. */
export const channelIsOpen = ({ channel, condaSpec, condaBuild, wheelTag }: CompatibilityQuestion): boolean =>
  [channel, condaSpec, condaBuild, wheelTag].every(said => said === undefined)
