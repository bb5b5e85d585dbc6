// What a compute node is, as far as anybody knows: each fact with where it comes from and how old it is.
import { z } from 'zod'
import { SlurmName, Timestamp } from './names.ts'

/**
 * The trustworthiest first: a program in a job of our own on the node, the operator's word, Slurm's GPU type, a feature of the node;
 * and last what a user's job wrote of it, which is shown and decides nothing for others.
 */
export const FACT_SOURCES = ['probe', 'declared', 'gres', 'feature', 'job'] as const
export const FactSource = z.enum(FACT_SOURCES)
export type FactSource = z.infer<typeof FactSource>

export const Fact = z.strictObject({
  value: z.string().max(200),
  source: FactSource,
  /** What said so: the node and its program, the line of the configuration, the gres. */
  from: z.string().max(300),
  at: Timestamp,
})
export type Fact = z.infer<typeof Fact>

/** null: nobody knows. Facts of a login node never stand here. */
export const NodeFacts = z.strictObject({
  driver: Fact.nullable(),
  /** The weakest GPU's name as nvidia-smi or the gres has it. */
  gpu: Fact.nullable(),
  computeCapability: Fact.nullable(),
  /** The newest CUDA that the driver runs, as nvidia-smi prints it. */
  cudaMax: Fact.nullable(),
  glibc: Fact.nullable(),
  cpuArch: Fact.nullable(),
  kernel: Fact.nullable(),
  os: Fact.nullable(),
  /** Of the configured Node.js: its version, or why it does not start. */
  node: Fact.nullable(),
})
export type NodeFacts = z.infer<typeof NodeFacts>

const matching = (pattern: RegExp, what: string) => z.string().regex(pattern, `is not ${what}`)
const words = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters')

/**
 * What one look at a node found: the probe's file and, of every job with a GPU, the worker's (a claim). Whoever looks leaves out (null) what
 * does not fit; a look that does not fit here is no look.
 */
export const NodeSighting = z.strictObject({
  v: z.literal(1),
  node: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'the name of a node'),
  at: Timestamp,
  /** null: there is no nvidia-smi, or it answered with an error; `gpuTrouble` says which. */
  driver: matching(/^\d{3,4}(\.\d{1,4}){1,2}$/, 'the version of an NVIDIA driver').nullable(),
  cudaMax: matching(/^\d{1,2}\.\d{1,2}$/, 'a version of CUDA').nullable(),
  gpus: z
    .array(
      z.strictObject({
        name: words(200),
        computeCapability: matching(/^\d{1,2}\.\d$/, 'a compute capability').nullable(),
      }),
    )
    .max(64),
  gpuTrouble: words(1000).nullable(),
  /** 2.28; null also where the C library is another. */
  glibc: matching(/^\d{1,2}\.\d{1,3}$/, 'a version of glibc').nullable(),
  cpuArch: matching(/^[A-Za-z0-9_]{1,64}$/, 'an architecture').nullable(),
  kernel: words(200).nullable(),
  os: words(200).nullable(),
  /** As `node --version` and process.version have it: v20.20.2 */
  nodeVersion: matching(/^v\d{1,3}\.\d{1,3}\.\d{1,3}[\w.+-]{0,60}$/, 'a version of Node.js').nullable(),
  nodeTrouble: words(1000).nullable(),
})
export type NodeSighting = z.infer<typeof NodeSighting>

/** Of a kind: the same wherever nodes with these GPU types and features stand. */
const KindId = z.string().regex(/^[0-9a-f]{12}$/, 'is not the id of a kind of node')

/** Nodes of a kind that were looked at and are alike, told apart from others of the kind that are not. */
export const NodeGroup = z.strictObject({ nodes: z.array(z.string()).min(1).max(256), facts: NodeFacts })
export type NodeGroup = z.infer<typeof NodeGroup>

/** What a job said of its node that our own looks did not: nobody is refused for it, and the node is looked at again. */
export const NodeClaim = z.strictObject({
  node: z.string(),
  job: z.string().max(64),
  at: Timestamp,
  /** "driver 396.37 (when it was looked at: 580.159.03)" */
  says: z.string().max(400),
})
export type NodeClaim = z.infer<typeof NodeClaim>

/** Nodes of a partition that look alike to Slurm: same GPU types, same features. */
export const NodeKind = z.strictObject({
  id: KindId,
  nodeCount: z.int().min(0),
  /** The first of them, at most 256. */
  nodes: z.array(z.string()).max(256),
  /** The most of each type on one node. */
  gpus: z.array(z.strictObject({ type: z.string().nullable(), count: z.int().min(0) })).max(64),
  /** What all of its nodes have. */
  features: z.array(z.string()).max(256),
  /** The least of its nodes; those that are down or drained count only where all are. */
  facts: NodeFacts,
  /** Absent: those that were looked at are alike. Nodes that nobody looked at may be as any of these. */
  groups: z.array(NodeGroup).min(2).max(16).optional(),
  /** Absent: there are none. */
  claims: z.array(NodeClaim).min(1).max(64).optional(),
  /** Nodes that were looked at, newest look first, at most 64; the others are taken to be alike. */
  probed: z.array(z.strictObject({ node: z.string(), at: Timestamp })).max(64),
  /** "gpu03 has driver 390.46, the others 396.37": what differs inside the kind. */
  differs: z.array(z.string().max(500)).max(64),
})
export type NodeKind = z.infer<typeof NodeKind>

/** More kinds than that in one partition are told apart by their GPU types only. */
export const MOST_KINDS = 64

/** asked: not in Slurm yet. pending and running: as Slurm has it. done: a node was looked at. failed: `detail` says why not. */
export const PROBE_STATES = ['asked', 'pending', 'running', 'done', 'failed'] as const

/** The last look at a kind of node: a short Slurm job on one of its nodes. */
export const NodeProbe = z.strictObject({
  kind: KindId,
  state: z.enum(PROBE_STATES),
  /** The owner who asked; null: nobody had looked at the kind for too long. */
  by: z.string().nullable(),
  /** Where it runs; null until that is chosen, or for want of a node. */
  partition: z.string().nullable(),
  node: z.string().nullable(),
  slurmJobId: z.string().nullable(),
  /** When it came into its state. */
  at: Timestamp,
  /** In words, where there is something to say: why it waits, why it failed. */
  detail: z.string().max(1000),
})
export type NodeProbe = z.infer<typeof NodeProbe>

/** `POST /v1/clusters/{name}/probe`: a look at one node of every kind, of one partition or of all. */
export const ProbeRequest = z.strictObject({ partition: SlurmName.optional() }).meta({ id: 'ProbeRequest' })
export type ProbeRequest = z.infer<typeof ProbeRequest>
