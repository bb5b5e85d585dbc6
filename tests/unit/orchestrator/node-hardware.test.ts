import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, NodeFacts, NodeKind, PartitionFacts } from '@trotline/contracts'
import { alikeIn, hardwareOf, kindsFor, typesMet } from '../../../apps/orchestrator/src/clusters/node-hardware.ts'
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

const hardware = (nodes: PartitionFacts, gpuType: string | null) =>
  alikeIn(kindsFor(nodes, gpuType)).flatMap(alike =>
    typesMet(alike, gpuType).map(type => hardwareOf(alike, type).hardware),
  )

test('of one kind all that is known is told, with the fact behind each field', () => {
  const found = hardwareOf(kind(['k80'], K80, ['haswell']), 'k80')
  assert.deepEqual(found.hardware, { ...K80, slurmFeatures: ['haswell'] })
  assert.equal(found.facts.driver?.from, 'nvidia-smi on g1')
})

test('with a GPU type only the kinds that have it count, without one each that has a GPU, as it is', () => {
  const mixed = partition(kind([], { glibc: '2.5' }), kind(['a100'], A100), kind(['k80'], K80))
  assert.deepEqual(hardware(mixed, 'a100'), [A100])
  assert.deepEqual(hardware(mixed, null), [A100, K80])
  assert.deepEqual(hardware(mixed, 'p100'), [])
  assert.equal(kindsFor(mixed, 'p100').length, 0)
})

test('in a partition without GPUs every kind counts', () => {
  const cpus = partition(kind([], { glibc: '2.28' }), kind([], { glibc: '2.17' }))
  assert.deepEqual(hardware(cpus, null), [{ glibc: '2.28' }, { glibc: '2.17' }])
})

test('what is not known of one kind takes nothing from what is known of another', () => {
  const half = partition(kind(['a100'], { ...A100, glibc: '2.17' }), kind(['a100'], { gpu: 'a100' }))
  assert.deepEqual(hardware(half, 'a100'), [{ ...A100, glibc: '2.17' }, { gpu: 'a100' }])
})

test('nodes of a kind that differ are told apart', () => {
  const { facts } = kind(['k80'], K80)
  const groups = [
    { nodes: ['g1'], facts },
    { nodes: ['g2'], facts: { ...facts, cpuArch: fact('ppc64le') } },
  ]
  assert.deepEqual(hardware(partition({ ...kind(['k80'], K80), groups }), 'k80'), [K80, { ...K80, cpuArch: 'ppc64le' }])
})

test('what a user’s job said of a node is no hardware of it', () => {
  const claimed = kind(['k80'], K80)
  claimed.facts.driver = { ...fact('100.1'), source: 'job' }
  const { driver: _, ...without } = K80
  assert.deepEqual(hardware(partition(claimed), 'k80'), [without])
})

test('on a node with two GPU types the one that is asked for counts, by Slurm’s name for it, and else each', () => {
  const two = partition(kind(['k80', 'k40m'], { ...K80, gpu: 'Tesla K40m', computeCapability: '3.5' }))
  const { computeCapability: _, ...byName } = K80
  assert.deepEqual(hardware(two, 'k80'), [{ ...byName, gpu: 'k80' }])
  assert.deepEqual(hardware(two, null), [
    { ...byName, gpu: 'k80' },
    { ...byName, gpu: 'k40m' },
  ])
})
