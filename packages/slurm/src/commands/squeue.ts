// squeue: one question for all jobs of a user, finished ones included for as long as slurmctld remembers them (MinJobAge).
import { type ArrayTask, parseArrayId, taskOf } from '../formats/array-id.ts'
import { parseRows, ROW_END, type Row, UNIT } from '../formats/rows.ts'
import { type JobState, parseJobState } from '../states.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

export interface SlurmJob {
  /** The job's own number, also for array tasks. Says nothing without the name: ids are given out again. */
  readonly slurmJobId: string
  readonly array: ArrayTask | null
  readonly name: string
  readonly state: JobState
  /** Slurm's word, such as Priority or 'ReqNodeNotAvail, UnavailableNodes:k02'; null for None. */
  readonly reason: string | null
  readonly partition: string
  /** RFC 3339, by the cluster's clock. A requeue sets it anew. */
  readonly submitAt: string | null
  /** For waiting jobs Slurm's estimate, where it has one. */
  readonly startAt: string | null
  readonly endAt: string | null
  /** Slurm's host list; '' when no node is given (yet). */
  readonly nodeList: string
  /** How often Slurm has requeued the job: SLURM_RESTART_COUNT of the run. */
  readonly restarts: number
}

// --Format takes a suffix per column ("RestartCnt:<suffix>"), which also stops it from cutting at 20 characters; seen on
// 20.11, 22.05 and 24.11. -o has no letter for RestartCnt. The name stands last: it is free text and may hold anything.
const COLUMNS = [
  'JobID',
  'JobArrayID',
  'State',
  'Reason',
  'Partition',
  'SubmitTime',
  'StartTime',
  'EndTime',
  'NodeList',
  'RestartCnt',
  'Name',
] as const
const FORMAT = COLUMNS.map(column => `${column}:${column === 'Name' ? '\x1e' : UNIT}`).join(',')

export function squeueCommand(query: { user: string; name?: string }): string[] {
  const filters = query.name === undefined ? [] : [`--name=${query.name}`]
  return ['squeue', '--local', '--noheader', '--states=all', `--user=${query.user}`, ...filters, `--Format=${FORMAT}`]
}

/** @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE. */
export function parseSqueue(result: CommandResult): SlurmJob[] {
  const { stdout } = mustHaveAnswered(result, ['squeue'])
  return parseRows(stdout, { columns: COLUMNS.length, rowEnd: ROW_END, command: 'squeue' }).map(parseJob)
}

function parseJob({ cells, need, time }: Row): SlurmJob {
  const [id = '', arrayText = '', word = '', reason = '', partition = '', ...rest] = cells
  const [submit = '', start = '', end = '', nodeList = '', restarts = '', name = ''] = rest
  return {
    slurmJobId: need(/^\d+$/.exec(id)?.[0], 'the job id'),
    array: taskOf(need(parseArrayId(arrayText), 'the array id')),
    name,
    state: need(parseJobState(word), 'the state'),
    reason: reason === 'None' || reason === '' ? null : reason,
    partition,
    submitAt: time(submit, 'the submit time'),
    startAt: time(start, 'the start time'),
    endAt: time(end, 'the end time'),
    nodeList,
    restarts: Number(need(/^\d+$/.exec(restarts)?.[0], 'the restart count')),
  }
}
