// Which kinds of node are to be looked at, and on which node and in which partition. Pure.
import type { Kind } from '../clusters/node-kinds.ts'
import type { ProbeSettings } from '../config.ts'
import { isUnderWay, type ProbeRecord } from '../store/probes.ts'

const HOUR_MS = 3_600_000

/** After a look that failed nobody looks again for an hour, then for two, four ... up to the age at which facts are too old. */
const pauseMs = (failures: number, { maxAgeHours }: ProbeSettings): number =>
  Math.min(maxAgeHours * HOUR_MS, HOUR_MS * 2 ** Math.max(0, failures - 1))

/** The kinds that nobody has looked at for too long. */
export function kindsDue(
  kinds: readonly Kind[],
  records: ReadonlyMap<string, ProbeRecord>,
  lookedAt: ReadonlyMap<string, string>,
  settings: ProbeSettings,
  nowMs: number,
): Kind[] {
  if (settings.automatic === 'off') return []
  const oldestMs = nowMs - settings.maxAgeHours * HOUR_MS
  return kinds.filter(kind => {
    if (settings.automatic === 'gpu' && kind.gpus.length === 0) return false
    if (kind.nodes.some(({ name }) => Date.parse(lookedAt.get(name) ?? '') >= oldestMs)) return false
    const record = records.get(kind.id)
    if (record === undefined) return placeFor(kind, null, lookedAt) !== null
    if (isUnderWay(record) || placeFor(kind, null, lookedAt) === null) return false
    return record.state === 'done' || Date.parse(record.at) + pauseMs(record.failures, settings) <= nowMs
  })
}

// How soon a job may start there. Nodes that are powered off would be started for it: only where there is no other.
const READINESS: Readonly<Record<string, number>> = { idle: 0, mixed: 1, planned: 2, allocated: 3, completing: 3 }
const POWER_MARKS = /[~#%!]/
/** Does not answer, is rebooted, or in maintenance. */
const AWAY_MARKS = /[*$@^]/

/**
 * The node that was longest not looked at, of those where a job starts soonest; in the wanted partition, else in one that is up and
 * holds little else. null: no node of the kind can take a job now.
 */
export function placeFor(
  kind: Kind,
  wanted: string | null,
  lookedAt: ReadonlyMap<string, string>,
): { partition: string; node: string } | null {
  const partitions = kind.partitions
    .filter(({ name, isUp }) => isUp && (wanted === null || name === wanted))
    .toSorted((a, b) => a.kindsInIt - b.kindsInIt)
  const nodes = kind.nodes
    .filter(({ state, stateMarks }) => READINESS[state] !== undefined && !AWAY_MARKS.test(stateMarks))
    .map(node => ({
      node,
      readiness: (READINESS[node.state] ?? 0) + (POWER_MARKS.test(node.stateMarks) ? 10 : 0),
      seen: lookedAt.get(node.name) ?? '',
    }))
    .toSorted((a, b) => a.readiness - b.readiness || (a.seen < b.seen ? -1 : a.seen > b.seen ? 1 : 0))
  for (const { node } of nodes) {
    const partition = partitions.find(({ name }) => node.partitions.includes(name))
    if (partition !== undefined) return { partition: partition.name, node: node.name }
  }
  return null
}
