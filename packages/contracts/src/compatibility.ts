// Which software runs on which hardware: the question a person asks, the report they get, and the sets that would work.
// Versions stay text here: one that nobody can read makes the answer `unknown`, with its name, and not an error.
import { z } from 'zod'
import { ClusterName, SlurmName, Timestamp } from './names.ts'
import { FactSource, NodeFacts } from './node-facts.ts'

/** unknown: a fact is missing, and the report says which; nothing is guessed. */
export const VERDICTS = ['compatible', 'compatible-with-warning', 'incompatible', 'unknown'] as const
export const Verdict = z.enum(VERDICTS)
export type Verdict = z.infer<typeof Verdict>

/** Of several verdicts about one thing the first of these is its verdict: what is known to fail, then what nobody can tell. */
export const WORST_FIRST: readonly Verdict[] = ['incompatible', 'unknown', 'compatible-with-warning', 'compatible']

/** 0 is the worst. */
export const verdictRank = (verdict: Verdict): number => WORST_FIRST.indexOf(verdict)

export const willRun = (verdict: Verdict): boolean => verdict === 'compatible' || verdict === 'compatible-with-warning'

/**
 * driver-gpu: does the driver drive the GPU; driver-cuda: does it run the CUDA of the build; build-gpu: does the build hold
 * machine code (cubin) or PTX for the GPU; build-rest: Python, cuDNN, glibc, processor, and was the build ever published.
 */
export const GATES = ['driver-gpu', 'driver-cuda', 'build-gpu', 'build-rest'] as const
export const Gate = z.enum(GATES)
export type Gate = z.infer<typeof Gate>

/** How sure a fact is: the vendor's or project's word or a measurement; a copy or sources that differ; concluded; no source found. */
export const CONFIDENCES = ['high', 'medium', 'inferred', 'from-general-knowledge'] as const
export const Confidence = z.enum(CONFIDENCES)
export type Confidence = z.infer<typeof Confidence>

const Text = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters')

/** `8.0` of a GPU, or of machine code (`sm_80`) and PTX (`compute_80`). */
const Capabilities = z.array(Text).max(64)

/** What is asked for: the software. */
export const Software = z.strictObject({
  /** pytorch, tensorflow, jax, tfjs-node-gpu, cuda-runtime (a program of the toolkit), custom-cuda (one whose `kernels` are given). */
  framework: Text.optional(),
  frameworkVersion: Text.optional(),
  /** CUDA of the build; of the loaded module where `librariesFrom` is "module". */
  cuda: Text.optional(),
  cudnn: Text.optional(),
  python: Text.optional(),
  /** pip, npm, or conda:CHANNEL */
  channel: Text.optional(),
  /** tensorflow and tensorflow-gpu are two packages of one framework. */
  package: Text.optional(),
  /** The local version of a wheel: cu121 */
  wheelTag: Text.optional(),
  /** A build string: py3.7_cuda9.2.148_cudnn7.6.3_0, with * where a match spec has it. */
  condaBuild: Text.optional(),
  /** A match spec: pytorch::pytorch=1.3=*cuda9.2* */
  condaSpec: Text.optional(),
  /** Node-API version of the runtime, for tfjs-node-gpu. */
  napi: z.int().min(1).max(999).optional(),
  /** cuda-compat-13-0 */
  forwardCompatPackage: Text.optional(),
  /** Of a program of one's own: what its fat binary holds. */
  kernels: z.strictObject({ sass: Capabilities.default([]), ptx: Capabilities.default([]) }).optional(),
  /** package: CUDA and cuDNN come with the build or its dependencies. module: the cluster's own are loaded. */
  librariesFrom: z.enum(['package', 'module']).optional(),
})
export type Software = z.infer<typeof Software>

/** Where it is to run: one kind of node. */
export const Hardware = z.strictObject({
  driver: Text.optional(),
  /** A product's name (Tesla K80), a short one (k80), or Slurm's type (tesla_k80, gpu:k80:4). */
  gpu: Text.optional(),
  computeCapability: Text.optional(),
  glibc: Text.optional(),
  /** x86_64, aarch64, … as uname -m has it. */
  cpuArch: Text.optional(),
  /** A list, or the text with commas that sinfo prints. */
  slurmFeatures: z
    .union([
      z
        .string()
        .max(2000)
        .regex(/^[^\p{Cc}]*$/u, 'has control characters'),
      z.array(Text).max(64),
    ])
    .optional(),
})
export type Hardware = z.infer<typeof Hardware>

