// sacct: what accounting knows of jobs, by id or by name. Accounting is optional: a cluster without it answers 'off'.
// It lags behind squeue (0.1 s, more after slurmdbd was away) and never lists jobs by name that are still held: ask it about jobs
// that are gone from squeue.
import { type ArrayTask, parseArrayId, taskOf } from '../formats/array-id.ts'
import { type ExitCode, parseExitCode } from '../formats/exit-code.ts'
import { parseRows, type Row, UNIT } from '../formats/rows.ts'
import { type JobState, parseJobState } from '../states.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

export interface AccountedJob {
  readonly slurmJobId: string
  readonly array: ArrayTask | null
  /** 'allocation' for a moment, while slurmdbd has heard of the end of a job before its beginning. */
  readonly name: string
  readonly state: JobState
  /** Of the batch script. Signal numbers beyond 64 are Slurm's own: 125 out of memory, 53 no output file. */
  readonly exitCode: ExitCode
  /** The highest exit code of the job's steps: 0:125 beside COMPLETED when a step ran out of memory. */
  readonly derivedExitCode: ExitCode
  readonly partition: string
  readonly submitAt: string | null
  readonly eligibleAt: string | null
  readonly startAt: string | null
  readonly endAt: string | null
  /** '' when the job never had a node. A FAILED job that never had one was refused by Slurm (BadConstraints). */
  readonly nodeList: string
}

export type Accounting =
  | { readonly kind: 'off' }
  | { readonly kind: 'answered'; readonly jobs: readonly AccountedJob[] }

export type AccountQuery =
  | {
      readonly ids: readonly string[]
      /** Also the runs that ended in a requeue, oldest first (--duplicates). Asked by name, 20.11 leaves those out. */
      readonly everyRun?: boolean
    }
  /** since: RFC 3339; jobs that ended before are not found. */
  | { readonly names: readonly string[]; readonly since: string }

/** A command line has a length limit, and slurmdbd turns the list into one SQL condition. */
const MAX_IDS_PER_SACCT = 1000

// With a start time and no states sacct leaves out jobs that were never eligible, such as one cancelled while it was held; with
// all states named it lists them (22.05, tests/fixtures: sacct-cancelled-waiting). The end lies ahead because clocks differ.
export const EVERY_STATE = ['--state=BF,CA,CD,DL,F,NF,OOM,PD,PR,R,RQ,RS,RV,S,TO', '--endtime=now+1days'] as const

const COLUMNS = [
  'JobIDRaw',
  'JobID',
  'State',
  'ExitCode',
  'DerivedExitCode',
  'Partition',
  'Submit',
  'Eligible',
  'Start',
  'End',
  'NodeList',
  'JobName',
] as const

/** None for an empty list: sacct would take it as an error (ids) or as everything (names). */
export function sacctCommands(query: AccountQuery & { user: string }): string[][] {
  const list = 'ids' in query ? query.ids : query.names
  const commands: string[][] = []
  for (let at = 0; at < list.length; at += MAX_IDS_PER_SACCT) {
    const some = list.slice(at, at + MAX_IDS_PER_SACCT)
    commands.push(sacctCommand('ids' in query ? { ...query, ids: some } : { ...query, names: some }))
  }
  return commands
}

function sacctCommand(query: AccountQuery & { user: string }): string[] {
  const who =
    'ids' in query
      ? [`--jobs=${query.ids.join(',')}`]
      : [`--name=${query.names.join(',')}`, `--starttime=${query.since.replace(/(\.\d+)?Z$/, '')}`, ...EVERY_STATE]
  return [
    'sacct',
    '--local',
    '--noheader',
    '--allocations',
    '--parsable2',
    `--delimiter=${UNIT}`,
    `--user=${query.user}`,
    ...('everyRun' in query && query.everyRun ? ['--duplicates'] : []),
    ...who,
    `--format=${COLUMNS.join(',')}`,
  ]
}

/** @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE. */
export function parseSacct(result: CommandResult): Accounting {
  // rc 1, AccountingStorageType=accounting_storage/none.
  if (result.exitCode !== 0 && result.stderr.includes('Slurm accounting storage is disabled')) return { kind: 'off' }
  const { stdout } = mustHaveAnswered(result, ['sacct'])
  return { kind: 'answered', jobs: parseRows(stdout, { columns: COLUMNS.length, command: 'sacct' }).map(parseJob) }
}

function parseJob({ cells, need, time }: Row): AccountedJob {
  const [id = '', arrayText = '', word = '', exit = '', derived = '', partition = '', ...rest] = cells
  const [submit = '', eligible = '', start = '', end = '', nodeList = '', name = ''] = rest
  return {
    // The raw id of array tasks that still wait together is printed as 17_[2-5].
    slurmJobId: need(/^\d+/.exec(id)?.[0], 'the raw job id'),
    array: taskOf(need(parseArrayId(arrayText), 'the job id')),
    name,
    state: need(parseJobState(word), 'the state'),
    exitCode: need(parseExitCode(exit), 'the exit code'),
    derivedExitCode: need(parseExitCode(derived), 'the derived exit code'),
    partition,
    submitAt: time(submit, 'the submit time'),
    eligibleAt: time(eligible, 'the eligible time'),
    startAt: time(start, 'the start time'),
    endAt: time(end, 'the end time'),
    nodeList: nodeList === 'None assigned' ? '' : nodeList,
  }
}
