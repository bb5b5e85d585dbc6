// scontrol show config: the few settings of the cluster that this room acts on.
import type { SlurmDuration } from '../formats/duration.ts'
import { unreadable } from '../formats/rows.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

export interface SlurmFacts {
  /** slurmctld's version: '22.05.8'. */
  readonly version: string
  readonly clusterName: string
  /** How long slurmctld (and so squeue) remembers a job after its end. */
  readonly minJobAgeSeconds: number
  /** Whether sacct can be asked at all. */
  readonly accounting: boolean
  /** Between the TERM and the KILL of a job that is to end, whether by scancel, its time limit or preemption. */
  readonly killWaitSeconds: number
  /** How jobs are chosen to make room: preempt/partition_prio, preempt/qos; null when none ever is. */
  readonly preemptType: string | null
  /** How far jobs may run past their limit, where the partition does not say. */
  readonly overTimeLimitSeconds: SlurmDuration
  /** Whose records a user does not see, in Slurm's words: jobs, usage, nodes ...; empty where nothing is hidden. */
  readonly privateData: readonly string[]
}

export const scontrolConfigCommand = (): string[] => ['scontrol', '--local', 'show', 'config']

const optional = (value: string, ...none: string[]): string | null => (none.includes(value) ? null : value)
const overTime = (value: string): SlurmDuration =>
  value === 'UNLIMITED' ? 'unlimited' : Number.parseInt(value, 10) * 60

/** @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE. */
export function parseScontrolConfig(result: CommandResult): SlurmFacts {
  const { stdout } = mustHaveAnswered(result, ['scontrol'])
  const values = new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const match = /^(\w+)\s+= (.*)$/.exec(line)
      return match ? [[match[1] as string, (match[2] as string).trim()]] : []
    }),
  )
  const fail = (key: string): never => {
    throw unreadable('scontrol', `${key} = ${values.get(key) ?? ''}`, `${key} is missing or not readable`)
  }
  const need = (key: string, form: RegExp): string => form.exec(values.get(key) ?? '')?.[1] ?? fail(key)
  return {
    version: need('SLURM_VERSION', /^(\d+\.\S+)$/),
    clusterName: need('ClusterName', /^(\S+)$/),
    minJobAgeSeconds: Number(need('MinJobAge', /^(\d+) sec$/)),
    // "(null)" is how newer versions print accounting_storage/none.
    accounting: /^accounting_storage\/(?!none)/.test(need('AccountingStorageType', /^(\S+)$/)),
    killWaitSeconds: Number(need('KillWait', /^(\d+) sec$/)),
    preemptType: optional(need('PreemptType', /^(\S+)$/), '(null)', 'preempt/none'),
    overTimeLimitSeconds: overTime(need('OverTimeLimit', /^(\d+ min|UNLIMITED)$/)),
    privateData: optional(need('PrivateData', /^(\S+)$/), 'none')?.split(',') ?? [],
  }
}
