// What conda calls virtual packages, of a partition as it was measured: what a solve is told of the nodes, and what a lock's requirements
// are held against. What nobody knows is left out; nothing is guessed.
import type { CondaPlatform, NodeKind, PartitionFacts, VirtualPackages } from '@trotline/contracts'
import { compareConda, parseCondaVersion, platformOf } from '@trotline/environment'
import { alikeIn, kindsFor } from '../clusters/node-hardware.ts'
import type { Compatibility } from './compatibility.ts'

/** The nodes that a job may land on, told apart where they offer different things. */
export interface Offer {
  virtualPackages: VirtualPackages
  /** null: nobody knows what processors they have. */
  platform: CondaPlatform | null
  /** Some of them, for sentences. */
  nodes: readonly string[]
}

export interface Asked {
  gpuType: string | null
  /** false: it uses no GPU, and may land on any node of the partition. */
  gpu: boolean
}

/** One for each sort of node that Slurm may choose, at least one. @param partition null: nobody has seen it */
export function offersOf(partition: PartitionFacts | null, asked: Asked, compatibility: Compatibility): Offer[] {
  if (partition === null) return [{ virtualPackages: {}, platform: null, nodes: [] }]
  const kinds = asked.gpu ? kindsFor(partition, asked.gpuType) : partition.nodeKinds
  const offers = alikeIn(kinds).map(kind => offerOf(kind, asked, compatibility))
  const none: Offer = { virtualPackages: asked.gpu ? {} : WITHOUT_GPU, platform: null, nodes: [] }
  return offers.length === 0 ? [none] : offers
}

const WITHOUT_GPU: VirtualPackages = { __cuda: null, __cuda_arch: null }

function offerOf({ facts, nodes, gpus }: NodeKind, { gpu }: Asked, { cudaOf, judge }: Compatibility): Offer {
  const cuda = facts.cudaMax?.value ?? (facts.driver === null ? null : cudaOf(facts.driver.value))
  const named = facts.gpu === null ? undefined : facts.gpu.value
  const capability =
    facts.computeCapability?.value ?? (named === undefined ? null : judge({ gpu: named }).understood.computeCapability)
  const linux = /^\d{1,3}(?:\.\d{1,5}){0,2}/.exec(facts.kernel?.value ?? '')?.[0]
  const platform = facts.cpuArch === null ? null : platformOf(facts.cpuArch.value)
  return {
    nodes,
    platform,
    virtualPackages: {
      ...(!gpu || gpus.length === 0
        ? WITHOUT_GPU
        : {
            ...(cuda === null ? {} : { __cuda: cuda }),
            ...(capability === null ? {} : { __cuda_arch: capability }),
          }),
      ...(facts.glibc === null ? {} : { __glibc: facts.glibc.value }),
      ...(linux === undefined ? {} : { __linux: linux }),
      ...(platform === null || facts.cpuArch === null ? {} : { __archspec: facts.cpuArch.value }),
    },
  }
}

/**
 * What all of them have: the least of each. A text: why there is no such thing.
 * Where the processors are not known, x86-64 is taken, which nearly every cluster has.
 */
export function leastOf(
  offers: readonly Offer[],
): { platform: CondaPlatform; virtualPackages: VirtualPackages } | string {
  const platforms = [...new Set(offers.flatMap(({ platform }) => platform ?? []))]
  if (platforms.length > 1)
    return `its nodes have different processors (${platforms.join(', ')}), and an environment is made for one kind`
  const [platform = 'linux-64'] = platforms
  const virtualPackages: VirtualPackages = {}
  for (const field of ['__cuda', '__cuda_arch', '__glibc', '__linux'] as const) {
    const values = offers.map(each => each.virtualPackages[field])
    // Of some nodes it is not known: whatever the others have, it is not known of all.
    if (values.some(value => value === undefined)) continue
    const least = leastVersion(values.map(value => value ?? null))
    virtualPackages[field] = least
  }
  const architectures = new Set(offers.map(each => each.virtualPackages.__archspec))
  const [architecture] = architectures
  if (architectures.size === 1 && architecture != null) virtualPackages.__archspec = architecture
  return { platform, virtualPackages }
}

/** null is less than any. */
function leastVersion(values: readonly (string | null)[]): string | null {
  let least: string | null | undefined
  for (const value of values) {
    if (value === null) return null
    const [one, other] = [parseCondaVersion(value), least == null ? null : parseCondaVersion(least)]
    if (least === undefined || (one !== null && other !== null && compareConda(one, other) < 0)) least = value
  }
  return least ?? null
}
