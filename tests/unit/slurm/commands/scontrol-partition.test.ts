import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseScontrolPartition,
  scontrolPartitionCommand,
} from '../../../../packages/slurm/src/commands/scontrol-partition.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

const fixtures = recorded('scontrol-partitions')

test('what is asked is what was recorded', () => {
  for (const { argv } of fixtures) assert.deepEqual(argv, scontrolPartitionCommand())
})

test('a partition says what it does to jobs that are to make room, and before which others it stands', () => {
  for (const fixture of fixtures) {
    const rules = parseScontrolPartition(resultOf(fixture))
    assert.deepEqual([...rules.keys()].sort(), ['debug', 'gpua100', 'gpuk80', 'gpup100', 'scavenger', 'shared'])
    assert.deepEqual(rules.get('debug'), {
      preemptMode: 'CANCEL',
      graceTimeSeconds: 60,
      priorityTier: 20,
    })
    assert.deepEqual(rules.get('shared'), {
      preemptMode: 'REQUEUE',
      graceTimeSeconds: 0,
      priorityTier: 10,
    })
  }
})

test('a partition of which something is missing is an error', () => {
  for (const fixture of fixtures) {
    const parse = (from: RegExp, to: string) =>
      parseScontrolPartition({ ...resultOf(fixture), stdout: fixture.stdout.replaceAll(from, to) }).get('shared')
    for (const broken of [/ PriorityTier=\S+/g, / GraceTime=\d+/g, / PreemptMode=\S+/g]) {
      assert.throws(() => parse(broken, ''), { code: 'SLURM_UNREADABLE' })
    }
  }
  for (const fixture of recorded('scontrol-no-slurmctld')) {
    assert.throws(() => parseScontrolPartition(resultOf(fixture)), { code: 'SLURM_UNREACHABLE' })
  }
})
