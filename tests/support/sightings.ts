// What a look at a node found, made by hand.
import type { NodeSighting } from '@trotline/contracts'

/** A K80 node of 2018, well. */
export const sighting = (over: Partial<NodeSighting> = {}): NodeSighting => ({
  v: 1,
  node: 'g1',
  at: '2026-11-27T09:00:00.000Z',
  driver: '396.37',
  cudaMax: null,
  gpus: [{ name: 'Tesla K80', computeCapability: '3.7' }],
  gpuTrouble: null,
  glibc: '2.17',
  cpuArch: 'x86_64',
  kernel: '3.10.0-1160.el7.x86_64',
  os: 'CentOS Linux 7 (Core)',
  nodeVersion: 'v20.20.2',
  nodeTrouble: null,
  ...over,
})
