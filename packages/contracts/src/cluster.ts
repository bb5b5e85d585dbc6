// A cluster as REST shows it: what it offers, how it feels, what we may cost it, and what we did cost it.
// The server keeps these shapes in its store as they are: its owner writes them, every process serves them.
import { z } from 'zod'
import { ClusterName, IdentityName, Timestamp } from './names.ts'
import { MOST_KINDS, NodeKind, NodeProbe } from './node-facts.ts'

/** What befalls a job that has to make room for one of a partition with a higher PriorityTier. */
export const Preemption = z.strictObject({
  mode: z.enum(['cancel', 'requeue', 'suspend']),
  /** Between the warning (TERM) and the end; KillWait comes on top. */
  graceSeconds: z.number(),
})
export type Preemption = z.infer<typeof Preemption>

export const PartitionFacts = z.strictObject({
  name: z.string(),
  maxTimeMinutes: z.number().nullable(),
  maxCpusPerNode: z.number().nullable(),
  maxMemoryMiBPerNode: z.number().nullable(),
  /** GPU types on its nodes with the most of each on one node; empty: it has none. */
  gpus: z.array(z.strictObject({ type: z.string().nullable(), perNode: z.number() })),
  /** null: no other partition stands before this one, or only a job's QOS decides. */
  preemption: Preemption.nullable(),
  /** What its nodes are, as far as anybody has looked. */
  nodeKinds: z.array(NodeKind).max(MOST_KINDS),
})
export type PartitionFacts = z.infer<typeof PartitionFacts>

export const ClusterHealth = z.strictObject({ ok: z.boolean(), code: z.string(), detail: z.string(), at: Timestamp })
export type ClusterHealth = z.infer<typeof ClusterHealth>

/** Nothing is submitted while this stands; what Slurm has already is watched, finished and cancelled as usual. */
export const Paused = z.strictObject({ by: z.string(), since: Timestamp, why: z.string() })
export type Paused = z.infer<typeof Paused>

/** What breaks by itself: the way to the login node, or slurmctld behind it, each per identity. */
export const BREAKER_PARTS = ['ssh', 'slurmctld'] as const
export const Breaker = z.strictObject({
  identity: IdentityName,
  part: z.enum(BREAKER_PARTS),
  /** closed: in use. open: rests, and calls fail at once. half-open: one cheap question decides. */
  state: z.enum(['closed', 'open', 'half-open']),
  since: Timestamp,
  /** Faults in a row, within the window. */
  faults: z.int().min(0),
  lastFault: z.strictObject({ code: z.string(), detail: z.string(), at: Timestamp }).nullable(),
  nextProbeAt: Timestamp.nullable(),
})
export type Breaker = z.infer<typeof Breaker>

/** For the whole installation, however many server processes there are. */
export const Ceilings = z.strictObject({
  connections: z.int().min(1),
  channelsPerConnection: z.int().min(3),
  commandsPerMinute: z.int().min(1),
  submissionsPerMinute: z.int().min(1),
  /** A call that waited longer than this at a ceiling is given up; its job tries again by itself. */
  waitSeconds: z.int().min(1),
})
export type Ceilings = z.infer<typeof Ceilings>

/** `sbatch` counts submissions; `other` are commands that do not ask Slurm, such as mkdir. */
export const COMMAND_KINDS = ['squeue', 'sacct', 'sinfo', 'scontrol', 'scancel', 'sbatch', 'other'] as const
export type CommandKind = (typeof COMMAND_KINDS)[number]
const CommandCounts = z.strictObject(
  Object.fromEntries(COMMAND_KINDS.map(kind => [kind, z.int().min(0)])) as Record<CommandKind, z.ZodInt>,
)

/** Counted by the process that owns the cluster, since it took it over. */
export const Footprint = z.strictObject({
  since: Timestamp,
  at: Timestamp,
  connections: z.int().min(0),
  channels: z.int().min(0),
  channelsPeak: z.int().min(0),
  commandsLastMinute: CommandCounts,
  commandsLastHour: CommandCounts,
  /** What the ceilings have spent in the last minute, by all server processes together. */
  spentLastMinute: z.strictObject({ commands: z.int().min(0), submissions: z.int().min(0) }),
  /** Commands with their input and output, and files; SSH's own overhead and the worker release's upload are not counted. */
  bytesOut: z.int().min(0),
  bytesIn: z.int().min(0),
  /** Calls that wait at a ceiling now, and for how long all of them together have waited so far. */
  waiting: z.int().min(0),
  secondsWaited: z.number().min(0),
  /** Calls that were not made: given up at a ceiling, or the breaker was open. */
  refused: z.strictObject({ ceiling: z.int().min(0), resting: z.int().min(0) }),
})
export type Footprint = z.infer<typeof Footprint>

export const LIVE_STATES = ['accepted', 'prepared', 'pending', 'running', 'finishing'] as const
const LiveJobs = z.strictObject(
  Object.fromEntries(LIVE_STATES.map(state => [state, z.int().min(0)])) as Record<
    (typeof LIVE_STATES)[number],
    z.ZodInt
  >,
)
export type LiveJobs = z.infer<typeof LiveJobs>

export const Cluster = z
  .strictObject({
    name: ClusterName,
    /** null: no owner has asked Slurm yet. */
    facts: z
      .strictObject({
        slurmVersion: z.string(),
        accounting: z.boolean(),
        partitions: z.array(PartitionFacts),
        seenAt: Timestamp,
        ageSeconds: z.int().min(0),
        source: z.string(),
      })
      .nullable(),
    health: ClusterHealth,
    /** Empty while no process owns the cluster. */
    breakers: z.array(Breaker),
    ceilings: Ceilings,
    /** null while no process owns the cluster. */
    footprint: Footprint.nullable(),
    paused: Paused.nullable(),
    /** The last look at each kind of node, or the one under way. */
    probes: z.array(NodeProbe),
    jobs: LiveJobs,
  })
  .meta({ id: 'Cluster' })
export type Cluster = z.infer<typeof Cluster>

/** A line of the list. */
export const ClusterSummary = z
  .strictObject({
    name: ClusterName,
    ok: z.boolean(),
    code: z.string(),
    paused: z.boolean(),
    slurmVersion: z.string().nullable(),
    partitions: z.array(z.string()),
    jobs: LiveJobs,
  })
  .meta({ id: 'ClusterSummary' })
export type ClusterSummary = z.infer<typeof ClusterSummary>

export const ClusterPage = z
  .strictObject({ items: z.array(ClusterSummary), nextCursor: z.null() })
  .meta({ id: 'ClusterPage' })
export type ClusterPage = z.infer<typeof ClusterPage>

/** `POST /v1/clusters/{name}/pause`: the reason is shown in every job that waits for it. */
export const PauseRequest = z
  .strictObject({
    why: z
      .string()
      .max(500)
      .regex(/^[^\p{Cc}]*$/u, 'has control characters')
      .default(''),
  })
  .meta({ id: 'PauseRequest' })
export type PauseRequest = z.infer<typeof PauseRequest>
