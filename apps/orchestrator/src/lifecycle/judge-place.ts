// Where a job may run, as the judge needs it: each sort of node of a partition that Slurm may choose, with what is known of it from whom.
import {
  type CompatibilityReport,
  FACT_SOURCES,
  type Hardware,
  type JobCompatibility,
  type JudgedFacts,
  type NodeKind,
  verdictRank,
} from '@trotline/contracts'
import { alikeIn, hardwareOf, kindsFor, typesMet } from '../clusters/node-hardware.ts'
import type { PartitionFacts } from '../store/facts.ts'
import { napiOf } from './node-api.ts'

const MOST_NODES = 64

export interface Place {
  hardware: Hardware
  /** null: nothing is known of these nodes. */
  facts: JudgedFacts | null
  /** "k01 and 3 more of partition gpu", "its GPU type k80". */
  where: string
}

export const NOWHERE: Place = { hardware: {}, facts: null, where: 'its nodes' }

/** At least one. @param gpuType null: any GPU of the partition */
export function placesOf(cluster: string, partition: PartitionFacts, gpuType: string | null): [Place, ...Place[]] {
  const found = new Map<string, Place>()
  for (const alike of alikeIn(kindsFor(partition, gpuType)))
    for (const type of typesMet(alike, gpuType)) {
      const place = placeOf(cluster, partition.name, alike, type)
      const key = JSON.stringify([place.hardware, napiIn(place)])
      if (!found.has(key)) found.set(key, place)
    }
  const [first = NOWHERE, ...others] = found.values()
  return [first, ...others]
}

function placeOf(cluster: string, partition: string, kind: NodeKind, gpuType: string | null): Place {
  const { hardware, facts } = hardwareOf(kind, gpuType)
  const { driver = null, gpu = null, computeCapability = null, glibc = null, cpuArch = null } = facts
  const node = kind.facts.node !== null && napiOf(kind.facts.node.value) !== null ? kind.facts.node : null
  const known = { driver, gpu, computeCapability, glibc, cpuArch, node }
  const [name = '?'] = kind.nodes
  const nodes = `${name}${kind.nodeCount > 1 ? ` and ${kind.nodeCount - 1} more` : ''}`
  const where = `${nodes} of partition ${partition}${gpuType === null ? '' : `, GPU type ${gpuType}`}`
  if (Object.values(known).every(fact => fact === null)) return { hardware, facts: null, where }
  return { hardware, where, facts: { cluster, partition, gpuType, nodes: kind.nodes.slice(0, MOST_NODES), ...known } }
}

const napiIn = ({ facts }: Place): number | null => (facts?.node == null ? null : napiOf(facts.node.value))

export interface JudgedPlace {
  report: CompatibilityReport
  place: Place
}

/** Slurm may choose any of them: the worst is the verdict, and where they differ it says of which nodes it speaks. */
export function worstOf(
  places: readonly [Place, ...Place[]],
  judgeOn: (place: Place) => CompatibilityReport,
): JudgedPlace {
  const judged = places.map(place => ({ place, report: judgeOn(place) }))
  const [worst = { place: places[0], report: judgeOn(places[0]) }] = judged.toSorted(
    (a, b) => verdictRank(a.report.verdict) - verdictRank(b.report.verdict),
  )
  const differ = judged.some(({ report }) => report.verdict !== worst.report.verdict)
  return differ ? { ...worst, report: saidOf(worst) } : worst
}

function saidOf({ report, place }: JudgedPlace): CompatibilityReport {
  const said = (detail: string): string => `On ${place.where}: ${detail}`
  return {
    ...report,
    detail: said(report.detail),
    findings: report.findings.map(finding =>
      finding.verdict === report.verdict ? { ...finding, detail: said(finding.detail) } : finding,
    ),
  }
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
