// scontrol show partition: who has to make room for whom, and how. sinfo has no column for all of it.
import { unreadable } from '../formats/rows.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

export interface PartitionRules {
  /** What befalls a job here that has to make room: OFF, CANCEL, REQUEUE, SUSPEND or GANG,SUSPEND, as Slurm prints it. */
  readonly preemptMode: string
  /** Between the signals (CONT and TERM, at once) and the end (KILL) of a job that has to make room. 0: no warning. */
  readonly graceTimeSeconds: number
  /** With preempt/partition_prio, jobs make room for those of partitions with a higher one that share their nodes. */
  readonly priorityTier: number
}

export const scontrolPartitionCommand = (): string[] => ['scontrol', '--local', '--oneliner', 'show', 'partition']

/**
 * By partition name. A cluster without partitions has none.
 *
 * @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE.
 */
export function parseScontrolPartition(result: CommandResult): Map<string, PartitionRules> {
  const { stdout } = mustHaveAnswered(result, ['scontrol'])
  const lines = stdout.split('\n').filter(line => line.startsWith('PartitionName='))
  return new Map(lines.map(line => [valueIn(line, 'PartitionName'), rulesIn(line)]))
}

function rulesIn(line: string): PartitionRules {
  return {
    preemptMode: valueIn(line, 'PreemptMode'),
    graceTimeSeconds: wholeNumber(line, 'GraceTime'),
    priorityTier: wholeNumber(line, 'PriorityTier'),
  }
}

// No value that is read here holds a space.
const valueIn = (line: string, key: string): string =>
  new RegExp(`(?:^| )${key}=(\\S+)`).exec(line)?.[1] ?? fail(line, key)

function wholeNumber(line: string, key: string): number {
  const value = valueIn(line, key)
  return /^\d+$/.test(value) ? Number(value) : fail(line, key)
}

function fail(line: string, key: string): never {
  throw unreadable('scontrol', line, `${key} is missing or not readable`)
}
