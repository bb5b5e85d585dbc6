// squeue about jobs that wait: why, until when as far as Slurm can tell, and how many stand before them.
import { parseArrayId } from '../formats/array-id.ts'
import { parseRows, ROW_END, type Row, UNIT } from '../formats/rows.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

export interface PendingJob {
  readonly slurmJobId: string
  readonly name: string
  /** More than one, with commas between, where the job may start in either. */
  readonly partition: string
  /** Slurm's word, such as Resources or JobHeldUser; null before Slurm has looked at the job (None). */
  readonly reason: string | null
  /** Slurm's priority as a whole number; higher is sooner. 0: held. */
  readonly priority: number
  /** When the backfill scheduler expects the job to start, RFC 3339; null where it has not said, as for jobs far behind. */
  readonly expectedStartAt: string | null
  /**
   * How many jobs that could start stand before it in any of its partitions, by priority, then by id. Jobs that wait for something of
   * their own (held, a begin time, a dependency) are not counted; an array that waits together counts as one; jobs of other partitions
   * that share its nodes are not seen. null where Slurm hides other users' jobs (PrivateData) or the job itself is not in line.
   */
  readonly ahead: number | null
}

/** One of all the jobs that wait. */
interface Waiting {
  readonly id: number
  readonly partitions: readonly string[]
  readonly priority: number
}

const format = (columns: readonly string[]): string =>
  columns.map((column, at) => `${column}:${at === columns.length - 1 ? '\x1e' : UNIT}`).join(',')

// Free text stands last: a name may hold anything, and so may a reason that an administrator or a plugin gave.
const OWN = ['JobID', 'JobArrayID', 'Partition', 'PriorityLong', 'StartTime', 'Reason', 'Name'] as const
const LINE = ['JobID', 'Partition', 'PriorityLong', 'Reason'] as const
const PENDING = ['squeue', '--local', '--noheader', '--states=PENDING'] as const

/** The jobs of one user. For a job that waits, StartTime is what --start shows, which would choose the columns by itself. */
export const squeuePendingCommand = ({ user }: { user: string }): string[] => [
  ...PENDING,
  `--user=${user}`,
  `--Format=${format(OWN)}`,
]

/** Everybody's, in few columns: about 50 bytes a job. */
export const squeueLineCommand = (): string[] => [...PENDING, `--Format=${format(LINE)}`]

// Reasons of a job that Slurm would not start however free the cluster is. man squeue, JOB REASON CODES.
const NOT_IN_LINE =
  /^(JobHeld|BeginTime|Dependency|DependencyNeverSatisfied|JobArrayTaskLimit|launch failed|job requeued in held)/i

/**
 * Arrays of the user are left out: whose name they bear does not matter.
 *
 * @param line null where other users' jobs are hidden
 * @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE.
 */
export function parseSqueuePending(own: CommandResult, line: CommandResult | null): PendingJob[] {
  const waiting = line && parse(line, LINE.length).flatMap(parseWaiting)
  return parse(own, OWN.length).flatMap(row => parsePending(row, waiting))
}

const parse = (result: CommandResult, columns: number): Row[] =>
  parseRows(mustHaveAnswered(result, ['squeue']).stdout, { columns, rowEnd: ROW_END, command: 'squeue' })

function parseWaiting({ cells, need }: Row): Waiting[] {
  const [id = '', partition = '', priority = '', reason = ''] = cells
  const waiting = {
    id: Number(need(/^\d+$/.exec(id)?.[0], 'the job id')),
    partitions: partition.split(','),
    priority: Number(need(/^\d+$/.exec(priority)?.[0], 'the priority')),
  }
  return inLine(waiting.priority, reason) ? [waiting] : []
}

const inLine = (priority: number, reason: string): boolean => priority > 0 && !NOT_IN_LINE.test(reason)

function parsePending({ cells, need, time }: Row, waiting: readonly Waiting[] | null): PendingJob[] {
  const [id = '', arrayText = '', partition = '', priorityText = '', start = '', reason = '', name = ''] = cells
  if (need(parseArrayId(arrayText), 'the array id').tasks !== null) return []
  const slurmJobId = need(/^\d+$/.exec(id)?.[0], 'the job id')
  const priority = Number(need(/^\d+$/.exec(priorityText)?.[0], 'the priority'))
  const partitions = partition.split(',')
  const before = (other: Waiting): boolean =>
    (other.priority > priority || (other.priority === priority && other.id < Number(slurmJobId))) &&
    other.partitions.some(one => partitions.includes(one))
  return [
    {
      slurmJobId,
      name,
      partition,
      reason: reason === 'None' || reason === '' ? null : reason,
      priority,
      expectedStartAt: time(start, 'the expected start'),
      ahead: waiting && inLine(priority, reason) ? waiting.filter(before).length : null,
    },
  ]
}
