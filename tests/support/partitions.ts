// Partitions as sinfo shows them, made by hand: for clusters that no test has.
import type { NodeGroup, Partition } from '@trotline/slurm'

type Given = Partial<Omit<NodeGroup, 'gres'>> & { gres?: readonly (readonly [type: string | null, count: number])[] }

/** Nodes that are alike in every column. */
export const group = ({ gres = [], ...over }: Given = {}): NodeGroup => ({
  nodes: ['n1'],
  state: 'idle',
  stateMarks: '',
  cpusPerNode: 24,
  memoryMiB: 120_000,
  features: [],
  ...over,
  gres: gres.map(([type, count]) => ({ name: 'gpu', type, count })),
})

export const partition = (name: string, groups: readonly NodeGroup[], over: Partial<Partition> = {}): Partition => ({
  name,
  isDefault: false,
  availability: 'up',
  timeLimitSeconds: 3_600,
  defaultTimeLimitSeconds: 3_600,
  groups,
  ...over,
})
