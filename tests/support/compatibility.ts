// The matrix that the server ships, read once, and kinds of nodes with what is known of them.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Fact, FactSource, NodeFacts, NodeKind } from '@trotline/contracts'
import { type Compatibility, createCompatibility } from '../../apps/orchestrator/src/lifecycle/compatibility.ts'
import { AT } from './job-records.ts'

const MATRIX = resolve(import.meta.dirname, '../../conda/compatibility.json')

let shipped: Compatibility | null = null
export function shippedCompatibility(): Compatibility {
  shipped ??= createCompatibility(readFileSync(MATRIX, 'utf8'), MATRIX)
  return shipped
}

export const fact = (value: string, source: FactSource = 'probe', at = AT): Fact => ({
  value,
  source,
  from: source === 'probe' ? 'nvidia-smi on k01' : source,
  at,
})

/** Facts of a node that nobody has looked at. */
export const NOTHING: NodeFacts = {
  driver: null,
  gpu: null,
  computeCapability: null,
  cudaMax: null,
  glibc: null,
  cpuArch: null,
  kernel: null,
  os: null,
  node: null,
}

/** @param type null: nodes without a GPU */
export const kindOf = (
  type: string | null,
  facts: Partial<NodeFacts> = {},
  over: Partial<NodeKind> = {},
): NodeKind => ({
  id: '0123456789ab',
  nodes: ['k01', 'k02'],
  nodeCount: 2,
  gpus: type === null ? [] : [{ type, count: 4 }],
  features: [],
  facts: { ...NOTHING, ...facts },
  probed: [],
  differs: [],
  ...over,
})

/** The K80 nodes of the tutorial's cluster, and two newer kinds. */
export const K80 = { driver: fact('396.37'), gpu: fact('Tesla K80'), computeCapability: fact('3.7') }
export const P100 = { driver: fact('470.82.01'), gpu: fact('Tesla P100-PCIE-16GB'), computeCapability: fact('6.0') }
export const A100 = { driver: fact('580.159.03'), gpu: fact('NVIDIA A100-SXM4-40GB'), computeCapability: fact('8.0') }
