import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { timeLimitPassed } from '../../../apps/orchestrator/src/lifecycle/time-limit.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, later, record, slurmView } from '../../support/job-records.ts'

const MINUTE_MS = 60_000
const LIMIT_MS = 60 * MINUTE_MS
const site = { killWaitSeconds: 30, overTimeLimitSeconds: 0 }
const startedAt = (at: string | null): JobRecord => {
  const run = { run: '1-0', attempt: 1, slurmJobId: '17', node: 'c01', resumed: null, endedAt: null, ending: null }
  return record({ state: 'running', slurm: slurmView(), runs: at === null ? [] : [{ ...run, startedAt: at }] })
}
const passedAfter = (job: JobRecord, ms: number, facts: Parameters<typeof timeLimitPassed>[1] = site): boolean =>
  timeLimitPassed(job, facts, { nowMs: Date.parse(AT) + ms, startedByMs: Date.parse(AT) + 5 * MINUTE_MS })

describe('the time of a submission', () => {
  test('has passed some minutes after its limit, counted from the last sign of life', () => {
    assert.equal(passedAfter(startedAt(null), LIMIT_MS + MINUTE_MS), false)
    assert.equal(passedAfter(startedAt(null), LIMIT_MS + 11 * MINUTE_MS), true)
    assert.equal(passedAfter(startedAt(later(3 * MINUTE_MS)), LIMIT_MS + 11 * MINUTE_MS), false)
    assert.equal(passedAfter(startedAt(later(3 * MINUTE_MS)), LIMIT_MS + 14 * MINUTE_MS), true)
  })

  test('is longer by what the site adds to it: an hour of KillWait, an hour over the limit', () => {
    for (const facts of [
      { ...site, killWaitSeconds: 3_600 },
      { ...site, overTimeLimitSeconds: 3_600 },
    ]) {
      assert.equal(passedAfter(startedAt(null), LIMIT_MS + 60 * MINUTE_MS, facts), false)
      assert.equal(passedAfter(startedAt(null), LIMIT_MS + 71 * MINUTE_MS, facts), true)
    }
  })

  test('never passes where the site lets jobs run over their limit for ever', () => {
    assert.equal(passedAfter(startedAt(null), 1_000 * LIMIT_MS, { ...site, overTimeLimitSeconds: 'unlimited' }), false)
  })

  test('passes though the node’s clock is years ahead or behind', () => {
    for (const at of ['2099-01-01T00:00:00.000Z', '1999-01-01T00:00:00.000Z'])
      assert.equal(passedAfter(startedAt(at), LIMIT_MS + 16 * MINUTE_MS), true, at)
  })
})
