// Environments over REST: asked for by a spec or a lock, kept by the lock's id, named `ml@3`, made on clusters.
import { z } from 'zod'
import { CompatibilityReport } from './compatibility.ts'
import { CondaPlatform, EnvironmentLock } from './environment.ts'
import {
  BuildProgress,
  BuildStep,
  BuildTrouble,
  EnvironmentForm,
  EnvironmentLook,
  Installer,
} from './environment-directory.ts'
import { ClusterName, OwnerId, Sha256, SlurmName, Timestamp } from './names.ts'

export const EnvironmentName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
    'is not the name of an environment: letters, digits, ".", "_" and "-", starting with a letter, at most 64',
  )
/** `ml@3`, or `ml` for its newest version. */
export const EnvironmentVersion = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}(@[1-9][0-9]{0,8})?$/, 'is not of the form ml@3')

/** What conda calls virtual packages, as versions: what the nodes are. null: they have none. */
export const VirtualPackages = z.strictObject({
  __cuda: z
    .string()
    .regex(/^\d{1,2}(\.\d{1,2}){0,2}$/, 'is no version of CUDA')
    .nullable()
    .optional(),
  __cuda_arch: z
    .string()
    .regex(/^\d{1,2}\.\d$/, 'is no compute capability')
    .nullable()
    .optional(),
  __glibc: z
    .string()
    .regex(/^\d{1,2}\.\d{1,3}$/, 'is no version of glibc')
    .nullable()
    .optional(),
  __linux: z
    .string()
    .regex(/^\d{1,3}(\.\d{1,5}){0,3}$/, 'is no version of Linux')
    .nullable()
    .optional(),
  /** x86_64, x86_64_v3, aarch64 … */
  __archspec: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,32}$/, 'is no architecture')
    .nullable()
    .optional(),
})
export type VirtualPackages = z.infer<typeof VirtualPackages>

/** Where it has to run: a partition as it was measured, or facts by hand. */
export const SolveTarget = z.union([
  z.strictObject({ cluster: ClusterName, partition: SlurmName, gpuType: SlurmName.optional() }),
  z.strictObject({ platform: CondaPlatform.default('linux-64'), virtualPackages: VirtualPackages }),
])
export type SolveTarget = z.infer<typeof SolveTarget>

/** Which state of the channels is solved against: looked at when it is older than the configuration allows; now; or one that was kept. */
export const Repodata = z.union([z.enum(['cached', 'fresh']), z.strictObject({ snapshot: Sha256 })])
export type Repodata = z.infer<typeof Repodata>

const MOST_LEVELS = 16
const nestsAtMost = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(one => nestsAtMost(one, levels - 1)))

/** environment.yml, as text or as an object. Nested for ever it would end whoever writes it as JSON again. */
export const SpecInput = z.union([
  z.string().max(65_536),
  z
    .record(z.string(), z.unknown())
    .refine(spec => nestsAtMost(spec, MOST_LEVELS), `has more than ${MOST_LEVELS} levels of lists and objects`),
])

/** A lock as text of any of the formats, or as an object of our own. */
const LockInput = z.union([z.string().max(8_388_608), z.record(z.string(), z.unknown())])

export const EnvironmentRequest = z
  .strictObject({
    /** Kept as the next version of that name; the same lock as its newest version adds none. */
    name: EnvironmentName.optional(),
    spec: SpecInput.optional(),
    lock: LockInput.optional(),
    /** Has to be given with a spec. */
    target: SolveTarget.optional(),
    repodata: Repodata.default('cached'),
  })
  .refine(({ spec, lock }) => (spec === undefined) !== (lock === undefined), {
    message: 'has to have either spec or lock',
    path: ['spec'],
  })
  .refine(({ spec, target }) => spec === undefined || target !== undefined, {
    message: 'has to say where it is to run: a cluster and partition, or virtualPackages',
    path: ['target'],
  })
  .meta({ id: 'EnvironmentRequest' })
export type EnvironmentRequest = z.infer<typeof EnvironmentRequest>

/** The repodata that a lock was solved from. Its id is the sha256 of the channels, subdirs and hashes in `channels`: the same documents have the same id. */
export const RepodataSnapshot = z.strictObject({
  id: Sha256,
  channels: z
    .array(
      z.strictObject({
        channel: z.string(),
        subdir: z.string(),
        sha256: Sha256,
        bytes: z.int().min(0),
        records: z.int().min(0),
        fetchedAt: Timestamp,
      }),
    )
    .max(64),
})
export type RepodataSnapshot = z.infer<typeof RepodataSnapshot>

export const MATERIALISATION_STATES = [
  'wanted',
  'making',
  'ready',
  'failed',
  'cancelled',
  'quarantined',
  'removing',
] as const