const NamedTexts = z
  .record(z.string().max(64), Text)
  .refine(named => Object.keys(named).length <= 64, 'has more than 64 entries')

/** How a conda environment was or would be solved: what the solver is told counts for packages, never for the node. */
export const SolvedFor = z.strictObject({
  virtualPackages: NamedTexts.optional(),
  /** login-node-without-gpu, compute-node, … */
  solveHost: Text.optional(),
  env: NamedTexts.optional(),
})

/** One statement: this software on this hardware. */
export const CompatibilityQuestion = z
  .strictObject({ ...Software.shape, ...Hardware.shape, ...SolvedFor.shape })
  .meta({ id: 'CompatibilityQuestion' })
export type CompatibilityQuestion = z.infer<typeof CompatibilityQuestion>

/** A partition in place of a driver and a GPU. */
const OnPartition = {
  cluster: ClusterName.optional(),
  partition: SlurmName.optional(),
  /** One of the partition's GPU types; without it the weakest counts. */
  gpuType: SlurmName.optional(),
}

type Place = z.infer<z.ZodObject<typeof OnPartition>> & z.infer<typeof Hardware>

/** A partition is named by its cluster and its name, and what its nodes are is known here: to say it again could only contradict. */
function placedOnce(place: Place, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message, input: place })
  const { cluster, partition, gpuType } = place
  if (cluster === undefined && partition === undefined) {
    if (gpuType !== undefined) refuse('gpuType', 'needs the cluster and the partition whose type it is; else say gpu')
    return
  }
  if (cluster === undefined) refuse('cluster', 'is needed where a partition is named')
  if (partition === undefined) refuse('partition', 'is needed where a cluster is named')
  for (const field of ['driver', 'gpu', 'computeCapability'] as const)
    if (place[field] !== undefined)
      refuse(field, 'cannot be given together with a partition, whose nodes have their own: leave one of the two out')
}

/** `POST /v1/compatibility/check`: driver and GPU may be those of a cluster's partition. */
export const CompatibilityCheck = z
  .strictObject({ ...CompatibilityQuestion.shape, ...OnPartition })
  .superRefine(placedOnce)
  .meta({ id: 'CompatibilityCheck' })
export type CompatibilityCheck = z.infer<typeof CompatibilityCheck>

export const CompatibilityFinding = z
  .strictObject({
    gate: Gate,
    /** driver-too-old, minor-version, no-kernel-image, python-range, … */
    rule: z.string(),
    /** What this alone would make of the verdict. */
    verdict: Verdict,
    /** A sentence for people. */
    detail: z.string(),
    required: z.string().nullable(),
    found: z.string().nullable(),
    /** One thing to do, where there is one. */
    hint: z.string().nullable(),
    /** Where the rule or the row of the matrix is written. */
    source: z.string().nullable(),
    confidence: Confidence.nullable(),
  })
  .meta({ id: 'CompatibilityFinding' })
export type CompatibilityFinding = z.infer<typeof CompatibilityFinding>

/** One thing that a suggested set changes of what was asked for. */
export const SuggestedChange = z.strictObject({
  /** A field of the question, such as `cuda` or `env.CONDA_OVERRIDE_CUDA`, or `partition`. */
  field: z.string(),
  from: z.string().nullable(),
  /** null: to be left out. */
  to: z.string().nullable(),
})
export type SuggestedChange = z.infer<typeof SuggestedChange>

/** A set that was judged and would run. */
export const Suggestion = z
  .strictObject({
    software: Software,
    /** On another partition; null: on the one asked for. */
    partition: SlurmName.nullable(),
    /** compatible or compatible-with-warning. */
    verdict: Verdict,
    /** Empty in answers to "what is the newest that runs". */
    changes: z.array(SuggestedChange),
    /** In a sentence, with what the person should know: a slow first start, an old release. */
    detail: z.string(),
    /** As people write it: a line for conda's or pip's list of packages, or a command. */
    install: z.string().nullable(),
    warnings: z.array(CompatibilityFinding),
  })
  .meta({ id: 'Suggestion' })
