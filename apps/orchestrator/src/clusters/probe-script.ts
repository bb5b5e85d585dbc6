// The Slurm job that looks at a node: fixed text. It runs a few programs under a time limit and leaves what they said, word for word
// and with their exit codes, in one file; node-look.ts reads it. Only our own paths, Slurm's names and the operator's lines reach it.
import { NVIDIA_SMI } from '@trotline/contracts'
import { shellQuote } from '@trotline/slurm'

export const LOOK_FILE = 'look'
export const PROBE_SCRIPT_FILE = 'probe.sh'
export const PROBE_LOG_FILE = 'slurm.log'
export const LOOK_HEAD = 'node-look 1'
export const LOOK_END = 'end of node-look'

/** Slurm's limits are in minutes. A driver that hangs is given up after 30 s, three times. */
export const LIMIT_MINUTES = 3
const PROGRAM_SECONDS = 30
const ANSWER_BYTES = 16_384
const MEMORY_MIB = 512

export interface ProbeOrder {
  slurmName: string
  directory: string
  partition: string
  node: string
  /** One of each is asked for: many sites show a job only the GPUs that it was given. null: a GPU without a type. */
  gpuTypes: readonly (string | null)[]
  account: string | null
  qos: string | null
  /** Node.js on the compute nodes. */
  runtime: string
  prologue: readonly string[]
}

export function renderProbeScript(order: ProbeOrder): string {
  const gres = order.gpuTypes.map(type => (type === null ? 'gpu:1' : `gpu:${type}:1`)).join(',')
  const directives = [
    `--job-name=${order.slurmName}`,
    `--partition=${order.partition}`,
    `--nodelist=${order.node}`,
    '--nodes=1',
    '--ntasks=1',
    '--cpus-per-task=1',
    `--mem=${MEMORY_MIB}M`,
    `--time=${LIMIT_MINUTES}`,
    ...(gres === '' ? [] : [`--gres=${gres}`]),
    ...(order.account === null ? [] : [`--account=${order.account}`]),
    ...(order.qos === null ? [] : [`--qos=${order.qos}`]),
    '--no-requeue',
    `--chdir=${order.directory}`,
    `--output=${order.directory}/${PROBE_LOG_FILE}`,
  ]
  const smi = (question: keyof typeof NVIDIA_SMI): string => NVIDIA_SMI[question].map(shellQuote).join(' ')
  return `#!/bin/bash
${directives.map(option => `#SBATCH ${option}`).join('\n')}
umask 077
cd -- ${shellQuote(order.directory)} || exit 13
${order.prologue.length > 0 ? ["# The operator's lines of this cluster.", ...order.prologue, ''].join('\n') : ''}LC_ALL=C
export LC_ALL
limit=''
if command -v timeout >/dev/null 2>&1; then limit='timeout -k 5 ${PROGRAM_SECONDS}'; fi
ask() {
  about=$1
  shift
  $limit "$@" >answer 2>&1 </dev/null
  code=$?
  printf '[%s %s\\n' "$about" "$code"
  head -c ${ANSWER_BYTES} answer | sed 's/^/|/'
  printf '\\n]\\n'
}
{
  printf '${LOOK_HEAD}\\n'
  ask name echo "\${SLURMD_NODENAME:-$(uname -n)}"
  ask time date -u +%Y-%m-%dT%H:%M:%SZ
  ask gpus ${smi('gpus')}
  if [ "$code" != 0 ] && [ "$code" != 127 ]; then ask gpus-of-old-driver ${smi('gpusOfOldDriver')}; fi
  if [ "$code" = 0 ]; then ask header ${smi('header')}; fi
  ask glibc getconf GNU_LIBC_VERSION
  if [ "$code" != 0 ]; then ask ldd ldd --version; fi
  ask arch uname -m
  ask kernel uname -r
  ask os cat /etc/os-release
  ask runtime ${shellQuote(order.runtime)} --version
  printf '${LOOK_END}\\n'
} >${LOOK_FILE}.new
rm -f answer
mv ${LOOK_FILE}.new ${LOOK_FILE}
`
}
