// The form of conda/compatibility.json: one strict schema a table. Every row says where it comes from and how sure it is.
// `npm run matrix` and the unit tests parse the file with it; who judges reads the same rows without paying for the parse.
import { Confidence } from '@trotline/contracts'
import { z } from 'zod'

const Version = z.string().regex(/^\d{1,9}(\.\d{1,9}){0,5}$/, 'is not a version of numbers and dots')
const Capability = z.string().regex(/^\d{1,2}\.\d$/, 'is not a compute capability, such as 8.0')
const Capabilities = z.array(Capability)
const PythonMinor = z.string().regex(/^\d\.\d{1,2}$/, 'is not a Python minor, such as 3.12')
const Pythons = z.array(PythonMinor).min(1)
const Branch = z.string().regex(/^R\d{3}$/, 'is not a driver branch, such as R535')
const Channel = z.enum(['pip', 'npm', 'conda:pytorch', 'conda:defaults', 'conda:conda-forge'])
const CpuArch = z.enum(['x86_64', 'aarch64'])
const GpuName = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'is not a name in small letters, digits, _ and -')

const row = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject({ ...shape, source: z.string().min(3).max(1000), confidence: Confidence })

export const TABLES = {
  /** A release of the CUDA toolkit and the Linux driver that belongs to it. */
  toolkits: row({
    cuda: Version,
    minDriver: Version,
    /** Another source says that this older driver is enough. */
    disputedMinDriver: Version.optional(),
    stage: z.literal('candidate').optional(),
  }),
  /** Numbers that drivers print and no toolkit ever had. */
  toolkitsNeverReleased: row({ cuda: Version, reportedBy: Branch }),
  /** From this driver on, CUDA releases of the range run though their own driver is newer. */
  minorVersion: row({ from: Version, to: Version, minDriver: Version }),
  /** cuda-compat packages and the driver branches they run on. */
  forwardCompat: row({
    package: z.string().regex(/^cuda-compat-\d+-\d+$/),
    bases: z.array(Branch),
    gpus: z.literal('data-center'),
    minDriver: Version.optional(),
  }),
  driverBranches: row({
    branch: Branch,
    newestCuda: Version,
    kind: z.enum(['new-feature', 'long-term']).optional(),
    endOfLife: z.string().optional(),
  }),
  architectures: row({
    capability: Capability,
    architecture: z.string(),
    firstCuda: Version,
    lastCuda: Version.nullable(),
    firstDriver: Version.nullable(),
    lastBranch: Branch.nullable(),
    embedded: z.literal(true).optional(),
    openKernelModules: z.literal(true).optional(),
  }),
  /** What the compilers and libraries of toolkits from this one on know. */
  toolkitArchitectures: row({ from: Version, capabilities: Capabilities.min(1) }),
  gpus: row({
    product: z.string(),
    capability: Capability,
    names: z.array(GpuName).min(1),
    /** some: only NGC-Ready ones, and no table says which. */
    forwardCompat: z.enum(['yes', 'no', 'some']),
    host: CpuArch.optional(),
    minDriver: Version.optional(),
  }),
  /** Names that several products share. */
  ambiguousGpuNames: row({ names: z.array(GpuName).min(1), products: z.array(z.string()).min(2) }),
  pytorchReleases: row({
    version: Version,
    python: Pythons,
    pythonExperimental: z.array(z.string().regex(/^\d\.\d{1,2}t?$/)),
  }),
  pytorchWheels: row({
    version: Version,
    tag: z.string().regex(/^cu\d{2,3}$/),
    cuda: Version,
    /** What pip takes when no index is named. */
    default: z.boolean(),
    stability: z.enum(['stable', 'experimental', 'unlisted']),
    cudnn: Version.nullable(),
    sass: Capabilities,
    ptx: Capabilities,
    disputedSass: Capabilities.optional(),
    glibc: Version,
    disputedGlibc: Version.optional(),
    cpuArch: CpuArch,
  }),
  pytorchConda: row({
    version: Version,
    cuda: Version,
    cudnn: Version,
    /** {py} stands for the Python minor. */
    build: z.string(),
    /** Whoever listed the channel looked at Python 3.7 and later. */
    pythonSeen: Pythons,
    sass: Capabilities,
    ptx: Capabilities,
  }),
  pytorchCondaForge: row({
    channel: Channel,
    from: Version,
    to: Version,
    cuda: Version,
    sass: Capabilities.nullable(),
    ptx: Capabilities.nullable(),
  }),
  tensorflowPip: row({
    package: z.enum(['tensorflow', 'tensorflow-gpu']),
    version: Version,
    cuda: Version,
    cudnn: Version,
    python: Pythons,
    minDriver: Version,
    minCapability: Capability,
    sass: Capabilities.nullable(),
    ptx: Capabilities.nullable(),
    jitTrouble: z.strictObject({ from: Capability, text: z.string() }).optional(),
  }),
  tensorflowConda: row({
    channel: Channel,
    from: Version,
    to: Version,
    cuda: Version,
    cudnn: Version.nullable(),
    python: Pythons,
    /** Part of the build string that tells builds of one version apart. */
    hashes: z.array(z.string().regex(/^h[0-9a-f]{7}$/)),
    sass: Capabilities.nullable(),
    ptx: Capabilities.nullable(),
  }),
  jaxBuilds: row({
    from: Version,
    to: Version,
    /** CUDA at run time. */
    cudaFrom: Version,
    cudaTo: Version,
    builtWith: Version,
    cudnn: z.strictObject({ from: Version, below: Version }).nullable(),
    minDriver: Version.nullable(),
    minCapability: Capability.nullable(),
  }),
  jaxPython: row({ from: Version, to: Version, pythonFrom: PythonMinor, pythonTo: PythonMinor }),
  jaxKernels: row({
    from: Version,
    to: Version,
    /** null: of every CUDA. */
    cudaMajor: z.string().regex(/^\d+$/).nullable(),
    sass: Capabilities,
    ptx: Capabilities,
  }),
  tfjsNodeGpu: row({
    version: Version,
    /** null: not told; CUDA and cuDNN are the README's then. */
    libtensorflow: Version.nullable(),
    cuda: Version,
    cudnn: Version,
    readmeCuda: Version,
    /** null: built with node-gyp where it is installed. */
    napi: z.array(z.int().min(1)).min(1).nullable(),
    cpuArch: z.array(CpuArch).min(1),
  }),
  cudnn: row({
    from: Version,
    to: Version,
    /** Minors below CUDA 11 and 12, whole majors from there on. */
    cuda: z.array(Version).min(1),
    minCapability: Capability,
    /** Known to run only from here on; what lies between, nobody says. */
    disputedMinCapability: Capability.optional(),
    maxCapability: Capability.optional(),
  }),
  channels: row({
    channel: Channel,
    framework: z.enum(['pytorch', 'tensorflow', 'jax', 'tfjs-node-gpu']),
    /** Every release up to the newest known is in the tables: what is not there was never published. */
    complete: z.boolean(),
    /** The channel got nothing after it. */
    lastVersion: Version.optional(),
    /** Its packages ask the solver for __cuda. */
    cudaGuard: z.boolean(),
    glibc: Version.nullable(),
  }),
  /** What the gates go by, in a sentence each. */
  rules: row({
    rule: z.string(),
    text: z.string(),
    /** The CUDA from which on it holds, where it is not in another table. */
    from: Version.optional(),
  }),
  /** Where sources differ, and which is used. */
  disagreements: row({ topic: z.string(), one: z.string(), other: z.string(), used: z.string() }),
} as const

export type TableName = keyof typeof TABLES
export type Row<Name extends TableName> = z.infer<(typeof TABLES)[Name]>
export type Tables = { readonly [Name in TableName]: readonly Row<Name>[] }

/** The whole file. */
export const MatrixFile = z.strictObject({
  format: z.literal(1),
  /** Year and month of the newest source. */
  asOf: z.string().regex(/^\d{4}-\d{2}$/),
  tables: z.strictObject(
    Object.fromEntries(Object.entries(TABLES).map(([name, shape]) => [name, z.array(shape)])) as {
      [Name in TableName]: z.ZodArray<(typeof TABLES)[Name]>
    },
  ),
})
export type MatrixFile = z.infer<typeof MatrixFile>
