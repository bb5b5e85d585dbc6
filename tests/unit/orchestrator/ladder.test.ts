import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isClusterFault, isPatience, triesBefore, waitMs } from '../../../apps/orchestrator/src/lifecycle/ladder.ts'

describe('the ladder', () => {
  test('a transient fault is tried again after ever longer waits, and then no more', () => {
    const waits: number[] = []
    for (let tries = 0; ; tries++) {
      const wait = waitMs('SLURM_STEP_BUSY', true, tries)
      if (wait === null) break
      waits.push(wait)
    }
    assert.equal(waits[0], 1_000)
    assert.deepEqual(
      waits,
      waits.toSorted((a, b) => a - b),
    )
    assert.ok(waits.length >= 10)
    assert.equal(waitMs('SLURM_STEP_BUSY', true, waits.length + 1_000), null)
  })

  test('a fault that asking again cannot mend is not tried again', () => {
    assert.equal(waitMs('DIRECTORY_REFUSED', false, 0), null)
  })

  for (const code of [
    'SSH_UNREACHABLE',
    'SSH_HOST_KEY',
    'SSH_AUTH',
    'SLURM_UNREACHABLE',
    'STORE_UNREACHABLE',
    'CLUSTER_RESTING',
    'CLUSTER_CEILING',
  ]) {
    test(`${code} is waited out for as long as it takes, never longer than 15 s at a time`, () => {
      assert.ok(isClusterFault(code))
      assert.equal(waitMs(code, false, 0), 1_000)
      assert.equal(waitMs(code, true, 100_000), 15_000)
    })
  }

  for (const code of ['SITE_LIMIT', 'CLUSTER_PAUSED']) {
    test(`${code} is waited out for as long as it takes, ever less often, up to a minute`, () => {
      assert.ok(isPatience(code) && !isClusterFault(code))
      assert.deepEqual(
        [0, 1, 2, 3, 4, 5, 100_000].map(tries => waitMs(code, true, tries)),
        [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000],
      )
    })
  }

  test('a day of waiting for the site uses up nothing of the ladder', () => {
    const waited = { stage: 'submit', code: 'SITE_LIMIT', tries: 1_440 }
    assert.equal(triesBefore(waited, 'submit', 'FILE_FAILED'), 0)
    assert.equal(triesBefore(waited, 'submit', 'SSH_LOST'), 0)
    assert.equal(triesBefore(waited, 'submit', 'CLUSTER_PAUSED'), 1_440)
  })

  test('tries count for their own stage and their own kind of fault only', () => {
    const trying = { stage: 'submit', code: 'SLURM_STEP_BUSY', tries: 7 }
    assert.equal(triesBefore(trying, 'submit', 'FILE_FAILED'), 7)
    assert.equal(triesBefore(trying, 'finish', 'FILE_FAILED'), 0)
    assert.equal(triesBefore(trying, 'submit', 'SSH_LOST'), 0)
    assert.equal(triesBefore({ ...trying, code: 'SSH_LOST' }, 'submit', 'SSH_UNREACHABLE'), 7)
    assert.equal(triesBefore({ ...trying, code: 'SSH_LOST' }, 'submit', 'SLURM_STEP_BUSY'), 0)
    assert.equal(triesBefore(null, 'submit', 'SSH_LOST'), 0)
  })
})
