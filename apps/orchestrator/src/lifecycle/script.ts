// The sbatch script: fixed text. What the user asked for travels in spec.json; only values from closed alphabets
// and our own paths reach this text. Compared whole with a recorded one in tests.
import { type JobRequest, RUN_FILES } from '@trotline/contracts'
import { shellQuote } from '@trotline/slurm'

export interface ScriptInput {
  request: JobRequest
  slurmName: string
  submission: number
  jobDirectory: string
  releaseDirectory: string
  node: string
  prologue: readonly string[]
  /** What this submission asks for: the partition may allow less at a time than the request's whole training takes. */
  timeLimitMinutes: number
  warnSeconds: number
}

export function renderScript(input: ScriptInput): string {
  const { jobDirectory, submission } = input
  const run = `${shellQuote(`${jobDirectory}/runs/${submission}-`)}"\${SLURM_RESTART_COUNT:-0}"`
  const worker = [input.node, `${input.releaseDirectory}/worker.mjs`, jobDirectory, String(submission)]
  return [
    '#!/bin/bash',
    ...directives(input).map(option => `#SBATCH ${option}`),
    // Until the worker listens: USR2 would end it by default, and an ignored signal stays ignored across exec.
    "trap '' USR2",
    'umask 077',
    `run=${run}`,
    'mkdir -p -- "$run" || exit 13',
    'exec >>"$run/stdout" 2>>"$run/stderr"',
    ...(input.prologue.length > 0 ? ["# The operator's lines of this cluster.", ...input.prologue] : []),
    ...(loadsEnvironment(input.request) ? LIBRARIES : []),
    `exec ${worker.map(shellQuote).join(' ')}`,
    '',
  ].join('\n')
}

/** A command's programs know where their environment has its libraries; what loads them into the worker's own process does not. */
const loadsEnvironment = ({ environment, training, resources }: JobRequest): boolean =>
  environment !== null && training.kind !== 'command' && resources.gpus > 0

/** The loader reads the variable as a process starts; the worker links libraries into the folder once it has looked at the environment. */
const LIBRARIES = [
  `mkdir -p -- "$run/${RUN_FILES.libraries}" || exit 13`,
  `export LD_LIBRARY_PATH="$run/${RUN_FILES.libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
]

function directives({ request, slurmName, jobDirectory, timeLimitMinutes, warnSeconds }: ScriptInput): string[] {
  const r = request.resources
  const options: (string | null)[] = [
    `--job-name=${slurmName}`,
    `--partition=${r.partition}`,
    `--nodes=${r.nodes}`,
    '--ntasks=1',
    `--cpus-per-task=${r.cpus}`,
    `--mem=${r.memoryMiB}M`,
    `--time=${timeLimitMinutes}`,
    r.gpus > 0 ? `--gres=gpu:${r.gpuType === null ? '' : `${r.gpuType}:`}${r.gpus}` : null,
    r.account && `--account=${r.account}`,
    r.qos && `--qos=${r.qos}`,
    r.constraint && `--constraint=${r.constraint}`,
    r.reservation && `--reservation=${r.reservation}`,
    r.excludeNodes.length > 0 ? `--exclude=${r.excludeNodes.join(',')}` : null,
    r.licenses && `--licenses=${r.licenses}`,
    r.hold ? '--hold' : null,
    // Slurm wants local time without a zone; TZ=UTC is set for sbatch.
    r.beginAt && `--begin=${new Date(r.beginAt).toISOString().slice(0, 19)}`,
    r.requeue ? '--requeue' : '--no-requeue',
    `--signal=B:USR2@${warnSeconds}`,
    `--chdir=${jobDirectory}`,
    `--output=${jobDirectory}/slurm.log`,
    '--open-mode=append',
  ]
  return options.filter(option => option !== null && option !== '') as string[]
}
