// The Slurm job that makes an environment, where the operator wants none of it on the login node. Only our own paths, Slurm's names
// and the operator's lines reach it.
import { shellQuote } from '@trotline/slurm'

export const BUILD_SCRIPT_FILE = 'make.sh'
export const BUILD_SLURM_LOG = 'slurm.log'

export interface BuildJob {
  slurmName: string
  directory: string
  /** Of the maker's files in the directory: make-<attempt>. */
  run: string
  partition: string
  account: string | null
  qos: string | null
  cpus: number
  memoryMiB: number
  timeLimitMinutes: number
  node: string
  program: string
  prologue: readonly string[]
}

export function renderBuildScript(job: BuildJob): string {
  const directives = [
    `--job-name=${job.slurmName}`,
    `--partition=${job.partition}`,
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${job.cpus}`,
    `--mem=${job.memoryMiB}M`,
    `--time=${job.timeLimitMinutes}`,
    ...(job.account === null ? [] : [`--account=${job.account}`]),
    ...(job.qos === null ? [] : [`--qos=${job.qos}`]),
    '--no-requeue',
    '--signal=B:TERM@60',
    `--chdir=${job.directory}`,
    `--output=${job.directory}/${BUILD_SLURM_LOG}`,
    '--open-mode=append',
  ]
  return `#!/bin/bash
${directives.map(option => `#SBATCH ${option}`).join('\n')}
umask 022
cd -- ${shellQuote(job.directory)} || exit 13
# A wished cancel that came before the start.
[ ! -e cancelled ] || exit 12
${job.prologue.length > 0 ? ["# The operator's lines of this cluster.", ...job.prologue, ''].join('\n') : ''}trap 'kill -TERM "$made" 2>/dev/null' TERM
${[job.node, job.program, 'make', job.directory].map(shellQuote).join(' ')} </dev/null >${job.run}.out 2>${job.run}.err &
made=$!
while :; do
  wait "$made"
  code=$?
  kill -0 "$made" 2>/dev/null || break
done
echo "$code" >${job.run}.rc.new
mv -f -- ${job.run}.rc.new ${job.run}.rc
exit "$code"
`
}
