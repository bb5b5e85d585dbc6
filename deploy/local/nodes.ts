// The made-up machine room: two CPU nodes and three kinds of GPU nodes, in partitions as a university cluster has them.

/** What a node's GPUs are to nvidia-smi. */
export interface Gpu {
  /** The product's name, as the driver prints it. */
  product: string
  computeCapability: string
  driver: string
  /** The newest CUDA that the driver runs, as the head of nvidia-smi's table has it; '' for drivers before R410, which do not say. */
  cuda: string
}

export interface ClusterNode {
  name: string
  cores: number
  memoryMb: number
  gpus?: { type: string; count: number } & Gpu
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

// The K80s have the driver of the tutorial's cluster, the others one that still drives them.
const K80: Gpu = { product: 'Tesla K80', computeCapability: '3.7', driver: '396.37', cuda: '' }
const P100: Gpu = {
  product: 'Tesla P100-PCIE-16GB',
  computeCapability: '6.0',
  driver: '470.82.01',
  cuda: '11.4',
}
const A100: Gpu = {
  product: 'NVIDIA A100-SXM4-40GB',
  computeCapability: '8.0',
  driver: '580.159.03',
  cuda: '13.0',
}

export const NODES: readonly ClusterNode[] = [
  node('c01', ['haswell']),
  node('c02', ['skylake']),
  node('k01', ['haswell'], { type: 'k80', count: 4, ...K80 }),
  node('k02', ['haswell'], { type: 'k80', count: 4, ...K80 }),
  node('p01', ['skylake'], { type: 'p100', count: 2, ...P100 }),
  { ...node('a01', ['icelake'], { type: 'a100', count: 4, ...A100 }), cores: 48, memoryMb: 480_000 },
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
