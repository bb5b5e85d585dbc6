import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, NodeFacts, NodeKind, PartitionFacts } from '@trotline/contracts'
import { factsFor, kindsFor } from '../../../apps/orchestrator/src/clusters/node-hardware.ts'
import { clusterFacts } from '../../support/job-records.ts'

const fact = (value: string): Fact => ({ value, source: 'probe', from: 'nvidia-smi on g1', at: '2026-11-27T09:00:00Z' })
type Known = Partial<Record<keyof NodeFacts, string>>

function kind(types: (string | null)[], known: Known, features: string[] = []): NodeKind {
  const fields = ['driver', 'gpu', 'computeCapability', 'cudaMax', 'glibc', 'cpuArch', 'kernel', 'os', 'node'] as const
  const facts = Object.fromEntries(
    fields.map(field => [field, known[field] === undefined ? null : fact(known[field])]),
  ) as NodeFacts
  const gpus = types.map(type => ({ type, count: 4 }))
  return { id: 'a'.repeat(12), nodeCount: 1, nodes: ['g1'], gpus, features, facts, probed: [], differs: [] }
}
const partition = (...nodeKinds: NodeKind[]): PartitionFacts => {
  const [first = assert.fail('no partition')] = clusterFacts().partitions
  return { ...first, nodeKinds }
}
const K80 = { driver: '396.37', gpu: 'Tesla K80', computeCapability: '3.7', glibc: '2.17', cpuArch: 'x86_64' }
const A100 = { driver: '580.65.06', gpu: 'NVIDIA A100', computeCapability: '8.0', glibc: '2.34', cpuArch: 'x86_64' }

test('of one kind all that is known is told, with the fact behind each field', () => {
  const { hardware, facts } = factsFor(partition(kind(['k80'], K80, ['haswell'])), 'k80')
  assert.deepEqual(hardware, { ...K80, slurmFeatures: ['haswell'] })
  assert.equal(facts.driver?.from, 'nvidia-smi on g1')
})

test('with a GPU type only the kinds that have it count, without one the weakest of all that have a GPU', () => {
  const mixed = partition(kind([], { glibc: '2.5' }), kind(['a100'], A100), kind(['k80'], K80))
  assert.deepEqual(factsFor(mixed, 'a100').hardware, A100)
  assert.deepEqual(factsFor(mixed, null).hardware, K80)
  assert.deepEqual(factsFor(mixed, 'p100').hardware, {})
  assert.equal(kindsFor(mixed, 'p100').length, 0)
})

test('in a partition without GPUs every kind counts', () => {
  const cpus = partition(kind([], { glibc: '2.28', cpuArch: 'x86_64' }), kind([], { glibc: '2.17', cpuArch: 'x86_64' }))
  assert.deepEqual(factsFor(cpus, null).hardware, { glibc: '2.17', cpuArch: 'x86_64' })
})

test('what is not known of one kind is not known of all, because a job may land there', () => {
  const half = partition(kind(['k80'], K80), kind(['k80'], { gpu: 'k80', glibc: '2.34' }))
  assert.deepEqual(factsFor(half, 'k80').hardware, { gpu: 'k80', glibc: '2.17' })
})

test('the least of each field counts, the GPU and its capability together', () => {
  const { hardware } = factsFor(partition(kind(['x'], { ...A100, driver: '390.46' }), kind(['x'], K80)), 'x')
  assert.deepEqual(hardware, { ...K80, driver: '390.46' })
})

test('two architectures are none', () => {
  const both = partition(kind(['x'], K80), kind(['x'], { ...K80, cpuArch: 'ppc64le' }))
  assert.equal(factsFor(both, 'x').hardware.cpuArch, undefined)
})

test('on a node with two GPU types the one that is asked for counts, by Slurm’s name for it', () => {
  const two = partition(kind(['k80', 'k40m'], { ...K80, gpu: 'Tesla K40m', computeCapability: '3.5' }))
  const { hardware, facts } = factsFor(two, 'k80')
  assert.deepEqual([hardware.gpu, hardware.computeCapability, hardware.driver], ['k80', undefined, '396.37'])
  assert.equal(facts.gpu?.source, 'gres')
  assert.deepEqual(factsFor(two, null).hardware.gpu, 'Tesla K40m')
})
