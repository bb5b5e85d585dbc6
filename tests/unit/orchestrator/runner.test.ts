// When the runner goes on with a job that somebody has nudged. What its stages do is not looked at here.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StageContext } from '../../../apps/orchestrator/src/lifecycle/context.ts'
import { createRunner } from '../../../apps/orchestrator/src/lifecycle/runner.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { record, sha256 } from '../../support/job-records.ts'
import { silent } from '../../support/orchestrator-store.ts'

/** Has its submission begun? */
async function begins(job: JobRecord): Promise<boolean> {
  const reached: string[] = []
  const context = {
    cluster: { settings: { name: 'local' } },
    jobs: {
      read: async () => job,
      idsInState: async () => [],
      // What the stage ends with is stored nowhere.
      commit: async () => job,
    },
    lease: () => ({ cluster: 'local', value: 'x' }),
    log: silent,
    crash(point: string) {
      reached.push(point)
      if (point !== 'submit:before-intent') return
      throw Object.assign(new Error('it ends here'), { code: 'LEASE_LOST', transient: true })
    },
    now: () => new Date(),
  } as unknown as StageContext
  const runner = createRunner(context, silent)
  runner.nudge(job.id)
  await sleep(20)
  await runner.stop()
  return reached.includes('submit:before-intent')
}

const environment = { lock: sha256('a lock'), name: null, look: null }
const inFiveMinutes = Date.now() + 300_000
const prepared = (over: Partial<JobRecord>, inner: Partial<JobRecord['inner']> = {}): JobRecord =>
  record({ state: 'prepared', ...over }, { dueAt: inFiveMinutes, ...inner })

describe('a nudge before the time that a job waits for', () => {
  test('lets one go on that waits for its environment, and no other', async () => {
    assert.equal(await begins(prepared({ environment })), true)
    assert.equal(await begins(prepared({})), false)
  })

  test('does not shorten the wait after a failure of the cluster, in an environment or not', async () => {
    assert.equal(await begins(prepared({ environment, submission: 2 })), false)
    assert.equal(await begins(prepared({ submission: 2 })), false)
  })

  test('does not shorten the wait for what may still reach Slurm', async () => {
    assert.equal(await begins(prepared({ environment }, { submitIntentAt: '2030-01-02T03:04:05.000Z' })), false)
  })
})