export type Suggestion = z.infer<typeof Suggestion>

/** Of the nodes that decided: each fact with its source and its age. */
export const JudgedFacts = z
  .strictObject({
    cluster: ClusterName,
    partition: SlurmName,
    gpuType: SlurmName.nullable(),
    /** Some of the nodes that these are the least of. */
    nodes: z.array(z.string()).max(64),
    ...NodeFacts.pick({ driver: true, gpu: true, computeCapability: true, glibc: true, cpuArch: true, node: true })
      .shape,
  })
  .meta({ id: 'JudgedFacts' })
export type JudgedFacts = z.infer<typeof JudgedFacts>

/** Of one statement. Findings stand in order: what decides first, then gate by gate. */
export const CompatibilityReport = z
  .strictObject({
    verdict: Verdict,
    /** Of the finding that decides; several that pass are joined: driver-native+cubin. */
    rule: z.string(),
    /** What decides, in a sentence. */
    detail: z.string(),
    findings: z.array(CompatibilityFinding),
    /** What was judged after names and versions were understood, such as the GPU's compute capability. */
    understood: z.strictObject({
      gpu: z.string().nullable(),
      computeCapability: z.string().nullable(),
      driver: z.string().nullable(),
      cuda: z.string().nullable(),
      cudnn: z.string().nullable(),
    }),
    /** What would run instead, nearest first; empty where nothing has to change or nothing is known. */
    nearest: z.array(Suggestion),
    /** Where a partition was judged. Absent: the question said itself what it is to run on. */
    facts: JudgedFacts.optional(),
  })
  .meta({ id: 'CompatibilityReport' })
export type CompatibilityReport = z.infer<typeof CompatibilityReport>

/** Of a job's compatibility, as many findings as the record keeps; `GET /v1/jobs/{id}/compatibility` has all. */
export const MOST_KEPT_FINDINGS = 16

/** What a job was judged by when it was accepted, in short. */
export const JobCompatibility = z
  .strictObject({
    verdict: Verdict,
    /** not-judged: the job was accepted by a server that did not judge. */
    rule: z.string().default('not-judged'),
    detail: z.string(),
    /** Those that keep it out or warn; what fits is named by `rule`. */
    findings: z.array(CompatibilityFinding).max(MOST_KEPT_FINDINGS).default([]),
    /** null: no GPU was asked for, or nothing is known of the partition. */
    facts: z
      .strictObject({
        partition: SlurmName,
        driver: z.string().nullable(),
        gpu: z.string().nullable(),
        computeCapability: z.string().nullable(),
        /** The least trusted and the oldest of them. */
        source: FactSource,
        at: Timestamp,
      })
      .nullable()
      .default(null),
  })
  .meta({ id: 'JobCompatibility' })
export type JobCompatibility = z.infer<typeof JobCompatibility>

/** `GET /v1/jobs/{id}/compatibility`. */
export const JobCompatibilityReport = z
  .strictObject({
    /** When the job was accepted: what has become known since is not in it. */
    judgedAt: Timestamp,
    /** false: of a record that is older than its report, or was made anew; only what the record keeps is told then. */
    complete: z.boolean(),
    report: CompatibilityReport,
  })
  .meta({ id: 'JobCompatibilityReport' })
export type JobCompatibilityReport = z.infer<typeof JobCompatibilityReport>

/** `POST /v1/compatibility/suggest`: a driver and a GPU, or a cluster's partition. */
export const SuggestRequest = z
  .strictObject({
    ...Hardware.shape,
    ...OnPartition,
    /** Absent: all that the matrix knows. */
    frameworks: z.array(Text).min(1).max(16).optional(),
    python: Text.optional(),
  })
  .superRefine(placedOnce)
  .meta({ id: 'SuggestRequest' })
export type SuggestRequest = z.infer<typeof SuggestRequest>

/** The newest that runs, per framework; none: why. */
export const SuggestAnswer = z
  .strictObject({
    hardware: Hardware,
    frameworks: z.array(z.strictObject({ framework: z.string(), newest: z.array(Suggestion), detail: z.string() })),
    /** As in a report. */
    facts: JudgedFacts.optional(),
  })
  .meta({ id: 'SuggestAnswer' })
export type SuggestAnswer = z.infer<typeof SuggestAnswer>
