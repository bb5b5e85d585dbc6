// What of a request does not fit its partition as the cluster lists it: names, sizes, time.
import type { Finding, JobRequest } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { ClusterFacts, PartitionFacts } from '../store/facts.ts'

export function unlisted({ resources }: JobRequest, cluster: ClusterSettings, facts: ClusterFacts | null): Finding[] {
  const names = cluster.partitions ?? facts?.partitions.map(partition => partition.name)
  if (names === undefined) return [] // not known yet; accept says so where nothing else is wrong
  if (!names.includes(resources.partition)) {
    return [
      {
        pointer: '/resources/partition',
        detail: `Cluster ${cluster.name} has no partition "${resources.partition}"`,
        found: resources.partition,
        required: `one of ${names.join(', ')}`,
      },
    ]
  }
  const partition = facts?.partitions.find(candidate => candidate.name === resources.partition)
  return partition && facts ? beyond(resources, partition, `sinfo, ${facts.seenAt}`) : []
}

/** A training longer than its partition's limit takes at most so many submissions: more is a typing error. */
const MOST_SPELLS = 20

function beyond(resources: JobRequest['resources'], partition: PartitionFacts, source: string): Finding[] {
  const findings: Finding[] = []
  const limit = (pointer: string, found: number, most: number | null, unit: string): void => {
    if (most === null || found <= most) return
    findings.push({
      pointer,
      detail: `Partition ${partition.name} has at most ${most} ${unit}`,
      found: String(found),
      required: `at most ${most}`,
      source,
    })
  }
  // A training that may be run again goes on where the partition's limit stopped it.
  const times = resources.requeue ? MOST_SPELLS : 1
  const most = partition.maxTimeMinutes === null ? null : partition.maxTimeMinutes * times
  const minutes = times === 1 ? 'minutes for a job' : `minutes for a training (${times} times its limit for a job)`
  limit('/resources/timeLimitMinutes', resources.timeLimitMinutes, most, minutes)
  limit('/resources/cpus', resources.cpus, partition.maxCpusPerNode, 'CPUs on a node')
  limit('/resources/memoryMiB', resources.memoryMiB, partition.maxMemoryMiBPerNode, 'MiB of memory on a node')
  if (resources.gpus === 0) return findings
  const types = partition.gpus.map(gpu => gpu.type).filter(type => type !== null)
  if (resources.gpuType !== null && !types.includes(resources.gpuType)) {
    findings.push({
      pointer: '/resources/gpuType',
      detail: `Partition ${partition.name} has no GPU of type "${resources.gpuType}"`,
      found: resources.gpuType,
      required: types.length > 0 ? `one of ${types.join(', ')}` : 'no GPU: the partition has none',
      source,
    })
    return findings
  }
  const fitting = partition.gpus.filter(gpu => resources.gpuType === null || gpu.type === resources.gpuType)
  limit('/resources/gpus', resources.gpus, Math.max(0, ...fitting.map(gpu => gpu.perNode)), 'GPUs on a node')
  return findings
}
