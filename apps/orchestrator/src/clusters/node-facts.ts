// What a kind of node is, from all that is known of it. Pure. Facts are ranked: what a program on a node said, what the operator
// declared, the GPU type that Slurm has, a feature of the node. Between nodes the least counts, because a job may land on any.
// Nothing here ever comes from a login node: sightings are made in a job, by its node.
import {
  type Fact,
  type FactSource,
  MOST_KINDS,
  type NodeFacts,
  type NodeKind,
  type NodeSighting,
} from '@trotline/contracts'
import { differencesIn } from './node-differences.ts'
import type { KindInPartition } from './node-kinds.ts'
import { compareVersions } from './version-order.ts'

/** One entry of the cluster's `nodes` in the configuration. */
export interface Declaration {
  /** The line of the configuration, in words. */
  readonly from: string
  readonly at: string
  /** null: any. */
  readonly partition: string | null
  /** All of them. */
  readonly features: readonly string[]
  /** null: all that partition and features leave. */
  readonly nodes: ReadonlySet<string> | null
  readonly values: Readonly<Partial<Record<Declarable, string>>>
}
export const DECLARABLE = ['driver', 'gpu', 'computeCapability', 'cudaMax', 'glibc', 'cpuArch'] as const
type Declarable = (typeof DECLARABLE)[number]

export interface KnownOfNodes {
  readonly sightings: ReadonlyMap<string, NodeSighting>
  readonly declarations: readonly Declaration[]
  /** By a GPU's name, of whatever spelling; null: an unknown or ambiguous name. */
  readonly capabilityOf: (name: string) => string | null
}

/** A GPU as one source tells of it. */
interface Gpu {
  readonly gpu: Fact | null
  readonly computeCapability: Fact | null
}

const MOST_NODES = 256
const MOST_PROBED = 64

/**
 * @param alike all nodes of the kind, wherever they stand: where none of the partition's own was looked at, theirs tell
 * @param slurm when sinfo was asked
 */
export function nodeKind(
  partition: string,
  kind: KindInPartition,
  alike: readonly string[],
  known: KnownOfNodes,
  slurm: { readonly at: string },
): NodeKind {
  const looksAt = (nodes: readonly string[]): NodeSighting[] =>
    nodes.flatMap(node => known.sightings.get(node) ?? []).toSorted((a, b) => (a.at < b.at ? 1 : -1))
  const own = looksAt(kind.nodes)
  const looks = own.length > 0 ? own : looksAt(alike)
  const { id, nodes, gpus, features } = kind
  return {
    id,
    nodeCount: nodes.length,
    nodes: nodes.slice(0, MOST_NODES),
    gpus: gpus.map(({ type, count }) => ({ type, count })),
    features: features.slice(0, MOST_NODES),
    facts: factsOf(partition, kind, looks, known, slurm.at),
    probed: looks.slice(0, MOST_PROBED).map(({ node, at }) => ({ node, at })),
    differs: differencesIn(looks).slice(0, MOST_KINDS),
  }
}

function factsOf(
  partition: string,
  kind: KindInPartition,
  looks: readonly NodeSighting[],
  known: KnownOfNodes,
  slurmAt: string,
): NodeFacts {
  const looked = new Set(looks.map(({ node }) => node))
  const here = known.declarations.filter(
    one =>
      (one.partition === null || one.partition === partition) &&
      one.features.every(feature => kind.features.includes(feature)),
  )
  // The operator's word about a node that nobody has looked at stands beside what was seen of others; about the kind, below it.
  const ofNodes = here.filter(({ nodes }) => kind.nodes.some(node => nodes?.has(node) && !looked.has(node)))
  const ofKind = here.filter(({ nodes }) => nodes === null)
  const declared = (those: readonly Declaration[], field: Declarable): Fact[] =>
    those.flatMap(one => declaredFact(one, field) ?? [])
  const least = (field: Declarable, value: (look: NodeSighting) => string | null, program: string): Fact | null =>
    leastVersion([...looks.flatMap(look => seen(look, value(look), program)), ...declared(ofNodes, field)]) ??
    leastVersion(declared(ofKind, field))
  const one = (facts: readonly Fact[]): Fact | null =>
    facts.every(({ value }) => value === facts[0]?.value) ? (facts[0] ?? null) : null

  const gpusOf = (those: readonly Declaration[]): Gpu[] => those.flatMap(each => declaredGpu(each, known.capabilityOf))
  const gpu =
    weakest([...looks.flatMap(look => gpusSeen(look, known.capabilityOf)), ...gpusOf(ofNodes)]) ??
    weakest(gpusOf(ofKind)) ??
    weakest(gpusOfSlurm(kind, known.capabilityOf, slurmAt))
  const seenArch = looks.flatMap(look => seen(look, look.cpuArch, 'uname -m'))
  const arches = [...seenArch, ...declared(ofNodes, 'cpuArch')]
  return {
    driver: least('driver', look => look.driver, 'nvidia-smi'),
    gpu: gpu?.gpu ?? null,
    computeCapability: gpu?.computeCapability ?? null,
    cudaMax: least('cudaMax', look => look.cudaMax, 'nvidia-smi'),
    glibc: least('glibc', look => look.glibc, 'getconf GNU_LIBC_VERSION'),
    // Of two architectures neither is the lesser.
    cpuArch: one(arches.length > 0 ? arches : declared(ofKind, 'cpuArch')),
    kernel: leastVersion(looks.flatMap(look => seen(look, look.kernel, 'uname -r'))),
    os: looks.flatMap(look => seen(look, look.os, '/etc/os-release'))[0] ?? null,
    node: runtimeOf(looks),
  }
}

