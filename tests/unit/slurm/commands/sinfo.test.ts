import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Partition, parseSinfo, sinfoCommand } from '../../../../packages/slurm/src/commands/sinfo.ts'
import { UNIT } from '../../../../packages/slurm/src/formats/rows.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

const partitionsIn = (name: string): Map<string, Partition>[] =>
  recorded(name).map(fixture => new Map(parseSinfo(resultOf(fixture)).map(partition => [partition.name, partition])))

test('what is asked is what was recorded', () => {
  for (const { argv } of recorded('sinfo-idle')) assert.deepEqual(argv, sinfoCommand())
})

test('partitions have their limits, one of them is the default', () => {
  for (const partitions of partitionsIn('sinfo-idle')) {
    const defaults = [...partitions.values()].filter(({ isDefault }) => isDefault)
    assert.deepEqual(
      defaults.map(({ name }) => name),
      ['shared'],
    )
    assert.equal(partitions.get('shared')?.timeLimitSeconds, 3 * 86_400)
    assert.equal(partitions.get('debug')?.defaultTimeLimitSeconds, 300)
    assert.equal(partitions.get('debug')?.availability, 'up')
  }
})

test('nodes are grouped by what they have', () => {
  for (const partitions of partitionsIn('sinfo-idle')) {
    const [group, ...more] = partitions.get('gpuk80')?.groups ?? []
    assert.deepEqual(more, [])
    assert.deepEqual(group?.nodes, ['k01', 'k02'])
    assert.deepEqual(group?.gres, [{ name: 'gpu', type: 'k80', count: 4 }])
    assert.deepEqual([group?.state, group?.cpusPerNode, group?.features.includes('k80')], ['idle', 24, true])
    assert.equal(new Set(partitions.get('scavenger')?.groups.flatMap(({ nodes }) => nodes)).size, 6)
  }
})

test('nodes and partitions that are down or drained say so', () => {
  for (const partitions of partitionsIn('sinfo-down')) {
    const stateOf = (node: string) =>
      [...partitions.values()].flatMap(({ groups }) => groups).find(({ nodes }) => nodes.includes(node))?.state
    assert.match(stateOf('k02') ?? '', /^down/)
    assert.match(stateOf('c02') ?? '', /^drain/)
    assert.equal(partitions.get('gpua100')?.availability, 'down')
  }
})

test('marks behind a state are kept apart, and a partition without nodes has no groups', () => {
  const line = (...cells: string[]) => `${cells.join(UNIT)}\n`
  const answer = (stdout: string) => parseSinfo({ exitCode: 0, signal: null, stdout, stderr: '', durationMs: 0 })
  const common = ['p', 'p', 'up', 'infinite', 'n/a']
  const [some] = answer(line(...common, 'idle~', 'n[1-2]', '8', '1000', '(null)', '(null)'))
  assert.deepEqual([some?.timeLimitSeconds, some?.defaultTimeLimitSeconds], ['unlimited', 'unset'])
  assert.deepEqual([some?.groups[0]?.state, some?.groups[0]?.stateMarks, some?.groups[0]?.features], ['idle', '~', []])
  assert.deepEqual(answer(line(...common, 'n/a', '', '0', '0', '(null)', '(null)'))[0]?.groups, [])
})

test('a controller that is away is no answer', () => {
  for (const fixture of recorded('sinfo-no-slurmctld')) {
    assert.throws(() => parseSinfo(resultOf(fixture)), { code: 'SLURM_UNREACHABLE', transient: true })
  }
})