/** One lock on one cluster. */
export const Materialisation = z
  .strictObject({
    cluster: ClusterName,
    lock: Sha256,
    state: z.enum(MATERIALISATION_STATES),
    form: EnvironmentForm,
    /** What is going on, or went wrong, in a sentence. */
    detail: z.string(),
    step: BuildStep.nullable(),
    progress: BuildProgress.nullable(),
    installer: Installer.nullable(),
    trouble: BuildTrouble.nullable(),
    /** Of the last look at it. */
    look: EnvironmentLook.nullable(),
    prefix: z.string().nullable(),
    bytes: z.int().min(0).nullable(),
    files: z.int().min(0).nullable(),
    attempt: z.int().min(0),
    wantedAt: Timestamp,
    at: Timestamp,
    madeAt: Timestamp.nullable(),
    lastUsedAt: Timestamp.nullable(),
    /** Jobs that are not over and need it. */
    jobs: z.int().min(0),
  })
  .meta({ id: 'Materialisation' })
export type Materialisation = z.infer<typeof Materialisation>

export const Environment = z
  .strictObject({
    id: Sha256,
    /** `ml@3`: those that the caller may see. */
    names: z.array(EnvironmentVersion),
    platform: CondaPlatform,
    packages: z.int().min(1),
    pipPackages: z.int().min(0),
    /** What the nodes must offer, in words: `CUDA 9.2 or newer (cudatoolkit)`. */
    requirements: z.array(z.string()),
    createdAt: Timestamp,
    createdBy: OwnerId,
    /** null: it came as a lock. */
    solvedFor: SolveTarget.nullable(),
    snapshot: RepodataSnapshot.nullable(),
    /** The spec as it was given; null: it came as a lock. */
    spec: z.string().nullable(),
    notes: z.array(z.string()),
    on: z.array(Materialisation),
  })
  .meta({ id: 'Environment' })
export type Environment = z.infer<typeof Environment>

export const EnvironmentMade = Environment.extend({
  lock: EnvironmentLock,
  /** false: a lock with this id was kept before. */
  created: z.boolean(),
  /** Of the target; null: it came as a lock without one. */
  compatibility: CompatibilityReport.nullable(),
}).meta({ id: 'EnvironmentMade' })
export type EnvironmentMade = z.infer<typeof EnvironmentMade>

export const EnvironmentPage = z
  .strictObject({ items: z.array(Environment), nextCursor: z.string().nullable() })
  .meta({ id: 'EnvironmentPage' })
export type EnvironmentPage = z.infer<typeof EnvironmentPage>

export const EnvironmentHistory = z
  .strictObject({
    name: EnvironmentName,
    owner: OwnerId,
    /** Newest first. */
    versions: z.array(z.strictObject({ version: z.int().min(1), lock: Sha256, at: Timestamp, by: OwnerId })),
  })
  .meta({ id: 'EnvironmentHistory' })
export type EnvironmentHistory = z.infer<typeof EnvironmentHistory>

export const EnvironmentDiff = z
  .strictObject({
    from: Sha256,
    to: Sha256,
    /** As lines for people: what was added, removed, changed, and what it means for CUDA. */
    text: z.string(),
    changes: z.array(
      z.strictObject({
        kind: z.string(),
        name: z.string(),
        from: z.string().nullable(),
        to: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'EnvironmentDiff' })
export type EnvironmentDiff = z.infer<typeof EnvironmentDiff>

/** While a spec is solved; sent as server-sent events to whoever asks for them. */
export const SolveProgress = z.discriminatedUnion('step', [
  z.strictObject({
    step: z.literal('repodata'),
    channel: z.string(),
    subdir: z.string(),
    bytes: z.int().min(0),
    of: z.int().min(0).nullable(),
    /** cache: it was there. unchanged: the channel says so. fetched: it is new. */
    how: z.enum(['asking', 'cache', 'unchanged', 'fetching', 'fetched', 'snapshot']),
  }),
  z.strictObject({ step: z.literal('index'), channel: z.string(), subdir: z.string(), records: z.int().min(0) }),
  z.strictObject({ step: z.literal('solve'), records: z.int().min(0), packages: z.int().min(0).nullable() }),
  z.strictObject({ step: z.literal('pip'), packages: z.int().min(0) }),
])
export type SolveProgress = z.infer<typeof SolveProgress>

/** What a collection of unused environments removes, or would. */
export const Collection = z
  .strictObject({
    cluster: ClusterName,
    dryRun: z.boolean(),
    unusedDays: z.number().min(0),
    items: z.array(
      z.strictObject({
        lock: Sha256,
        names: z.array(EnvironmentVersion),
        lastUsedAt: Timestamp.nullable(),
        bytes: z.int().min(0).nullable(),
        files: z.int().min(0).nullable(),
        /** `removed`, `would be removed`, or why it stays. */
        outcome: z.string(),
      }),
    ),
    bytes: z.int().min(0),
  })
  .meta({ id: 'Collection' })
export type Collection = z.infer<typeof Collection>
