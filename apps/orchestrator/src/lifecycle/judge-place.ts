// Where a job is to run, as the judge needs it: the weakest nodes of a partition, and what is known of them from whom.
import {
  FACT_SOURCES,
  type Fact,
  type Hardware,
  type JobCompatibility,
  type JudgedFacts,
  type NodeKind,
} from '@trotline/contracts'
import { factsFor, kindsFor } from '../clusters/node-hardware.ts'
import type { PartitionFacts } from '../store/facts.ts'
import { napiOf } from './node-api.ts'

const MOST_NODES = 64

export interface Place {
  hardware: Hardware
  /** null: nothing is known of the partition's nodes. */
  facts: JudgedFacts | null
}

export const NOWHERE: Place = { hardware: {}, facts: null }

/** @param gpuType null: any GPU of the partition, so the weakest counts */
export function placeOf(cluster: string, partition: PartitionFacts, gpuType: string | null): Place {
  const { hardware, facts } = factsFor(partition, gpuType)
  const kinds = kindsFor(partition, gpuType)
  const node = leastRuntime(kinds)
  if (Object.keys(facts).length === 0 && node === null) return { hardware, facts: null }
  const { driver = null, gpu = null, computeCapability = null, glibc = null, cpuArch = null } = facts
  const nodes = kinds.flatMap(kind => kind.nodes).slice(0, MOST_NODES)
  const known = { driver, gpu, computeCapability, glibc, cpuArch, node }
  return { hardware, facts: { cluster, partition: partition.name, gpuType, nodes, ...known } }
}

/** null: nobody has looked at one of the kinds, or Node.js does not start there. */
function leastRuntime(kinds: readonly NodeKind[]): Fact | null {
  const found = kinds.map(({ facts }) => ({ fact: facts.node, napi: facts.node && napiOf(facts.node.value) }))
  if (found.some(({ napi }) => napi === null)) return null
  return found.toSorted((a, b) => Number(a.napi) - Number(b.napi))[0]?.fact ?? null
}

/** In a line, for the record. */
export function factsInShort(facts: JudgedFacts | null): JobCompatibility['facts'] {
  if (facts === null) return null
  const { partition, driver, gpu, computeCapability } = facts
  const known = [driver, gpu, computeCapability].filter(fact => fact !== null)
  const [first, ...rest] = known
  if (first === undefined) return null
  const least = rest.reduce((a, b) => (rank(b.source) > rank(a.source) ? b : a), first)
  const oldest = rest.reduce((a, b) => (b.at < a.at ? b : a), first)
  return {
    partition,
    driver: driver?.value ?? null,
    gpu: gpu?.value ?? null,
    computeCapability: computeCapability?.value ?? null,
    source: least.source,
    at: oldest.at,
  }
}

const rank = (source: (typeof FACT_SOURCES)[number]): number => FACT_SOURCES.indexOf(source)
