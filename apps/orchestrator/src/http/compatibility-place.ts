// A partition that is named in place of a driver and a GPU: is it there, what are its nodes, and where else might it run.
import {
  type CompatibilityFinding,
  type CompatibilityQuestion,
  type CompatibilityReport,
  type Finding,
  type Hardware,
  type NodeClaim,
  type PartitionFacts,
  type SuggestAnswer,
  type Suggestion,
  type SuggestRequest,
  willRun,
} from '@trotline/contracts'
import { kindsFor } from '../clusters/node-hardware.ts'
import type { ClusterSettings } from '../config.ts'
import type { Compatibility, Elsewhere } from '../lifecycle/compatibility.ts'
import { claimFinding } from '../lifecycle/judge-parts.ts'
import { NOWHERE, type Place, placesOf, worstOf } from '../lifecycle/judge-place.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

interface Named {
  cluster?: string | undefined
  partition?: string | undefined
  gpuType?: string | undefined
}

export interface NamedPlace {
  partition: string
  /** Each sort of node that Slurm may choose; with what the request says of them itself. */
  places: readonly [Place, ...Place[]]
  /** What is known of a node for longer than this is called old. */
  maxAgeHours: number
  /** What jobs said of these nodes and nobody has confirmed. */
  claims: readonly NodeClaim[]
  /** false: as Slurm lists it, no node of it has a GPU. */
  hasGpus: boolean
  others: Elsewhere['others']
}

/**
 * null: no partition is named. What the request says of the hardware beside it may add to what is known of the nodes and never
 * contradict it.
 */
export async function placeNamed(
  { clusters, facts, storeTime }: Pick<Services, 'clusters' | 'facts' | 'storeTime'>,
  { cluster: name, partition: wanted, gpuType = null }: { [K in keyof Named]: Named[K] | null },
  said: Hardware,
): Promise<NamedPlace | null> {
  if (name == null || wanted == null) return null
  const cluster = clusters.find(candidate => candidate.name === name)
  if (!cluster) throw misnamed('/cluster', `There is no cluster "${name}"`, name, clusters)
  const { maxAgeHours } = cluster.probe
  const seen = await storeTime()(() => facts.readFacts(name))
  if (seen === null && cluster.partitions === undefined) {
    const detail = `Cluster ${name} was never seen, so nobody knows its partitions; /readyz says what keeps it away.`
    throw new ProblemError('cluster-unreachable', detail)
  }
  const listed = (seen?.partitions ?? []).filter(each => isOffered(each, cluster))
  const partition = listed.find(each => each.name === wanted)
  if (!partition) {
    const names = cluster.partitions ?? listed.map(each => each.name)
    if (!names.includes(wanted))
      throw misnamed('/partition', `Cluster ${name} has no partition "${wanted}"`, wanted, names.map(named))
    const places = [{ ...NOWHERE, hardware: hardwareSaid(said) }] as const
    return { partition: wanted, places, maxAgeHours, claims: [], hasGpus: true, others: [] }
  }
  const types = partition.gpus.flatMap(({ type }) => type ?? [])
  if (gpuType !== null && !types.includes(gpuType))
    throw misnamed('/gpuType', `Partition ${wanted} has no GPU of type "${gpuType}"`, gpuType, types.map(named))
  const sorts = placesOf(name, partition, gpuType)
  const against = sorts.map(({ hardware }) => contradictions(wanted, hardware, said))
  // Where nodes differ, what the request says of them chooses among them.
  const [first, ...others] = sorts.filter((_, at) => against[at]?.length === 0)
  if (first === undefined) {
    const findings = against[0] ?? []
    throw new ProblemError('invalid-request', findings[0]?.detail ?? '', findings)
  }
  const completed = (place: Place): Place => ({ ...place, hardware: { ...hardwareSaid(said), ...place.hardware } })
  return {
    partition: wanted,
    places: [completed(first), ...others.map(completed)],
    maxAgeHours,
    claims: kindsFor(partition, gpuType).flatMap(kind => kind.claims ?? []),
    hasGpus: partition.gpus.length > 0,
    others: listed
      .filter(each => each.name !== wanted && each.gpus.length > 0)
      .flatMap(each => placesOf(name, each, null).map(({ hardware }) => ({ partition: each.name, hardware }))),
  }
}

/** With the facts behind it, and with what would run instead where it does not run. Of several sorts of node the worst counts. */
export function checkOn(
  named: NamedPlace | null,
  asked: CompatibilityQuestion,
  { judge, nearest }: Compatibility,
  now: Date,
): CompatibilityReport {
  const from = { partition: named?.partition ?? null, others: named?.others ?? [], here: hereOf(named) }
  const question = (place: Place): CompatibilityQuestion => ({ ...asked, ...place.hardware })
  const places = named?.places ?? ([NOWHERE] as const)
  const { report: judged, place } = worstOf(places, each => judge(question(each)))
  const report =
    named === null ? judged : named.hasGpus ? withClaims(judged, named) : withoutGpus(named.partition, judged)
  const age = named?.hasGpus ? ageInWords(place, named.maxAgeHours, now) : null
  return {
    ...report,
    detail: age === null ? report.detail : `${report.detail} ${age}`,
    nearest: report.verdict === 'incompatible' ? nearest(question(place), from) : report.nearest,
    ...(place.facts ? { facts: place.facts } : {}),
  }
}

