// What an operator says about environments: the channels packages may come from, how much a solve may take, and how they are made on a
// cluster. Parsed as a part of the configuration (config.ts).
import { CondaChannel, EnvironmentForm, InstallerName, SlurmName } from '@trotline/contracts'
import { z } from 'zod'

/** A path on the cluster that may stand in scripts and in the first line of programs. */
const ClusterPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._/+@-]{1,200}$/, 'is not an absolute path of letters, digits and . _ / + @ -')

/** Without user, password, token, query and fragment: credentials have files of their own. */
const PublicUrl = z
  .string()
  .max(500)
  .regex(
    /^https?:\/\/(?!t\/)[A-Za-z0-9.:[\]-]+(?:\/(?!t\/)[A-Za-z0-9._~+-]+)*\/?$/,
    'is not an http or https address without user, password and token',
  )

/**
 * A channel that specs may name. `url` is its name in locks for good; `mirror` or `directory` is where its files are taken from here.
 * A channel with a directory or with credentials is read by this server only, which uploads its archives to the clusters.
 */
export const ChannelSettings = z
  .strictObject({
    name: CondaChannel,
    url: PublicUrl,
    mirror: PublicUrl.optional(),
    /** On this machine: SUBDIR/repodata.json and the archives. */
    directory: z.string().min(1).optional(),
    /** 0600: `Bearer TOKEN`, or `USER:PASSWORD`. */
    credentialsFile: z.string().min(1).optional(),
  })
  .refine(({ mirror, directory }) => mirror === undefined || directory === undefined, {
    path: ['directory'],
    message: 'cannot be given together with mirror',
  })
export type ChannelSettings = z.infer<typeof ChannelSettings>

export const EnvironmentsSettings = z.strictObject({
  /** On this machine: repodata, its snapshots, downloaded archives. Default: a folder beside the configuration. */
  directory: z.string().min(1).default('environments'),
  channels: z
    .array(ChannelSettings)
    .max(200)
    .superRefine((channels, context) => {
      const seen = new Set<string>()
      channels.forEach(({ name }, i) => {
        if (seen.has(name))
          context.addIssue({ code: 'custom', path: [i, 'name'], message: `is named twice: ${name}`, input: channels })
        seen.add(name)
      })
    })
    .default([]),
  /**
   * Channels by address that none of `channels` covers, in specs and in locks that somebody brings. `accept` lets any user have this server
   * and the clusters fetch from any address; this server, from none of its own.
   */
  otherChannels: z.enum(['refuse', 'accept']).default('refuse'),
  solve: z
    .strictObject({
      timeLimitSeconds: z.int().min(1).max(3600).default(60),
      memoryMiB: z.int().min(256).max(65_536).default(2048),
      /** Others wait in order. */
      atOnce: z.int().min(1).max(16).default(1),
      waiting: z.int().min(0).max(1000).default(50),
    })
    .prefault({}),
  repodata: z
    .strictObject({
      /** Within it a channel is not asked again. */
      freshMinutes: z.number().min(0).max(10_080).default(30),
      /** Of one document, unpacked. */
      mostMiB: z.int().min(1).max(4096).default(1024),
      timeLimitSeconds: z.int().min(1).max(3600).default(300),
      /** Documents that are kept beyond the newest, so that a solve can be repeated exactly. */
      keptMiB: z.int().min(0).max(1_048_576).default(8192),
    })
    .prefault({}),
  archives: z
    .strictObject({
      /** Of downloaded archives, for the clusters that have them brought. */
      keptMiB: z.int().min(0).max(10_485_760).default(51_200),
    })
    .prefault({}),
  /** What the locks that one owner brought may take in the store; one of 500 packages takes about 0.05. */
  keptMiBPerOwner: z.number().min(1).max(1_048_576).default(256),
  /** uv on this machine, which works out pip parts that are not pinned with hashes; null: those are refused. */
  uv: z.string().min(1).nullable().default(null),
  /** PEP 503 index for pip parts, without credentials; null: there is none, and locks with a pip part cannot be made. */
  pipIndex: PublicUrl.nullable().default(null),
})
export type EnvironmentsSettings = z.infer<typeof EnvironmentsSettings>

/** How environments are made on one cluster. */
export const ClusterEnvironments = z
  .strictObject({
    /** In order of preference; empty: micromamba, mamba, conda or pixi on the PATH of whoever makes them. */
    installers: z
      .array(z.strictObject({ tool: InstallerName, path: ClusterPath }))
      .max(16)
      .default([]),
    /** Node.js where they are made; default: that of the compute nodes. */
    node: ClusterPath.optional(),
    /** Where they are made: on the login node, or by a Slurm job. */
    where: z
      .union([
        z.literal('login-node'),
        z.strictObject({
          partition: SlurmName,
          account: SlurmName.nullable().default(null),
          qos: SlurmName.nullable().default(null),
          cpus: z.int().min(1).max(64).default(2),
          memoryMiB: z.int().min(256).max(1_048_576).default(4096),
        }),
      ])
      .default('login-node'),
    /** download: the cluster fetches archives itself. upload: it reaches no network; this server fetches, checks and brings them. */
    archives: z.enum(['download', 'upload']).default('download'),
    form: EnvironmentForm.default('tree'),
    /** packed: a folder on each node's own disk, the same on all. */
    scratch: ClusterPath.nullable().default(null),
    timeLimitMinutes: z.int().min(1).max(10_080).default(60),
    atOnce: z.int().min(1).max(16).default(1),
    /** Of one upload or archive in all, in GiB. */
    mostGiB: z.int().min(1).max(10_000).default(50),
    collect: z
      .strictObject({
        automatic: z.boolean().default(false),
        unusedDays: z.number().min(0).max(36_500).default(90),
      })
      .prefault({}),
  })
  .refine(({ form, scratch }) => form === 'tree' || scratch !== null, {
    path: ['scratch'],
    message: 'has to be given where the form is packed',
  })
export type ClusterEnvironments = z.infer<typeof ClusterEnvironments>
