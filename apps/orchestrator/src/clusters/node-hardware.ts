// The hardware that a job of a partition meets, as the compatibility check asks for it, with the facts behind each field.
import type { Fact, Hardware, NodeFacts, NodeKind, PartitionFacts } from '@trotline/contracts'
import { compareVersions } from './version-order.ts'

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

/**
 * Of one kind. Where its nodes have several GPU types and one is asked for, that type's name stands for the GPU, and its compute
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
  return withFeatures(pick(facts), kind.features)
}

/** The weakest of all kinds that a job may land on: the least of each field, and nothing where one of them is not known. */
export function factsFor(partition: PartitionFacts, gpuType: string | null): FoundHardware {
  const kinds = kindsFor(partition, gpuType)
  const [only] = kinds
  if (only !== undefined && kinds.length === 1) return hardwareOf(only, gpuType)
  const all = kinds.map(kind => hardwareOf(kind, gpuType).facts)
  const least: Partial<Record<Field, Fact>> = {}
  // The GPU and its capability are one's.
  const byCapability = all.toSorted((a, b) =>
    compareVersions(a.computeCapability?.value ?? '0', b.computeCapability?.value ?? '0'),
  )[0]
  for (const field of FIELDS) {
    const known = all.flatMap(facts => facts[field] ?? [])
    if (known.length < all.length) continue
    const found =
      field === 'gpu' || field === 'computeCapability'
        ? byCapability?.[field]
        : field === 'cpuArch' && known.some(({ value }) => value !== known[0]?.value)
          ? undefined
          : known.toSorted((a, b) => compareVersions(a.value, b.value))[0]
    if (found !== undefined) least[field] = found
  }
  const features = kinds
    .map(kind => kind.features)
    .reduce((a, b) => a.filter(each => b.includes(each)), only?.features ?? [])
  return withFeatures({ facts: least, hardware: hardwareIn(least) }, features)
}

function pick(facts: NodeFacts): FoundHardware {
  const found = Object.fromEntries(FIELDS.flatMap(field => (facts[field] === null ? [] : [[field, facts[field]]])))
  return { facts: found, hardware: hardwareIn(found) }
}

const hardwareIn = (facts: Partial<Record<Field, Fact>>): Hardware =>
  Object.fromEntries(FIELDS.flatMap(field => (facts[field] === undefined ? [] : [[field, facts[field].value]])))

const MOST_FEATURES = 64

const withFeatures = ({ hardware, facts }: FoundHardware, features: readonly string[]): FoundHardware => ({
  facts,
  hardware: features.length === 0 ? hardware : { ...hardware, slurmFeatures: features.slice(0, MOST_FEATURES) },
})
