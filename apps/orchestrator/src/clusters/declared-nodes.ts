// The operator's word about nodes, from the configuration, as facts are merged.
import { expandHostlist } from '@trotline/slurm'
import type { ClusterSettings } from '../config.ts'
import { DECLARABLE, type Declaration } from './node-facts.ts'

/** @param at when the configuration was read */
export function declarationsOf({ name, nodes: declared }: ClusterSettings, at: string): Declaration[] {
  return declared.map((entry, i) => ({
    from: `nodes[${i}] of cluster ${name} in the configuration`,
    at,
    partition: entry.partition ?? null,
    features: entry.features,
    nodes: entry.nodes === undefined ? null : new Set(entry.nodes.flatMap(list => expandHostlist(list) ?? [list])),
    values: Object.fromEntries(
      DECLARABLE.flatMap(field => (entry[field] === undefined ? [] : [[field, entry[field]]])),
    ),
  }))
}
