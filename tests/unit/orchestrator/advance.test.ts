// Which points of a crash a batch passes. What its stages do is not looked at here.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanceAll } from '../../../apps/orchestrator/src/lifecycle/advance.ts'
import { BackPressure } from '../../../apps/orchestrator/src/lifecycle/back-pressure.ts'
import type { StageContext } from '../../../apps/orchestrator/src/lifecycle/context.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, record } from '../../support/job-records.ts'
import { silent } from '../../support/orchestrator-store.ts'

/** The points that it passed, and the states that were stored. */
async function submitPaused(job: JobRecord) {
  const [points, states]: [string[], string[]] = [[], []]
  const context = {
    cluster: { settings: { name: 'local' }, paused: async () => ({ by: 'staff', since: AT }) },
    jobs: {
      async commit(_before: JobRecord, next: JobRecord) {
        states.push(next.state)
        return next
      },
    },
    epochs: { seal: async () => undefined },
    lease: () => ({ cluster: 'local', value: 'x' }),
    log: silent,
    crash: (point: string) => void points.push(point),
    now: () => new Date(),
  } as unknown as StageContext
  await advanceAll('submit', [job], context, new BackPressure())
  return { states, between: points.includes('submit:after-some-stored') }
}

const prepared = (over: Partial<JobRecord> = {}): JobRecord => record({ state: 'prepared', ...over }, { dueAt: 0 })

test('the point between the commits of a batch is passed where a job has moved, and not where it is noted that it waits', async () => {
  assert.deepEqual(await submitPaused(prepared()), { states: ['prepared'], between: false })
  const { states, between } = await submitPaused(prepared({ cancelRequestedAt: AT }))
  assert.deepEqual([states[0], between], ['cancelled', true])
})
