// Why no set of packages fits, in a sentence of ours: the solver's own tree is long, and names what it tried last. Asked again with
// less or with more, the solver itself tells: a package or version that is not there, nodes that are too old, lines that do not go together.
import type { VirtualPackages } from '@trotline/contracts'
import { listed } from '../listed.ts'
import { type PlacedFinding, placed } from '../reading.ts'
import { conflictOf } from './conflict.ts'
import { missingRoots } from './missing-roots.ts'
import type { Channel, Reachable } from './reachable.ts'
import type { Root } from './roots.ts'
import { type AskNodes, nodesTooOld } from './too-old.ts'

export interface Impossible {
  /** Most important first; the first is the sentence. */
  findings: PlacedFinding[]
  /** The solver's own explanation. */
  tree: string | null
}

export interface ExplainOrder {
  roots: readonly Root[]
  channels: readonly Channel[]
  reachable: Reachable
  virtualPackages: VirtualPackages
  /** `partition gpuold` */
  targetWords: string
  platform: string
  /** Of the first question. */
  tree: string
  /** As people write a channel. */
  channelName: (url: string) => string
  /** Asks the solver again; null: it refuses. */
  ask: AskNodes
  /** Asks for some of the roots, for the same nodes: the solver's tree, or null where they go together. */
  refusal: (roots: readonly Root[]) => Promise<string | null>
  /** false: there is no time for another question. */
  mayGoOn: () => boolean
}

export async function explain(order: ExplainOrder): Promise<Impossible> {
  const { roots, reachable, tree, refusal, mayGoOn } = order
  const missing = missingRoots(order)
  if (missing.length > 0) return { findings: missing, tree }
  const texts = reachable.documents.map(one => one.text)
  const tooOld = await nodesTooOld({ ...order, texts })
  if (tooOld.length > 0) return { findings: tooOld, tree }
  const conflict = await conflictOf(roots, async some => (await refusal(some)) !== null, mayGoOn)
  if (conflict === null)
    return { findings: [placed({ detail: 'No set of packages fits the spec.' }, '/dependencies')], tree }
  const [first] = conflict
  const words = conflict.map(one => one.written)
  const detail =
    conflict.length === 1
      ? `${first?.written} cannot be installed: something that it needs is not to be had, or not for these nodes.`
      : `${listed(words, 'and')} do not go together.`
  const hint =
    conflict.length === 1 ? undefined : `Without ${listed(words, 'or')}, or with another version, it may be solved.`
  const pointer = conflict.length === 1 ? (first?.pointer ?? '/dependencies') : '/dependencies'
  // The tree of these lines alone: the others only made it longer.
  const shorter = mayGoOn() ? await refusal(conflict) : null
  return { findings: [placed({ detail, ...(hint === undefined ? {} : { hint }) }, pointer)], tree: shorter ?? tree }
}
