// sinfo: partitions with their limits and the kinds of nodes behind them.
import { parseDurationSeconds, type SlurmDuration } from '../formats/duration.ts'
import { type Gres, parseGres } from '../formats/gres.ts'
import { expandHostlist } from '../formats/hostlist.ts'
import { parseRows, type Row, UNIT } from '../formats/rows.ts'
import type { CommandResult } from '../transport.ts'
import { mustHaveAnswered } from './could-not-ask.ts'

/** Nodes of a partition that are alike in every column, state included. */
export interface NodeGroup {
  readonly nodes: readonly string[]
  /** Slurm's word in lower case, without its marks: idle, mixed, allocated, down, drained, ... */
  readonly state: string
  /** The marks behind it: '*' does not respond, '~' powered off, '#' powers up, '$' in maintenance, ... (man sinfo, NODE STATE CODES). */
  readonly stateMarks: string
  readonly cpusPerNode: number
  readonly memoryMiB: number
  readonly gres: readonly Gres[]
  readonly features: readonly string[]
}

export interface Partition {
  readonly name: string
  readonly isDefault: boolean
  /** up, down, drain or inact. Only 'up' starts jobs. */
  readonly availability: string
  readonly timeLimitSeconds: SlurmDuration
  readonly defaultTimeLimitSeconds: SlurmDuration
  readonly groups: readonly NodeGroup[]
}

// %P is the name with "*" behind the default one, %R the name alone. The features stand last: a list, and the freest text.
const FORMAT = ['%R', '%P', '%a', '%l', '%L', '%T', '%N', '%c', '%m', '%G', '%f'].join(UNIT)
const COLUMNS = FORMAT.split(UNIT).length

export function sinfoCommand(): string[] {
  // Without --exact, nodes that differ share a row and numbers become "24+" (man sinfo).
  return ['sinfo', '--local', '--noheader', '--exact', `--format=${FORMAT}`]
}

/** @throws SlurmError SLURM_UNREACHABLE, SLURM_UNREADABLE. */
export function parseSinfo(result: CommandResult): Partition[] {
  const { stdout } = mustHaveAnswered(result, ['sinfo'])
  const partitions = new Map<string, Partition>()
  for (const row of parseRows(stdout, { columns: COLUMNS, command: 'sinfo' })) {
    const { group, ...partition } = parseLine(row)
    const known = partitions.get(partition.name)
    // A partition without nodes prints one row with an empty host list.
    const groups = [...(known?.groups ?? []), ...(group.nodes.length === 0 ? [] : [group])]
    partitions.set(partition.name, { ...partition, groups })
  }
  return [...partitions.values()]
}

function parseLine({ cells, need }: Row): Omit<Partition, 'groups'> & { group: NodeGroup } {
  const [name = '', marked = '', availability = '', limit = '', defaultLimit = '', stateText = '', ...rest] = cells
  const [hosts = '', cpus = '', memory = '', gres = '', features = ''] = rest
  const [, state = '', stateMarks = ''] = need(/^([a-z_]+|n\/a)(\W*)$/.exec(stateText), 'the node state')
  return {
    name,
    isDefault: marked === `${name}*`,
    availability,
    timeLimitSeconds: need(parseDurationSeconds(limit), 'the time limit'),
    defaultTimeLimitSeconds: need(parseDurationSeconds(defaultLimit), 'the default time limit'),
    group: {
      nodes: need(expandHostlist(hosts), 'the host list'),
      state,
      stateMarks,
      cpusPerNode: Number(need(/^\d+$/.exec(cpus)?.[0], 'the number of cpus')),
      memoryMiB: Number(need(/^\d+$/.exec(memory)?.[0], 'the memory')),
      gres: need(parseGres(gres), 'the gres'),
      features: features === '(null)' || features === '' ? [] : features.split(','),
    },
  }
}
