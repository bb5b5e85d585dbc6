import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindsIn, kindsOf } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import { group, partition } from '../../support/partitions.ts'

test('nodes with the same GPU types and features are one kind, whatever their state and however many GPUs', () => {
  const kinds = kindsIn(
    partition('gpu', [
      group({ nodes: ['g1'], state: 'idle', gres: [['k80', 4]], features: ['haswell', 'ib'] }),
      group({ nodes: ['g2', 'g3'], state: 'down', stateMarks: '*', gres: [['k80', 2]], features: ['ib', 'haswell'] }),
      group({ nodes: ['g4'], gres: [['k80', 4]], features: ['skylake'] }),
      group({ nodes: ['g5'], gres: [['p100', 4]], features: ['haswell', 'ib'] }),
    ]),
  )
  assert.deepEqual(
    kinds.map(({ nodes, gpus }) => [nodes, gpus]),
    [
      [['g1', 'g2', 'g3'], [{ type: 'k80', count: 4 }]],
      [['g4'], [{ type: 'k80', count: 4 }]],
      [['g5'], [{ type: 'p100', count: 4 }]],
    ],
  )
  assert.equal(new Set(kinds.map(({ id }) => id)).size, 3)
})

test('a node with two GPU types is another kind than a node with one, and a GPU without a type is a GPU', () => {
  const kinds = kindsIn(
    partition('gpu', [
      group({
        nodes: ['g1'],
        gres: [
          ['k80', 1],
          ['k40m', 2],
        ],
      }),
      group({ nodes: ['g2'], gres: [['k80', 1]] }),
      group({ nodes: ['g3'], gres: [[null, 2]] }),
      group({ nodes: ['c1'] }),
    ]),
  )
  assert.deepEqual(
    kinds.map(({ gpus }) => gpus.map(({ type, count }) => `${type}:${count}`)),
    [['k80:1', 'k40m:2'], ['k80:1'], ['null:2'], []],
  )
})

test('a kind is the same in every partition, and knows where its nodes stand', () => {
  const shared = { gres: [['k80', 4]] as [string, number][], features: ['haswell'] }
  const [kind, ...others] = kindsOf([
    partition('gpu', [group({ nodes: ['g1', 'g2'], ...shared })]),
    partition('debug', [group({ nodes: ['g1'], ...shared })], { availability: 'drain' }),
  ])
  assert.deepEqual(others, [])
  assert.deepEqual(
    kind?.nodes.map(({ name, partitions }) => [name, partitions]),
    [
      ['g1', ['gpu', 'debug']],
      ['g2', ['gpu']],
    ],
  )
  assert.deepEqual(
    kind?.partitions.map(({ name, isUp }) => [name, isUp]),
    [
      ['gpu', true],
      ['debug', false],
    ],
  )
})

test('partitions that the configuration does not name have no kinds', () => {
  const all = [
    partition('gpu', [group({ nodes: ['g1'] })]),
    partition('debug', [group({ nodes: ['c1'], features: ['x'] })]),
  ]
  assert.deepEqual(
    kindsOf(all, ['debug']).map(({ nodes }) => nodes.map(({ name }) => name)),
    [['c1']],
  )
})

test('a site that gives every node a feature of its own has its nodes told apart by their GPUs alone', () => {
  const groups = Array.from({ length: 70 }, (_, i) =>
    group({ nodes: [`n${i}`], features: [`rack${i}`], gres: i < 10 ? [['k80', 4]] : [] }),
  )
  assert.deepEqual(
    kindsIn(partition('all', groups)).map(({ nodes, features }) => [nodes.length, features]),
    [
      [10, []],
      [60, []],
    ],
  )
})
