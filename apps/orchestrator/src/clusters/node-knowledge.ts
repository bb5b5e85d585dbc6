// Keeps what is known of a cluster's nodes: what Slurm lists, joined with every look at a node, and stored as the cluster's facts.
// One for the process that owns the cluster. Changes go one after the other, so that no look is lost to an older list.
import type { NodeSighting } from '@trotline/contracts'
import type { Partition } from '@trotline/slurm'
import type { ClusterSettings } from '../config.ts'
import type { FactsStore } from '../store/facts.ts'
import type { Claim, KnownLook, KnownLooks, Sightings } from '../store/sightings.ts'
import { declarationsOf } from './declared-nodes.ts'
import { claimAgainst } from './node-claims.ts'
import { type KnownOfNodes, nodeKind } from './node-facts.ts'
import { isAway, type Kind, kindsIn, kindsOf } from './node-kinds.ts'
import { merged } from './node-merge.ts'
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
   * A look of our own at a node: the facts of its kinds are those of a moment later. False: it was older than what is known, or
   * Slurm lists no such node.
   * @throws STORE_UNREACHABLE
   */
  recordSighting(sighting: NodeSighting): Promise<boolean>
  /** What a user's job wrote of a node: shown beside what is known. False as above. @throws STORE_UNREACHABLE */
  recordClaim(sighting: NodeSighting, job: string): Promise<boolean>
  /** As Slurm last listed them; empty before it did. Only those of partitions that the configuration names. */
  kinds(): readonly Kind[]
  /** The newest look at each node, and the newest claim. */
  known(): Readonly<KnownLooks>
}

/** Jobs that end by the hundred look at the same few nodes: what they say again is not written each time. */
const SAID_AGAIN_MS = 600_000

/** The same as a moment ago, or nothing that a look of our own had not found. */
function saysNothingNew(claim: Claim, before: Claim | undefined, look: KnownLook | undefined): boolean {
  if (before === undefined) return look !== undefined && claimAgainst(claim, look) === null
  if (Date.parse(claim.at) - Date.parse(before.at) > SAID_AGAIN_MS) return false
  const words = (one: Claim): string => JSON.stringify({ ...one, at: '', job: '' })
  const isAnswered = look !== undefined && look.at >= before.at
  return claim.at >= before.at && !isAnswered && words(claim) === words(before)
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
  let known: Readonly<KnownLooks> = { looks: new Map(), claims: new Map() }
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function store(look: SlurmLook): Promise<void> {
    const all = kindsOf(look.partitions)
    const listed = new Set(all.flatMap(kind => kind.nodes.map(node => node.name)))
    const found = await sightings.read(cluster)
    const gone = [...found.looks.keys(), ...found.claims.keys()].filter(node => !listed.has(node))
    await sightings.forget(cluster, gone)
    for (const node of gone) {
      found.looks.delete(node)
      found.claims.delete(node)
    }
    const sources: KnownOfNodes = { ...found, declarations, capabilityOf: name => capabilities.of(name) }
    const standing = ({ nodes }: Kind): string[] => nodes.filter(node => !isAway(node)).map(({ name }) => name)
    const alike = new Map(all.map(kind => [kind.id, standing(kind)]))
    const partitions = partitionFacts(look.partitions, look.rules, partition =>
      kindsIn(partition).map(kind => nodeKind(partition.name, kind, alike.get(kind.id) ?? [], sources, look)),
    )
    const { slurmVersion, accounting, at } = look
    await facts.writeFacts({ cluster, slurmVersion, accounting, partitions, seenAt: at })
    last = look
    kinds = kindsOf(look.partitions, settings.partitions ?? null)
    known = found
  }

  const isListed = (node: string): boolean =>
    last === null || last.partitions.some(({ groups }) => groups.some(({ nodes }) => nodes.includes(node)))

  /** By the node's own clock: one that goes ahead must not stand in the way of later looks. */
  const noLater = (at: string): string => new Date(Math.min(Date.parse(at), now().getTime())).toISOString()

  async function stored(recorded: boolean): Promise<boolean> {
    if (recorded && last !== null) await store(last)
    return recorded
  }

  return {
    listed: look => inTurn(() => store(look)),
    recordSighting: sighting =>
      inTurn(async () => {
        if (!isListed(sighting.node)) return false
        const { looks } = await sightings.read(cluster)
        const look = merged({ ...sighting, at: noLater(sighting.at) }, looks.get(sighting.node))
        return stored(await sightings.record(cluster, look))
      }),
    recordClaim: (sighting, job) =>
      inTurn(async () => {
        const { node } = sighting
        if (!isListed(node)) return false
        const claim = { ...sighting, at: noLater(sighting.at), job }
        if (saysNothingNew(claim, known.claims.get(node), known.looks.get(node))) return true
        return stored(await sightings.recordClaim(cluster, claim))
      }),
    kinds: () => kinds,
    known: () => known,
  }
}
