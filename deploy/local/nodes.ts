// The made-up machine room: two CPU nodes and three kinds of GPU nodes, in partitions as a university cluster has them.

export interface ClusterNode {
  name: string
  cores: number
  memoryMb: number
  gpus?: { type: string; count: number }
  features: readonly string[]
}

export interface ClusterPartition {
  name: string
  nodes: readonly string[] | 'ALL'
  maxTime: string
  defaultTime: string
  priorityTier: number
}

const node = (name: string, features: string[], gpus?: ClusterNode['gpus']): ClusterNode => ({
  name,
  cores: 24,
  memoryMb: 120_000,
  features: [gpus ? 'gpu' : 'cpu', ...(gpus ? [gpus.type] : []), ...features],
  ...(gpus && { gpus }),
})

export const NODES: readonly ClusterNode[] = [
  node('c01', ['haswell']),
  node('c02', ['skylake']),
  node('k01', ['haswell'], { type: 'k80', count: 4 }),
  node('k02', ['haswell'], { type: 'k80', count: 4 }),
  node('p01', ['skylake'], { type: 'p100', count: 2 }),
  { ...node('a01', ['icelake'], { type: 'a100', count: 4 }), cores: 48, memoryMb: 480_000 },
]

/** The first is the default. A higher tier is scheduled first and may preempt `scavenger`. */
export const PARTITIONS: readonly ClusterPartition[] = [
  { name: 'shared', nodes: ['c01', 'c02'], maxTime: '3-00:00:00', defaultTime: '01:00:00', priorityTier: 10 },
  { name: 'gpuk80', nodes: ['k01', 'k02'], maxTime: '2-00:00:00', defaultTime: '01:00:00', priorityTier: 10 },
  { name: 'gpup100', nodes: ['p01'], maxTime: '12:00:00', defaultTime: '01:00:00', priorityTier: 10 },
  { name: 'gpua100', nodes: ['a01'], maxTime: '3-00:00:00', defaultTime: '01:00:00', priorityTier: 10 },
  { name: 'debug', nodes: ['c01', 'k01'], maxTime: '00:30:00', defaultTime: '00:05:00', priorityTier: 20 },
  { name: 'scavenger', nodes: 'ALL', maxTime: '06:00:00', defaultTime: '01:00:00', priorityTier: 1 },
]
