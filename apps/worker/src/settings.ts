// The only file that touches the environment: what Slurm says about this allocation, asked once at the start.
import { hostname } from 'node:os'
import type { Leave } from './leave.ts'

export interface Allocation {
  slurmJobId: string
  /** Slurm's requeues of this Slurm job so far. Unset on the first run (Slurm 22.05, seen). */
  restart: number
  node: string
  slurmJobName: string
}

export function readAllocation(environment: NodeJS.ProcessEnv = process.env): Allocation | Leave {
  const { SLURM_JOB_ID, SLURM_RESTART_COUNT = '0', SLURMD_NODENAME, SLURM_JOB_NAME } = environment
  if (!SLURM_JOB_ID) return { leave: 'unusable', why: 'SLURM_JOB_ID is not set: the worker runs inside an allocation' }
  if (!/^[0-9]{1,6}$/.test(SLURM_RESTART_COUNT))
    return { leave: 'unusable', why: `SLURM_RESTART_COUNT is not a count: ${JSON.stringify(SLURM_RESTART_COUNT)}` }
  return {
    slurmJobId: SLURM_JOB_ID,
    restart: Number(SLURM_RESTART_COUNT),
    node: SLURMD_NODENAME || hostname(),
    slurmJobName: SLURM_JOB_NAME ?? '',
  }
}

/** Where the node's loader looks for libraries first; the cluster's prologue and modules set it. */
export const readLibraryPath = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.LD_LIBRARY_PATH ?? ''

/** As Slurm and the cluster's prologue left it: to be asked before anything below changes it. */
export const readInherited = (environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({ ...environment })

/**
 * Must run before ioredis is loaded: with DEBUG=ioredis:* (or *) from the submitting shell it would print the
 * arguments of HELLO, and the password is one of them.
 */
export function silenceLibraries(environment: NodeJS.ProcessEnv = process.env): void {
  delete environment.DEBUG
}

/**
 * Read by TensorFlow and NVIDIA's libraries as they start. Without the first, products and convolutions round to TensorFloat-32's 10 bits
 * (first losses up to 1e-3 off, with it 3e-7); without the second, convolutions come out in other bits each time. Both seen on an H200
 * with TensorFlow 2.21. The third leaves memory to others on a GPU that is shared: else nearly all of it is taken at once.
 */
const EXACT: Readonly<Record<string, string>> = {
  NVIDIA_TF32_OVERRIDE: '0',
  TF_DETERMINISTIC_OPS: '1',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
}

/** Must run before the trainer loads TensorFlow. What the job's prologue has set stays. */
export function makeLibrariesExact(environment: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(EXACT)) environment[name] ??= value
}

export interface MachineSettings {
  /** Folders where programs are looked for. */
  path: string[]
  /** Of the machine's network: proxies and certificates, without which some machines reach nothing. */
  network: Record<string, string>
}

const NETWORK = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy']
const CERTIFICATES = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE']

/** What the maker of environments takes from where it is started; nothing else of it reaches an installer. */
export function readMachine(environment: NodeJS.ProcessEnv = process.env): MachineSettings {
  const names = [...NETWORK, ...NETWORK.map(name => name.toUpperCase()), ...CERTIFICATES]
  return {
    path: (environment.PATH ?? '').split(':').filter(folder => folder.startsWith('/')),
    network: Object.fromEntries(names.flatMap(name => (environment[name] ? [[name, environment[name]]] : []))),
  }
}