/** What runs on each sort of node that Slurm may choose: the newest of each, as far as they run on all. */
export function newestOn(
  named: NamedPlace | null,
  asked: SuggestRequest,
  { judge, newest }: Compatibility,
): SuggestAnswer {
  if (named === null) return newest(asked)
  const [first, ...others] = named.places
  const answer = newest({ ...asked, ...first.hardware })
  const facts = first.facts === null ? {} : { facts: first.facts }
  if (others.length === 0) return { ...answer, ...facts }
  const all = [answer, ...others.map(({ hardware }) => newest({ ...asked, ...hardware }))]
  const onAll = ({ software }: Suggestion): boolean =>
    named.places.every(({ hardware }) => willRun(judge({ ...software, ...hardware }).verdict))
  const isFirst = (one: Suggestion, at: number, them: readonly Suggestion[]): boolean =>
    them.findIndex(other => JSON.stringify(other.software) === JSON.stringify(one.software)) === at
  const frameworks = answer.frameworks.map(({ framework, detail }) => {
    const found = all.flatMap(each => each.frameworks.find(one => one.framework === framework)?.newest ?? [])
    const both = found.filter(onAll).filter(isFirst)
    const where = named.places.map(place => place.where).join('; ')
    const none = `The newest for one sort of its nodes runs on no other (${where}): name a gpuType, or a constraint when you submit.`
    return { framework, newest: both, detail: both.length === 0 && found.length > 0 ? none : detail }
  })
  return { ...answer, ...facts, frameworks }
}

const hereOf = (named: NamedPlace | null): Hardware[] =>
  named === null || named.places.length < 2 ? [] : named.places.map(({ hardware }) => hardware)

/** null: it is young enough. Only looks grow old: what Slurm lists was listed a minute ago, and the operator's word holds. */
function ageInWords({ facts, where }: Place, maxAgeHours: number, now: Date): string | null {
  if (facts === null) return null
  const { driver, gpu, computeCapability, glibc, cpuArch, node } = facts
  const looks = [driver, gpu, computeCapability, glibc, cpuArch, node].filter(fact => fact?.source === 'probe')
  const [oldest] = looks.flatMap(fact => fact ?? []).toSorted((a, b) => (a.at < b.at ? -1 : 1))
  const hours = oldest === undefined ? 0 : (now.getTime() - Date.parse(oldest.at)) / 3_600_000
  if (oldest === undefined || hours <= maxAgeHours) return null
  const age = hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`
  return `What is known of ${where} is ${age} old (${oldest.from}), older than the ${maxAgeHours} hours after which nodes are to be looked at again.`
}

const MOST_CLAIMS = 4

function withClaims(report: CompatibilityReport, { claims }: NamedPlace): CompatibilityReport {
  const findings = claims.slice(0, MOST_CLAIMS).map(claimFinding)
  const [first] = findings
  if (first === undefined) return report
  const all = { ...report, findings: [...report.findings, ...findings] }
  return report.verdict === 'compatible'
    ? { ...all, verdict: first.verdict, rule: first.rule, detail: `${report.detail} ${first.detail}` }
    : all
}

const isOffered = ({ name }: PartitionFacts, { partitions }: ClusterSettings): boolean =>
  partitions?.includes(name) ?? true

const named = (name: string): { name: string } => ({ name })

function misnamed(pointer: string, detail: string, found: string, there: readonly { name: string }[]): ProblemError {
  const required = there.length > 0 ? `one of ${there.map(({ name }) => name).join(', ')}` : 'none: there is none'
  return new ProblemError('request-refused', `${detail}.`, [{ pointer, detail, found, required }])
}

const SAID = ['glibc', 'cpuArch', 'slurmFeatures'] as const

const hardwareSaid = (said: Hardware): Hardware =>
  Object.fromEntries(SAID.flatMap(field => (said[field] === undefined ? [] : [[field, said[field]]])))

function contradictions(partition: string, known: Hardware, said: Hardware): Finding[] {
  return SAID.flatMap(field => {
    const [there, told] = [known[field], said[field]]
    if (there === undefined || told === undefined || String(there) === String(told)) return []
    return [
      {
        pointer: `/${field}`,
        detail: `${field} contradicts what is known of partition ${partition}`,
        found: String(told),
        required: String(there),
        hint: `Leave ${field} out, or name driver and gpu in place of a partition`,
      },
    ]
  })
}

/** A build for CPUs is what belongs there; every other one wants a GPU. */
function withoutGpus(partition: string, { findings, understood }: CompatibilityReport): CompatibilityReport {
  const forCpus = findings.some(({ rule }) => rule === 'cpu-only')
  const verdict = forCpus ? 'compatible' : 'incompatible'
  const detail = forCpus
    ? `It is a build for CPUs, and partition ${partition} has no GPUs.`
    : `Partition ${partition} has no GPUs, and CUDA needs one.`
  const rule = forCpus ? 'no-gpu' : 'no-gpu-there'
  const finding: CompatibilityFinding = {
    gate: 'driver-gpu',
    rule,
    verdict,
    detail,
    required: forCpus ? null : 'a GPU',
    found: 'no GPU, as sinfo lists the partition',
    hint: forCpus ? null : 'Take a partition with GPUs, or a build for CPUs',
    source: null,
    confidence: null,
  }
  return { verdict, rule, detail, findings: [finding], understood, nearest: [] }
}
