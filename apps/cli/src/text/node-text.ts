// What a partition's nodes are, in a line for each kind: "k80 ×4 (k01, k02): driver 396.37 (probed on k01, 2 h ago), ...".
import type { Cluster, Fact, NodeFacts, NodeKind, NodeProbe, PartitionFacts } from '@trotline/contracts'
import { ago } from './durations.ts'
import { count } from './figures.ts'
import { secondsBetween } from './local-time.ts'

const SHOWN: readonly (readonly [label: string, field: keyof NodeFacts])[] = [
  ['driver', 'driver'],
  ['compute capability', 'computeCapability'],
  ['glibc', 'glibc'],
  ['Node.js', 'node'],
]
const MOST_NAMES = 4

export interface KindText {
  /** "k80 ×4 on k01, k02" */
  what: string
  /** "driver 396.37, GPU Tesla K80, ...", or that nobody knows. */
  facts: string
  /** "probed on k01, 2 h ago" */
  source: string
  differs: readonly string[]
  /** How a look at it stands, where there is something to say. */
  look: string | null
}

/** @param now the server's time, in milliseconds */
export function kindText(kind: NodeKind, probes: readonly NodeProbe[], now: number): KindText {
  const probe = probes.find(one => one.kind === kind.id)
  return {
    what: whatOf(kind),
    facts: factsOf(kind),
    source: sourceOf(kind, now),
    differs: kind.differs,
    look: probe === undefined ? null : lookOf(probe, now),
  }
}

function whatOf({ gpus, nodes, nodeCount, features }: NodeKind): string {
  const what =
    gpus.length > 0
      ? gpus.map(({ type, count: most }) => `${type ?? 'GPU'} ×${most}`).join(' + ')
      : `no GPU${features.length > 0 ? ` (${features.slice(0, MOST_NAMES).join(', ')})` : ''}`
  const named = nodes.slice(0, MOST_NAMES).join(', ')
  return `${what} on ${nodeCount > MOST_NAMES ? `${count(nodeCount, 'node')} (${named}, …)` : named}`
}

function factsOf({ facts, gpus }: NodeKind): string {
  const told = SHOWN.flatMap(([label, field]) => {
    const fact = facts[field]
    return fact === null ? [] : [`${label} ${fact.value}`]
  })
  const gpu = facts.gpu !== null && facts.gpu.source !== 'gres' ? [facts.gpu.value] : []
  const unknown = gpus.length > 0 && facts.driver === null ? ['driver unknown'] : []
  const all = [...gpu, ...unknown, ...told]
  return all.length === 0 ? 'nothing is known of them' : all.join(', ')
}

/** Of the driver, else of the fact that there is: where it comes from, and how old it is. */
function sourceOf({ facts, probed }: NodeKind, now: number): string {
  const fact = facts.driver ?? facts.glibc ?? facts.gpu ?? facts.node
  if (fact === null) return ''
  const age = ago(secondsBetween(fact.at, now))
  return fact.source === 'probe'
    ? `probed on ${nodeIn(fact) ?? probed[0]?.node ?? 'a node'}, ${age}`
    : `${BY[fact.source]}, ${age}`
}

const BY = {
  declared: 'declared by the operator',
  gres: 'by its GPU type',
  feature: 'by a feature',
  job: 'as a job told',
}

/** "nvidia-smi on k01" */
const nodeIn = ({ from }: Fact): string | undefined => / on (\S+)$/.exec(from)?.[1]

function lookOf({ state, by, node, partition, slurmJobId, detail, at }: NodeProbe, now: number): string | null {
  if (state === 'done') return null
  const where = node === null ? '' : ` at ${node}${partition === null ? '' : ` (${partition})`}`
  const job = slurmJobId === null ? '' : `, Slurm job ${slurmJobId}`
  const words = { asked: 'is wanted', pending: 'waits in Slurm', running: 'runs', failed: 'failed' }[state]
  const why = detail === '' ? '' : `: ${detail}`
  return `a look${where} ${words}${job}, ${ago(secondsBetween(at, now))}${by === null ? '' : `, asked by ${by}`}${why}`
}

/** "gpuk80: 24 cores, 117 GiB a node, up to 2 d" */
export function partitionText({ maxTimeMinutes, maxCpusPerNode, maxMemoryMiBPerNode }: PartitionFacts): string {
  return [
    ...(maxCpusPerNode === null ? [] : [count(maxCpusPerNode, 'core')]),
    ...(maxMemoryMiBPerNode === null ? [] : [`${Math.round(maxMemoryMiBPerNode / 1024)} GiB`]),
    maxTimeMinutes === null ? 'no time limit' : `at most ${hours(maxTimeMinutes)}`,
  ].join(', ')
}

const hours = (minutes: number): string =>
  minutes % 1440 === 0 ? `${minutes / 1440} d` : minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`

/** Of a cluster as pipes get it: a row for each kind of node. */
export function kindRows({ facts, probes }: Cluster): string[][] {
  return (facts?.partitions ?? []).flatMap(partition =>
    partition.nodeKinds.map(kind => {
      const { driver, gpu, computeCapability, glibc, node } = kind.facts
      const values = [driver, gpu, computeCapability, glibc, node].map(fact => fact?.value ?? '')
      const types = kind.gpus.map(({ type, count: most }) => `${type ?? 'gpu'}:${most}`).join(',')
      const probe = probes.find(one => one.kind === kind.id)?.state ?? ''
      const last = kind.probed[0]
      return [partition.name, types, String(kind.nodeCount), ...values, driver?.source ?? '', last?.at ?? '', probe]
    }),
  )
}
export const KIND_COLUMNS = [
  'PARTITION',
  'GPUS',
  'NODES',
  'DRIVER',
  'GPU',
  'CAPABILITY',
  'GLIBC',
  'NODEJS',
  'SOURCE',
  'PROBED',
  'LOOK',
] as const
