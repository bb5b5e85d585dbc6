// Which kinds of a partition's nodes a request leaves to Slurm: a constraint or excluded nodes may keep the weakest out.
import type { JobRequest, NodeKind, PartitionFacts } from '@trotline/contracts'

type Asked = Pick<JobRequest['resources'], 'constraint' | 'excludeNodes'>

/** Of a constraint that is more than features joined by & or by | nothing is concluded: all kinds count then. */
export function allowedBy(resources: Asked, partition: PartitionFacts): PartitionFacts {
  const wanted = featuresIn(resources.constraint)
  const nodeKinds = partition.nodeKinds.filter(
    kind => wanted(kind.features) && !allExcluded(kind, resources.excludeNodes),
  )
  return { ...partition, nodeKinds }
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
