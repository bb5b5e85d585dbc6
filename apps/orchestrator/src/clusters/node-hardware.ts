// The hardware that a job of a partition may meet, as the compatibility check asks for it, with the facts behind each field. One entry
// for each kind of node that Slurm may choose, and for each group of a kind that differs: nodes are never mixed into one that does
// not exist, because what fits is not a matter of more or less (code for compute capability 8.x does not run on 9.0).
import type { Fact, Hardware, NodeFacts, NodeKind, PartitionFacts } from '@trotline/contracts'

const FIELDS = ['driver', 'gpu', 'computeCapability', 'glibc', 'cpuArch'] as const
type Field = (typeof FIELDS)[number]

export interface FoundHardware {
  /** A field is absent where nobody knows it. */
  hardware: Hardware
  /** What is behind each field that is there. */
  facts: Partial<Record<Field, Fact>>
}

/** The kinds of node that a job may land on. null: any with a GPU, or any at all in a partition without. */
export function kindsFor({ nodeKinds }: PartitionFacts, gpuType: string | null): NodeKind[] {
  const withGpus = nodeKinds.filter(({ gpus }) => gpus.some(({ type }) => gpuType === null || type === gpuType))
  return withGpus.length > 0 || gpuType !== null ? withGpus : [...nodeKinds]
}

/** Each kind, or its groups where its nodes differ, with what may be judged by: what a user's job said may not. */
export const alikeIn = (kinds: readonly NodeKind[]): NodeKind[] =>
  kinds.flatMap(kind => {
    const groups = kind.groups?.map(({ nodes, facts }) => ({ nodes, nodeCount: nodes.length, facts }))
    return (groups ?? [kind]).map(alike => ({ ...kind, ...alike, facts: withoutClaims(alike.facts) }))
  })

const withoutClaims = (facts: NodeFacts): NodeFacts =>
  Object.fromEntries(
    Object.entries(facts).map(([field, fact]) => [field, fact?.source === 'job' ? null : fact]),
  ) as NodeFacts

/**
 * Of nodes that are alike. Where they have several GPU types and one is meant, that type's name stands for the GPU, and its compute
 * capability is for whoever knows names.
 */
export function hardwareOf(kind: NodeKind, gpuType: string | null): FoundHardware {
  const facts = { ...kind.facts }
  const ofType = facts.gpu?.source === 'gres' && facts.gpu.value === gpuType
  if (gpuType !== null && kind.gpus.length > 1 && !ofType) {
    const from = `gres gpu:${gpuType} in sinfo`
    facts.gpu = facts.gpu && { ...facts.gpu, value: gpuType, source: 'gres', from }
    facts.computeCapability = null
  }
  const found = Object.fromEntries(FIELDS.flatMap(field => (facts[field] === null ? [] : [[field, facts[field]]])))
  return { facts: found, hardware: { ...hardwareIn(found), ...featuresOf(kind) } }
}

/** The GPU types of its nodes that a job may get. */
export function typesMet({ gpus }: NodeKind, gpuType: string | null): (string | null)[] {
  const types = gpus.flatMap(({ type }) => type ?? [])
  return gpuType === null && types.length > 1 ? types : [gpuType]
}

const hardwareIn = (facts: Partial<Record<Field, Fact>>): Hardware =>
  Object.fromEntries(FIELDS.flatMap(field => (facts[field] === undefined ? [] : [[field, facts[field].value]])))

const MOST_FEATURES = 64

const featuresOf = ({ features }: NodeKind): Hardware =>
  features.length === 0 ? {} : { slurmFeatures: features.slice(0, MOST_FEATURES) }
