// A partition that is named in place of a driver and a GPU: is it there, what are its nodes, and where else might it run.
import type {
  CompatibilityFinding,
  CompatibilityQuestion,
  CompatibilityReport,
  Finding,
  Hardware,
  JudgedFacts,
  PartitionFacts,
} from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { Compatibility, Elsewhere } from '../lifecycle/compatibility.ts'
import { placeOf } from '../lifecycle/judge-place.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { createStoreTime } from './store-time.ts'

interface Named {
  cluster?: string | undefined
  partition?: string | undefined
  gpuType?: string | undefined
}

export interface NamedPlace {
  partition: string
  hardware: Hardware
  facts: JudgedFacts | null
  /** false: as Slurm lists it, no node of it has a GPU. */
  hasGpus: boolean
  others: Elsewhere['others']
}

/**
 * null: no partition is named. What the request says of the hardware beside it may add to what is known of the nodes and never
 * contradict it.
 */
export async function placeNamed(
  { clusters, facts }: Pick<Services, 'clusters' | 'facts'>,
  { cluster: name, partition: wanted, gpuType = null }: { [K in keyof Named]: Named[K] | null },
  said: Hardware,
): Promise<NamedPlace | null> {
  if (name == null || wanted == null) return null
  const cluster = clusters.find(candidate => candidate.name === name)
  if (!cluster) throw misnamed('/cluster', `There is no cluster "${name}"`, name, clusters)
  const seen = await createStoreTime()(() => facts.readFacts(name))
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
    return { partition: wanted, hardware: hardwareSaid(said), facts: null, hasGpus: true, others: [] }
  }
  const types = partition.gpus.flatMap(({ type }) => type ?? [])
  if (gpuType !== null && !types.includes(gpuType))
    throw misnamed('/gpuType', `Partition ${wanted} has no GPU of type "${gpuType}"`, gpuType, types.map(named))
  const place = placeOf(name, partition, gpuType)
  const against = contradictions(wanted, place.hardware, said)
  if (against.length > 0) throw new ProblemError('invalid-request', against[0]?.detail ?? '', against)
  return {
    partition: wanted,
    ...place,
    hardware: { ...hardwareSaid(said), ...place.hardware },
    hasGpus: partition.gpus.length > 0,
    others: listed
      .filter(each => each.name !== wanted && each.gpus.length > 0)
      .map(each => ({ partition: each.name, hardware: placeOf(name, each, null).hardware })),
  }
}

/** With the facts behind it, and with what would run instead where it does not run. */
export function checkOn(
  place: NamedPlace | null,
  question: CompatibilityQuestion,
  { judge, nearest }: Compatibility,
): CompatibilityReport {
  const judged = judge(question)
  const report = place?.hasGpus === false ? withoutGpus(place.partition, judged) : judged
  const from = place ?? { partition: null, others: [] }
  return {
    ...report,
    nearest: report.verdict === 'incompatible' ? nearest(question, from) : report.nearest,
    ...(place?.facts ? { facts: place.facts } : {}),
  }
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
