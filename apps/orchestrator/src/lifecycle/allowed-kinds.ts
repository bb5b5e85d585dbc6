// Which kinds of a partition's nodes a request leaves to Slurm: a constraint or excluded nodes may keep some out.
import type { JobRequest, NodeGroup, NodeKind, PartitionFacts } from '@trotline/contracts'

type Asked = Pick<JobRequest['resources'], 'constraint' | 'excludeNodes'>

/** Of a constraint that is more than features joined by & or by | nothing is concluded: all kinds count then. */
export function allowedBy(resources: Asked, partition: PartitionFacts): PartitionFacts {
  const wanted = featuresIn(resources.constraint)
  const nodeKinds = partition.nodeKinds
    .filter(kind => wanted(kind.features) && !allExcluded(kind, resources.excludeNodes))
    .map(kind => withoutGroups(kind, resources.excludeNodes))
  return { ...partition, nodeKinds }
}

/** Of a group of more not all have their names told (contracts/node-facts.ts). */
const MOST_NAMED = 256

/** Where all nodes of a group are excluded it is nothing to this request; what nobody looked at is taken to be as the others. */
function withoutGroups(kind: NodeKind, excluded: readonly string[]): NodeKind {
  const isOut = ({ nodes }: NodeGroup): boolean =>
    nodes.length < MOST_NAMED && nodes.every(node => excluded.includes(node))
  const left = kind.groups?.filter(group => !isOut(group)) ?? []
  const { groups: _, ...whole } = kind
  const [first, second, ...more] = left
  if (first === undefined) return kind
  return second === undefined ? { ...whole, facts: first.facts } : { ...whole, groups: [first, second, ...more] }
}

/** man sbatch, --constraint. */
function featuresIn(constraint: string | null): (features: readonly string[]) => boolean {
  if (constraint === null) return () => true
  const all = constraint.split('&')
  if (all.every(isFeature)) return features => all.every(feature => features.includes(feature))
  const any = constraint.split('|')
  if (any.every(isFeature)) return features => any.some(feature => features.includes(feature))
  return () => true
}

const isFeature = (text: string): boolean => /^[A-Za-z0-9_.-]+$/.test(text)

/** Names alone: a host list is not spelt out here, and a kind of very many nodes has not all of them told. */
const allExcluded = ({ nodes, nodeCount }: NodeKind, excluded: readonly string[]): boolean =>
  nodes.length === nodeCount && nodes.length > 0 && nodes.every(node => excluded.includes(node))
