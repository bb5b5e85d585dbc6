// What a kind of node is, from all that is known of it. Pure. Facts are ranked: what a program of ours on a node said, what the operator
// declared, the GPU type that Slurm has, a feature of the node, and last what a user's job said. Between nodes the least counts,
// because a job may land on any; nodes to which Slurm sends no jobs do not count. Nodes that differ are told in groups.
// Nothing here ever comes from a login node: sightings are made in a job, by its node.
import {
  type Fact,
  type FactSource,
  MOST_KINDS,
  type NodeFacts,
  type NodeGroup,
  type NodeKind,
} from '@trotline/contracts'
import type { Claim, KnownLook, KnownLooks } from '../store/sightings.ts'
import { claimAgainst, claimInWords } from './node-claims.ts'
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

export interface KnownOfNodes extends Readonly<KnownLooks> {
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
const MOST_GROUPS = 16

/**
 * @param alike all nodes of the kind that jobs may land on, wherever they stand: where none of the partition's own was looked at,
 *   theirs tell
 * @param slurm when sinfo was asked
 */
export function nodeKind(
  partition: string,
  kind: KindInPartition,
  alike: readonly string[],
  known: KnownOfNodes,
  slurm: { readonly at: string },
): NodeKind {
  const looksAt = (nodes: readonly string[]): KnownLook[] =>
    nodes.flatMap(node => known.looks.get(node) ?? []).toSorted((a, b) => (a.at < b.at ? 1 : -1))
  const own = looksAt(kind.nodes)
  const looks = own.length > 0 ? own : looksAt(alike)
  // One that is down keeps nobody out. Where all are, what was seen of them is the best that there is.
  const standing = own.filter(({ node }) => !kind.away.has(node))
  const counting = [standing, looksAt(alike), own].find(each => each.length > 0) ?? []
  const claimed = kind.nodes
    .flatMap(node => known.claims.get(node) ?? [])
    .filter(claim => (known.looks.get(claim.node)?.at ?? '') < claim.at)
  const claims = claimed.flatMap(claim => claimAgainst(claim, known.looks.get(claim.node)) ?? []).slice(0, MOST_KINDS)
  const facts = (those: readonly KnownLook[]): NodeFacts =>
    factsOf(partition, kind, { those, all: looks }, known, slurm.at)
  const groups = groupsOf(counting, facts)
  const { id, nodes, gpus, features } = kind
  return {
    id,
    nodeCount: nodes.length,
    nodes: nodes.slice(0, MOST_NODES),
    gpus: gpus.map(({ type, count }) => ({ type, count })),
    features: features.slice(0, MOST_NODES),
    facts: withClaims(facts(counting), claimed),
    ...(groups.length > 0 ? { groups } : {}),
    ...(claims.length > 0 ? { claims } : {}),
    probed: looks.slice(0, MOST_PROBED).map(({ node, at }) => ({ node, at })),
    differs: [...claims.map(claimInWords), ...differencesIn(looks)].slice(0, MOST_KINDS),
  }
}

/** Empty where there is one only; and where they are very many, which nobody could read: the least of all has to do then. */
function groupsOf(looks: readonly KnownLook[], factsOf: (looks: readonly KnownLook[]) => NodeFacts): NodeGroup[] {
  const groups = new Map<string, KnownLook[]>()
  for (const look of looks) {
    const { driver, gpus, glibc, cpuArch, nodeVersion, nodeTrouble } = look
    const names = gpus.map(({ name, computeCapability }) => `${name} ${computeCapability}`)
    const key = JSON.stringify([driver, [...new Set(names)].toSorted(), glibc, cpuArch, nodeVersion, nodeTrouble])
    groups.set(key, [...(groups.get(key) ?? []), look])
  }
  if (groups.size < 2 || groups.size > MOST_GROUPS) return []
  return [...groups.values()].map(alike => ({
    nodes: alike.slice(0, MOST_NODES).map(({ node }) => node),
    facts: factsOf(alike),
  }))
}

function factsOf(
  partition: string,
  kind: KindInPartition,
  looks: { readonly those: readonly KnownLook[]; readonly all: readonly KnownLook[] },
  known: KnownOfNodes,
  slurmAt: string,
): NodeFacts {
  const { those } = looks
  const looked = new Set(looks.all.map(({ node }) => node))
  const here = known.declarations.filter(
    one =>
      (one.partition === null || one.partition === partition) &&
      one.features.every(feature => kind.features.includes(feature)),
  )
  // The operator's word about a node that nobody has looked at stands beside what was seen of others; about the kind, below it.
  const ofNodes = here.filter(({ nodes }) => kind.nodes.some(node => nodes?.has(node) && !looked.has(node)))
  const ofKind = here.filter(({ nodes }) => nodes === null)
  const declared = (entries: readonly Declaration[], field: Declarable): Fact[] =>
    entries.flatMap(one => declaredFact(one, field) ?? [])
  const least = (field: Declarable, told: (look: KnownLook) => Fact[]): Fact | null =>
    leastVersion([...those.flatMap(told), ...declared(ofNodes, field)]) ?? leastVersion(declared(ofKind, field))
  const one = (facts: readonly Fact[]): Fact | null =>
    facts.every(({ value }) => value === facts[0]?.value) ? (facts[0] ?? null) : null

  const gpusOf = (entries: readonly Declaration[]): Gpu[] =>
    entries.flatMap(each => declaredGpu(each, known.capabilityOf))
  const seenGpus = those.flatMap(look => gpusSeen(look, known.capabilityOf))
  const ofSlurm = gpusOfSlurm(kind, known.capabilityOf, slurmAt)
  const gpu =
    weakest([...seenGpus, ...gpusOf(ofNodes), ...unseenOf(ofSlurm, seenGpus, kind)]) ??
    weakest(gpusOf(ofKind)) ??
    weakest(ofSlurm)
  const seenArch = those.flatMap(look => seen(look, look.cpuArch, 'uname -m'))
  const arches = [...seenArch, ...declared(ofNodes, 'cpuArch')]
  return {
    driver: least('driver', look => seenByDriver(look, look.driver)),
    gpu: gpu?.gpu ?? null,
    computeCapability: gpu?.computeCapability ?? null,
    cudaMax: least('cudaMax', look => seenByDriver(look, look.cudaMax)),
    glibc: least('glibc', look => seen(look, look.glibc, 'getconf GNU_LIBC_VERSION')),
    // Of two architectures neither is the lesser.
    cpuArch: one(arches.length > 0 ? arches : declared(ofKind, 'cpuArch')),
    kernel: leastVersion(those.flatMap(look => seen(look, look.kernel, 'uname -r'))),
    os: those.flatMap(look => seen(look, look.os, '/etc/os-release'))[0] ?? null,
    node: runtimeOf(those),
  }
}

/** Where nobody else says anything, what a job said stands as its word; the GPU that Slurm names stays as Slurm names it. */
function withClaims(facts: NodeFacts, claims: readonly Claim[]): NodeFacts {
  const told = (program: string, value: (claim: Claim) => string | null): Fact | null =>
    leastVersion(
      claims.flatMap(claim => {
        const found = value(claim)
        return found === null
          ? []
          : [fact(found, 'job', `${program} on ${claim.node}, as job ${claim.job} told`, claim.at)]
      }),
    )
  return {
    ...facts,
    driver: facts.driver ?? told('nvidia-smi', claim => claim.driver),
    gpu: facts.gpu ?? told('nvidia-smi', claim => claim.gpus[0]?.name ?? null),
    cudaMax: facts.cudaMax ?? told('nvidia-smi', claim => claim.cudaMax),
    glibc: facts.glibc ?? told('process.report', claim => claim.glibc),
  }
}

function fact(value: string, source: FactSource, from: string, at: string): Fact {
  return { value: value.slice(0, 200), source, from: from.slice(0, 300), at }
}

const seen = (look: KnownLook, value: string | null, program: string, at = look.at): Fact[] =>
  value === null ? [] : [fact(value, 'probe', `${program} on ${look.node}`, at)]

/** nvidia-smi may have told it an earlier look, and nothing to the newest. */
const seenByDriver = (look: KnownLook, value: string | null, program = 'nvidia-smi'): Fact[] =>
  seen(look, value, program, look.gpusAt)

function declaredFact({ values, from, at }: Declaration, field: Declarable): Fact | null {
  const value = values[field]
  return value === undefined ? null : fact(value, 'declared', from, at)
}

function gpusSeen(look: KnownLook, capabilityOf: KnownOfNodes['capabilityOf']): Gpu[] {
  return look.gpus.map(({ name, computeCapability }) => {
    const byName = computeCapability === null ? capabilityOf(name) : null
    const from = byName === null ? 'nvidia-smi' : `the name ${name}, by nvidia-smi`
    return {
      gpu: seenByDriver(look, name)[0] ?? null,
      computeCapability: seenByDriver(look, computeCapability ?? byName, from)[0] ?? null,
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

/** Where nodes have several GPU types and fewer were seen than there are, those that none of the seen can be stay as Slurm has them. */
function unseenOf(ofSlurm: readonly Gpu[], seenGpus: readonly Gpu[], { gpus }: KindInPartition): Gpu[] {
  const names = new Set(seenGpus.map(({ gpu }) => gpu?.value))
  if (names.size === 0 || names.size >= gpus.length) return []
  const capabilities = new Set(seenGpus.map(({ computeCapability }) => computeCapability?.value))
  return ofSlurm.filter(
    ({ gpu, computeCapability }) =>
      gpu?.source === 'gres' && computeCapability !== null && !capabilities.has(computeCapability.value),
  )
}

/** One of unknown capability is the weakest: it may be anything. null: there is none. */
function weakest(gpus: readonly Gpu[]): Gpu | null {
  const capability = ({ computeCapability }: Gpu): string => computeCapability?.value ?? '0'
  return gpus.toSorted((a, b) => compareVersions(capability(a), capability(b)))[0] ?? null
}

const leastVersion = (facts: readonly Fact[]): Fact | null =>
  facts.toSorted((a, b) => compareVersions(a.value, b.value))[0] ?? null

/** One node on which the runtime does not start tells more than all on which it does. */
function runtimeOf(looks: readonly KnownLook[]): Fact | null {
  const program = 'node --version'
  const troubled = looks.find(({ nodeTrouble }) => nodeTrouble !== null)
  if (troubled) return seen(troubled, `does not start: ${troubled.nodeTrouble}`, program)[0] ?? null
  return leastVersion(looks.flatMap(look => seen(look, look.nodeVersion, program)))
}
