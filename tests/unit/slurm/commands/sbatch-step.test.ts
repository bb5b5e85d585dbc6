// Which words of sbatch are a limit of the site, by what it said on real clusters. What the step makes of them is shown by
// tests/integration/submit-once.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ASLEEP, SUBMIT_LIMITS } from '../../../../packages/slurm/src/commands/sbatch-step.ts'
import { fixturesOf, recorded } from './fixtures.ts'

// Read by bash as an extended regular expression; what it is written with means the same here.
const limitIn = (text: string): string | null => new RegExp(SUBMIT_LIMITS, 'i').exec(text)?.[0] ?? null

test('each limit on submissions is known by its name', () => {
  for (const [name, limit] of [
    ['qos-max-submit-per-user', 'QOSMaxSubmitJobPerUserLimit'],
    ['qos-grp-submit', 'QOSGrpSubmitJobsLimit'],
    ['qos-max-submit-per-account', 'MaxSubmitJobsPerAccount'],
    ['assoc-max-submit', 'AssocMaxSubmitJobLimit'],
    ['assoc-grp-submit', 'AssocGrpSubmitJobsLimit'],
  ] as const) {
    for (const { stderr, exitCode } of recorded(`sbatch-${name}`)) {
      assert.equal(exitCode, 1)
      assert.equal(limitIn(stderr), limit)
    }
  }
})

test('a full slurmctld is known by what sbatch says before it sleeps', () => {
  for (const { stderr } of recorded('sbatch-max-job-count')) assert.ok(stderr.includes(ASLEEP))
})

test('what stays refused is no limit, however alike: sizes, partitions, options', () => {
  const refusals = fixturesOf('sbatch').filter(({ name }) => !/submit|max-job-count|held|no-slurmctld/.test(name))
  assert.ok(refusals.length >= 3)
  for (const { stderr } of refusals) assert.equal(limitIn(stderr), null, stderr)
  for (const word of ['AssocMaxWallDurationPerJobLimit', 'QOSMaxCpuPerJobLimit', 'QOSMinGRES']) {
    assert.equal(limitIn(`sbatch: error: ${word}`), null)
  }
})
