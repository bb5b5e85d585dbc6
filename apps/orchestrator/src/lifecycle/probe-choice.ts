// Which kinds of node are to be looked at, and on which node and in which partition. Pure.
import { isAway, type Kind } from '../clusters/node-kinds.ts'
import type { ProbeSettings } from '../config.ts'
import { isUnderWay, type ProbeRecord } from '../store/probes.ts'

const HOUR_MS = 3_600_000

/** After a look that failed nobody looks again for an hour, then for two, four ... up to the age at which facts are too old. */
const pauseMs = (failures: number, { maxAgeHours }: ProbeSettings): number =>
  Math.min(maxAgeHours * HOUR_MS, HOUR_MS * 2 ** Math.max(0, failures - 1))

/**
 * The kinds of which one node has to be looked at anew, and then those that nobody has looked at for too long.
 * @param urgent names of those nodes (probe-urgent.ts)
 */
export function kindsDue(
  kinds: readonly Kind[],
  records: ReadonlyMap<string, ProbeRecord>,
  known: { readonly looks: ReadonlyMap<string, { readonly at: string }>; readonly urgent: ReadonlySet<string> },
  settings: ProbeSettings,
  nowMs: number,
): Kind[] {
  if (settings.automatic === 'off') return []
  const oldestMs = nowMs - settings.maxAgeHours * HOUR_MS
  const due = kinds.flatMap(kind => {
    if (settings.automatic === 'gpu' && kind.gpus.length === 0) return []
    const place = placeFor(kind, null, known)
    if (place === null) return []
    const isUrgent = known.urgent.has(place.node)
    const isFresh = kind.nodes.some(
      node => !isAway(node) && Date.parse(known.looks.get(node.name)?.at ?? '') >= oldestMs,
    )
    // A node that has to be looked at and can take no job now is waited for.
    if (isFresh && !isUrgent) return []
    const record = records.get(kind.id)
    if (record !== undefined && isUnderWay(record)) return []
    const mayTry =
      record === undefined ||
      record.state === 'done' ||
      Date.parse(record.at) + pauseMs(record.failures, settings) <= nowMs
    return mayTry ? [{ kind, isUrgent }] : []
  })
  return due.toSorted((a, b) => Number(b.isUrgent) - Number(a.isUrgent)).map(({ kind }) => kind)
}

// How soon a job may start there. Nodes that are powered off would be started for it: only where there is no other.
const READINESS: Readonly<Record<string, number>> = { idle: 0, mixed: 1, planned: 2, allocated: 3, completing: 3 }
const POWER_MARKS = /[~#%!]/
/** Does not answer, is rebooted, or in maintenance. */
const AWAY_MARKS = /[*$@^]/

/**
 * A node that is urgent, else the node that was longest not looked at, of those where a job starts soonest; in the wanted partition, else in one that is up and
 * holds little else. null: no node of the kind can take a job now.
 */
export function placeFor(
  kind: Kind,
  wanted: string | null,
  known: { readonly looks: ReadonlyMap<string, { readonly at: string }>; readonly urgent: ReadonlySet<string> },
): { partition: string; node: string } | null {
  const partitions = kind.partitions
    .filter(({ name, isUp }) => isUp && (wanted === null || name === wanted))
    .toSorted((a, b) => a.kindsInIt - b.kindsInIt)
  const nodes = kind.nodes
    .filter(({ state, stateMarks }) => READINESS[state] !== undefined && !AWAY_MARKS.test(stateMarks))
    .map(node => ({
      node,
      readiness: (READINESS[node.state] ?? 0) + (POWER_MARKS.test(node.stateMarks) ? 10 : 0),
      urgency: known.urgent.has(node.name) ? 0 : 1,
      seen: known.looks.get(node.name)?.at ?? '',
    }))
    .toSorted(
      (a, b) => a.urgency - b.urgency || a.readiness - b.readiness || (a.seen < b.seen ? -1 : a.seen > b.seen ? 1 : 0),
    )
  for (const { node } of nodes) {
    const partition = partitions.find(({ name }) => node.partitions.includes(name))
    if (partition !== undefined) return { partition: partition.name, node: node.name }
  }
  return null
}
