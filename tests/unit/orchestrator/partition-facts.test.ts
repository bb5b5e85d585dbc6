import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionFacts } from '../../../apps/orchestrator/src/clusters/partition-facts.ts'
import { parseScontrolPartition } from '../../../packages/slurm/src/commands/scontrol-partition.ts'
import { parseSinfo } from '../../../packages/slurm/src/commands/sinfo.ts'
import { resultOf } from '../../fixtures/fixture-file.ts'
import { recorded } from '../slurm/commands/fixtures.ts'

// As recorded: debug has a PriorityTier of 20 and shares nodes with shared and gpuk80 (10); scavenger has 1 and all nodes.
for (const [at, fixture] of recorded('scontrol-partitions').entries()) {
  const partitions = parseSinfo(resultOf(recorded('sinfo-idle')[at] ?? assert.fail('no sinfo of this version')))
  const facts = (change: (stdout: string) => string = text => text) =>
    partitionFacts(
      partitions,
      parseScontrolPartition({ ...resultOf(fixture), stdout: change(fixture.stdout) }),
      () => [],
    )
  const preempted = (of: ReturnType<typeof facts>): string[] =>
    of.flatMap(({ name, preemption }) => (preemption ? [`${name} ${preemption.mode} ${preemption.graceSeconds}`] : []))

  test(`jobs make room where a partition of a higher tier has the same nodes (Slurm ${fixture.slurm})`, () => {
    assert.deepEqual(preempted(facts()).toSorted(), ['gpuk80 requeue 0', 'scavenger requeue 0', 'shared requeue 0'])
  })

  test(`a mode of several words is understood, and OFF is none (Slurm ${fixture.slurm})`, () => {
    const first = preempted(facts(text => text.replaceAll('PreemptMode=REQUEUE', 'PreemptMode=GANG,SUSPEND')))
    assert.deepEqual(first.toSorted(), ['gpuk80 suspend 0', 'scavenger suspend 0', 'shared suspend 0'])
    assert.deepEqual(preempted(facts(text => text.replaceAll('PreemptMode=REQUEUE', 'PreemptMode=OFF'))), [])
  })

  test(`where nothing is ever preempted, nobody is told so (Slurm ${fixture.slurm})`, () => {
    assert.deepEqual(preempted(partitionFacts(partitions, null, () => [])), [])
  })
}