function fact(value: string, source: FactSource, from: string, at: string): Fact {
  return { value: value.slice(0, 200), source, from: from.slice(0, 300), at }
}

const seen = (look: NodeSighting, value: string | null, program: string): Fact[] =>
  value === null ? [] : [fact(value, 'probe', `${program} on ${look.node}`, look.at)]

function declaredFact({ values, from, at }: Declaration, field: Declarable): Fact | null {
  const value = values[field]
  return value === undefined ? null : fact(value, 'declared', from, at)
}

function gpusSeen(look: NodeSighting, capabilityOf: KnownOfNodes['capabilityOf']): Gpu[] {
  return look.gpus.map(({ name, computeCapability }) => {
    const byName = computeCapability === null ? capabilityOf(name) : null
    const from = byName === null ? 'nvidia-smi' : `the name ${name}, by nvidia-smi`
    return {
      gpu: seen(look, name, 'nvidia-smi')[0] ?? null,
      computeCapability: seen(look, computeCapability ?? byName, from)[0] ?? null,
    }
  })
}

function declaredGpu(one: Declaration, capabilityOf: KnownOfNodes['capabilityOf']): Gpu[] {
  const gpu = declaredFact(one, 'gpu')
  const byName = gpu === null ? null : capabilityOf(gpu.value)
  const computeCapability =
    declaredFact(one, 'computeCapability') ?? (byName === null ? null : fact(byName, 'declared', one.from, one.at))
  return gpu === null && computeCapability === null ? [] : [{ gpu, computeCapability }]
}

/** By its GPU types, else by features that are names of GPUs. */
function gpusOfSlurm(kind: KindInPartition, capabilityOf: KnownOfNodes['capabilityOf'], at: string): Gpu[] {
  const told = (name: string, source: FactSource, from: string): Gpu => {
    const capability = capabilityOf(name)
    return {
      gpu: fact(name, source, from, at),
      computeCapability: capability === null ? null : fact(capability, source, `the name ${name}, ${from}`, at),
    }
  }
  if (kind.gpus.length === 0) return []
  const types = kind.gpus.flatMap(({ type }) => (type === null ? [] : [type]))
  if (types.length > 0) return types.map(type => told(type, 'gres', `gres gpu:${type} in sinfo`))
  return kind.features
    .filter(feature => capabilityOf(feature) !== null)
    .map(feature => told(feature, 'feature', `feature ${feature} in sinfo`))
}

/** One of unknown capability is the weakest: it may be anything. null: there is none. */
function weakest(gpus: readonly Gpu[]): Gpu | null {
  const capability = ({ computeCapability }: Gpu): string => computeCapability?.value ?? '0'
  return gpus.toSorted((a, b) => compareVersions(capability(a), capability(b)))[0] ?? null
}

const leastVersion = (facts: readonly Fact[]): Fact | null =>
  facts.toSorted((a, b) => compareVersions(a.value, b.value))[0] ?? null

/** One node on which the runtime does not start tells more than all on which it does. */
function runtimeOf(looks: readonly NodeSighting[]): Fact | null {
  const program = 'node --version'
  const troubled = looks.find(({ nodeTrouble }) => nodeTrouble !== null)
  if (troubled) return seen(troubled, `does not start: ${troubled.nodeTrouble}`, program)[0] ?? null
  return leastVersion(looks.flatMap(look => seen(look, look.nodeVersion, program)))
}
