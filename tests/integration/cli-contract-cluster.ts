// A cluster of the contract server: one partition of two nodes whose drivers differ.
import { createFootprint } from '../../apps/orchestrator/src/clusters/footprint.ts'
import type { Cluster } from '../../packages/contracts/src/index.ts'
import { clusterSettings } from '../support/job-records.ts'
import { now } from './cli-contract-server.ts'

export const cluster = (over: Partial<Cluster> = {}): Cluster => {
  const fact = (value: string) => ({ value, source: 'probe' as const, from: 'nvidia-smi on k02', at: now() })
  const unknown = { computeCapability: null, cudaMax: null, cpuArch: null, kernel: null, os: null, node: null }
  return {
    name: 'local',
    facts: {
      slurmVersion: '22.05.8',
      accounting: true,
      seenAt: now(),
      ageSeconds: 0,
      source: 'sinfo',
      partitions: [
        {
          name: 'gpuk80',
          maxTimeMinutes: 2_880,
          maxCpusPerNode: 24,
          maxMemoryMiBPerNode: 122_880,
          gpus: [{ type: 'k80', perNode: 4 }],
          preemption: null,
          nodeKinds: [
            {
              id: 'a'.repeat(12),
              nodeCount: 2,
              nodes: ['k01', 'k02'],
              gpus: [{ type: 'k80', count: 4 }],
              features: [],
              facts: { ...unknown, driver: fact('396.37'), gpu: fact('Tesla K80'), glibc: fact('2.17') },
              probed: [{ node: 'k02', at: now() }],
              differs: ['k02 has driver 390.46, k01 396.37'],
            },
          ],
        },
      ],
    },
    health: { ok: true, code: 'ok', detail: 'connected', at: now() },
    breakers: [],
    ceilings: clusterSettings().ceilings,
    footprint: createFootprint().view({ connections: 1, waiting: 0, spent: { commands: 0, submissions: 0 } }),
    paused: null,
    probes: [
      {
        kind: 'a'.repeat(12),
        state: 'pending',
        by: 'staff',
        partition: 'gpuk80',
        node: 'k01',
        slurmJobId: '17',
        at: now(),
        detail: '',
      },
    ],
    jobs: { accepted: 0, prepared: 0, pending: 1, running: 2, finishing: 0 },
    ...over,
  }
}
