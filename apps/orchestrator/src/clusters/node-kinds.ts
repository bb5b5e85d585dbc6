// Which nodes are of one kind: those that look alike to Slurm, by their GPU types and features. A kind is the same wherever such
// nodes stand, in however many partitions: one look at one of its nodes tells about all of them.
import { createHash } from 'node:crypto'
import { MOST_KINDS } from '@trotline/contracts'
import type { NodeGroup, Partition } from '@trotline/slurm'

/** The part of a kind that stands in one partition. */
export interface KindInPartition {
  readonly id: string
  readonly nodes: readonly string[]
  /** Those of them that Slurm sends no job to now. */
  readonly away: ReadonlySet<string>
  /** Most on one node, by type; null is a GPU without a type. */
  readonly gpus: readonly { readonly type: string | null; readonly count: number }[]
  readonly features: readonly string[]
}

/** A node as Slurm shows it now. */
export interface NodeNow {
  readonly name: string
  readonly state: string
  readonly stateMarks: string
}

/** A kind wherever it stands. */
export interface Kind {
  readonly id: string
  readonly gpus: KindInPartition['gpus']
  readonly features: readonly string[]
  readonly partitions: readonly { readonly name: string; readonly isUp: boolean; readonly kindsInIt: number }[]
  /** Each with the partitions that it stands in. */
  readonly nodes: readonly (NodeNow & { readonly partitions: readonly string[] })[]
}

// man sinfo, NODE STATE CODES. "*": does not answer. One that is reserved, in maintenance or powered off will take jobs again.
const AWAY: readonly string[] = ['down', 'drained', 'draining', 'fail', 'failing', 'future', 'inval', 'error']

/** Slurm starts no job there before somebody has done something about it. */
export const isAway = ({ state, stateMarks }: Pick<NodeNow, 'state' | 'stateMarks'>): boolean =>
  AWAY.includes(state) || stateMarks.includes('*')

/** Sites give each rack or switch a feature: past this many kinds a partition's nodes are told apart by their GPUs alone. */
export function kindsIn(partition: Partition): KindInPartition[] {
  const byFeatures = grouped(partition, group => group.features)
  return byFeatures.length <= MOST_KINDS ? byFeatures : grouped(partition, () => []).slice(0, MOST_KINDS)
}

function grouped({ groups }: Partition, featuresOf: (group: NodeGroup) => readonly string[]): KindInPartition[] {
  const kinds = new Map<string, NodeGroup[]>()
  for (const group of groups) {
    const key = JSON.stringify([typesOf([group]), featuresOf(group).toSorted()])
    kinds.set(key, [...(kinds.get(key) ?? []), group])
  }
  return [...kinds].map(([key, alike]) => ({
    id: createHash('sha256').update(key).digest('hex').slice(0, 12),
    nodes: [...new Set(alike.flatMap(group => group.nodes))],
    away: new Set(alike.filter(isAway).flatMap(group => group.nodes)),
    gpus: gpusOf(alike),
    features: alike[0] === undefined ? [] : featuresOf(alike[0]),
  }))
}

const typesOf = (groups: readonly NodeGroup[]): string[] =>
  [...new Set(gpusOf(groups).map(({ type }) => type ?? ''))].toSorted()

function gpusOf(groups: readonly NodeGroup[]): { type: string | null; count: number }[] {
  const most = new Map<string | null, number>()
  for (const { name, type, count } of groups.flatMap(({ gres }) => gres))
    if (name === 'gpu' && count > 0) most.set(type, Math.max(most.get(type) ?? 0, count))
  return [...most].map(([type, count]) => ({ type, count }))
}

/** @param names of the partitions that count; null: all */
export function kindsOf(partitions: readonly Partition[], names: readonly string[] | null = null): Kind[] {
  const kinds = new Map<string, { -readonly [K in keyof Kind]: Kind[K] }>()
  for (const partition of partitions.filter(({ name }) => names === null || names.includes(name))) {
    const own = kindsIn(partition)
    const now = new Map(partition.groups.flatMap(group => group.nodes.map(name => [name, group] as const)))
    for (const { id, nodes, gpus, features } of own) {
      const kind = kinds.get(id) ?? { id, gpus, features, partitions: [], nodes: [] }
      const isUp = partition.availability === 'up'
      kind.partitions = [...kind.partitions, { name: partition.name, isUp, kindsInIt: own.length }]
      const known = new Map(kind.nodes.map(node => [node.name, node]))
      for (const name of nodes) {
        const { state = 'unknown', stateMarks = '' } = now.get(name) ?? {}
        const before = known.get(name)?.partitions ?? []
        known.set(name, { name, state, stateMarks, partitions: [...before, partition.name] })
      }
      kind.nodes = [...known.values()]
      kinds.set(id, kind)
    }
  }
  return [...kinds.values()]
}
