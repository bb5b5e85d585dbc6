// A set that might run instead: what it would change of what was asked for, and how far it is from it.
import type { CompatibilityQuestion, Software, SuggestedChange } from '@trotline/contracts'
import type { Build } from '../builds/build.ts'

/** The smallest change first. `forward`: a cuda-compat package; `kernels`: one's own program, compiled for another GPU too. */
export const CHANGE_KINDS = [
  'build',
  'patch',
  'kernels',
  'cuda',
  'channel',
  'forward',
  'version',
  'python',
  'partition',
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

export interface Candidate {
  /** Of a listed framework. */
  build: Build | null
  /** What is to be judged: what was asked for, with the changes made. */
  question: CompatibilityQuestion
  partition: string | null
  kinds: ReadonlySet<ChangeKind>
  changes: SuggestedChange[]
  /** How far the changes go, in releases between: below 1. */
  steps: number
}

/**
 * Each kind weighs more than one of every smaller kind together, so that few and small changes come first; how far a change goes
 * decides among equals.
 */
export const costOf = ({ kinds, steps }: Candidate): number =>
  [...kinds].reduce((sum, kind) => sum + 2 ** CHANGE_KINDS.indexOf(kind), Math.min(steps, 0.99))

/** Whether this one asks for all that the other asks for; of the same channel where nobody said which. */
export const asksNoLess = (one: Candidate, other: Candidate): boolean =>
  [...other.kinds].every(kind => one.kinds.has(kind)) &&
  (one.question.channel === other.question.channel || one.kinds.size > other.kinds.size)

/** Nobody said whether it is to come from pip or from conda. */
export const channelIsOpen = ({ channel, condaSpec, condaBuild, wheelTag }: CompatibilityQuestion): boolean =>
  [channel, condaSpec, condaBuild, wheelTag].every(said => said === undefined)

const SOFTWARE = [
  'framework',
  'frameworkVersion',
  'package',
  'cuda',
  'cudnn',
  'python',
  'channel',
  'wheelTag',
  'condaBuild',
  'condaSpec',
  'napi',
  'forwardCompatPackage',
  'kernels',
  'librariesFrom',
] as const satisfies (keyof Software)[]

/** All of a question that is no matter of the node, nor of who solves. */
export const softwareIn = (question: CompatibilityQuestion): Software =>
  Object.fromEntries(SOFTWARE.filter(field => question[field] !== undefined).map(field => [field, question[field]]))

/** What has to be changed of one question to come to the other: made to the first, they give the second. */
export function changesBetween(asked: CompatibilityQuestion, target: CompatibilityQuestion): SuggestedChange[] {
  const changes = SOFTWARE.filter(field => textOf(asked[field]) !== textOf(target[field])).map(field => ({
    field: field === 'kernels' ? 'kernels.sass' : field,
    from: textOf(asked[field]),
    to: textOf(target[field]),
  }))
  const names = new Set([...Object.keys(asked.env ?? {}), ...Object.keys(target.env ?? {})])
  const ofEnv = [...names]
    .map(name => ({ field: `env.${name}`, from: asked.env?.[name] ?? null, to: target.env?.[name] ?? null }))
    .filter(({ from, to }) => from !== to)
  return [...changes, ...ofEnv]
}

function textOf(value: CompatibilityQuestion[(typeof SOFTWARE)[number]]): string | null {
  if (value === undefined) return null
  return typeof value === 'object' ? value.sass.join(', ') || null : String(value)
}
