// The partitions as sinfo and scontrol tell them, in the words of the contract.
import type { NodeKind, PartitionFacts, Preemption } from '@trotline/contracts'
import type { Partition, PartitionRules } from '@trotline/slurm'

export type Rules = ReadonlyMap<string, PartitionRules>

/** @param rules null where no job of the cluster is ever preempted */
export function partitionFacts(
  partitions: readonly Partition[],
  rules: Rules | null,
  nodeKindsIn: (partition: Partition) => NodeKind[],
): PartitionFacts[] {
  return partitions.map(partition => ({
    ...sizeOf(partition),
    preemption: preemptionIn(partition, partitions, rules),
    nodeKinds: nodeKindsIn(partition),
  }))
}

function sizeOf(partition: Partition): Omit<PartitionFacts, 'preemption' | 'nodeKinds'> {
  const most = (values: readonly number[]): number | null => (values.length > 0 ? Math.max(...values) : null)
  const gpus = new Map<string | null, number>()
  for (const gres of partition.groups.flatMap(group => group.gres).filter(item => item.name === 'gpu')) {
    gpus.set(gres.type, Math.max(gpus.get(gres.type) ?? 0, gres.count))
  }
  const limit = partition.timeLimitSeconds
  return {
    name: partition.name,
    maxTimeMinutes: typeof limit === 'number' ? Math.floor(limit / 60) : null,
    maxCpusPerNode: most(partition.groups.map(group => group.cpusPerNode)),
    maxMemoryMiBPerNode: most(partition.groups.map(group => group.memoryMiB)),
    gpus: [...gpus].map(([type, perNode]) => ({ type, perNode })),
  }
}

// man slurm.conf, PreemptMode: a list such as GANG,SUSPEND; OFF where the partition's jobs are never preempted. Every partition
// prints the cluster's mode, those too before which no other stands.
function preemptionIn(partition: Partition, all: readonly Partition[], rules: Rules | null): Preemption | null {
  const own = rules?.get(partition.name)
  if (own === undefined) return null
  const nodes = new Set(nodesOf(partition))
  const standsBefore = all.some(
    other =>
      (rules?.get(other.name)?.priorityTier ?? 0) > own.priorityTier && nodesOf(other).some(node => nodes.has(node)),
  )
  const modes = own.preemptMode.toLowerCase().split(',')
  const mode = (['requeue', 'cancel', 'suspend'] as const).find(known => modes.includes(known))
  return standsBefore && mode !== undefined ? { mode, graceSeconds: own.graceTimeSeconds } : null
}

const nodesOf = ({ groups }: Partition): string[] => groups.flatMap(group => group.nodes)
