// Keeps what is known of a cluster's nodes: what Slurm lists, joined with every look at a node, and stored as the cluster's facts.
// One for the process that owns the cluster. Changes go one after the other, so that no look is lost to an older list.
import type { NodeSighting } from '@trotline/contracts'
import type { Partition } from '@trotline/slurm'
import type { ClusterSettings } from '../config.ts'
import type { FactsStore } from '../store/facts.ts'
import type { Sightings } from '../store/sightings.ts'
import { declarationsOf } from './declared-nodes.ts'
import { type KnownOfNodes, nodeKind } from './node-facts.ts'
import { type Kind, kindsIn, kindsOf } from './node-kinds.ts'
import { partitionFacts, type Rules } from './partition-facts.ts'

/** What Slurm said of the cluster. */
export interface SlurmLook {
  slurmVersion: string
  accounting: boolean
  partitions: readonly Partition[]
  /** null where no job is ever preempted. */
  rules: Rules | null
  at: string
}

export interface NodeKnowledge {
  /** @throws STORE_UNREACHABLE */
  listed(look: SlurmLook): Promise<void>
  /**
   * A look at a node: the facts of its kinds are those of a moment later. False: it was older than what is known, or Slurm lists
   * no such node.
   * @param always also where it says again what was said a moment ago
   * @throws STORE_UNREACHABLE
   */
  recordSighting(sighting: NodeSighting, options?: { always?: boolean }): Promise<boolean>
  /** As Slurm last listed them; empty before it did. Only those of partitions that the configuration names. */
  kinds(): readonly Kind[]
  /** When each node was last looked at, by name. */
  lookedAt(): ReadonlyMap<string, string>
}

/** Jobs that end by the hundred look at the same few nodes: what they say again is not written each time. */
const SAID_AGAIN_MS = 600_000

function saysNothingNew(look: NodeSighting, known: NodeSighting | undefined): boolean {
  if (known === undefined || Date.parse(look.at) - Date.parse(known.at) > SAID_AGAIN_MS) return false
  return look.at >= known.at && JSON.stringify({ ...look, at: '' }) === JSON.stringify({ ...known, at: '' })
}

/** Thousands of nodes have a few names between them. */
function remembering(capabilityOf: KnownOfNodes['capabilityOf']): { of(name: string): string | null } {
  const known = new Map<string, string | null>()
  return {
    of(name) {
      const found = known.get(name)
      if (found !== undefined) return found
      if (known.size >= MOST_NAMES) known.clear()
      const capability = capabilityOf(name)
      known.set(name, capability)
      return capability
    },
  }
}
const MOST_NAMES = 1_000

interface Stores {
  facts: FactsStore
  sightings: Sightings
}

export function createNodeKnowledge(
  settings: ClusterSettings,
  { facts, sightings }: Stores,
  capabilityOf: KnownOfNodes['capabilityOf'],
  now: () => Date,
): NodeKnowledge {
  const cluster = settings.name
  const declarations = declarationsOf(settings, now().toISOString())
  const capabilities = remembering(capabilityOf)
  let last: SlurmLook | null = null
  let kinds: Kind[] = []
  let looks: ReadonlyMap<string, NodeSighting> = new Map()
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function store(look: SlurmLook): Promise<void> {
    const all = kindsOf(look.partitions)
    const listed = new Set(all.flatMap(kind => kind.nodes.map(node => node.name)))
    const known = await sightings.read(cluster)
    const gone = [...known.keys()].filter(node => !listed.has(node))
    await sightings.forget(cluster, gone)
    for (const node of gone) known.delete(node)
    const sources: KnownOfNodes = { sightings: known, declarations, capabilityOf: name => capabilities.of(name) }
    const alike = new Map(all.map(kind => [kind.id, kind.nodes.map(({ name }) => name)]))
    const partitions = partitionFacts(look.partitions, look.rules, partition =>
      kindsIn(partition).map(kind => nodeKind(partition.name, kind, alike.get(kind.id) ?? [], sources, look)),
    )
    const { slurmVersion, accounting, at } = look
    await facts.writeFacts({ cluster, slurmVersion, accounting, partitions, seenAt: at })
    last = look
    kinds = kindsOf(look.partitions, settings.partitions ?? null)
    looks = known
  }

  return {
    listed: look => inTurn(() => store(look)),
    recordSighting: (sighting, { always = false } = {}) =>
      inTurn(async () => {
        if (
          last !== null &&
          !last.partitions.some(({ groups }) => groups.some(({ nodes }) => nodes.includes(sighting.node)))
        )
          return false
        if (!always && saysNothingNew(sighting, looks.get(sighting.node))) return true
        // By the node's own clock: one that goes ahead must not stand in the way of later looks.
        const at = new Date(Math.min(Date.parse(sighting.at), now().getTime())).toISOString()
        if (!(await sightings.record(cluster, { ...sighting, at }))) return false
        if (last !== null) await store(last)
        return true
      }),
    kinds: () => kinds,
    lookedAt: () => new Map([...looks.values()].map(({ node, at }) => [node, at])),
  }
}
