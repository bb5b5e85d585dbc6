// What a run's result may do to environments: that of its own job, and no other.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { advanceAll } from '../../../apps/orchestrator/src/lifecycle/advance.ts'
import { BackPressure } from '../../../apps/orchestrator/src/lifecycle/back-pressure.ts'
import type { StageContext } from '../../../apps/orchestrator/src/lifecycle/context.ts'
import {
  type JobEnvironments,
  tellDrifted,
  tellMissed,
} from '../../../apps/orchestrator/src/lifecycle/materialise-jobs.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { record, sha256 } from '../../support/job-records.ts'

const LOCK = sha256('its own lock')
const drift = { detail: 'lib/a is missing', files: [], count: 1 }
const lookAt = (lockId: string) => ({ lockId, depth: 'times' as const, looked: 1, of: 1, seconds: 0, drift })

async function told(job: JobRecord): Promise<string[]> {
  const heard: string[] = []
  const environments: JobEnvironments = {
    stateOf: async () => null,
    want: async () => assert.fail('nothing is wanted'),
    used: async lock => void heard.push(`used ${lock}`),
    drifted: async ({ lockId }) => void heard.push(`drifted ${lockId}`),
    missed: async lock => void heard.push(`missed ${lock}`),
  }
  const context = {
    environments,
    epochs: { seal: async () => undefined },
    jobs: { commit: async (_: JobRecord, next: JobRecord) => next },
    lease: () => ({ cluster: 'local', value: 'x' }),
    crash: () => undefined,
  } as unknown as StageContext
  await tellDrifted(job, environments)
  await advanceAll('seal', [job], context, new BackPressure())
  return heard
}

describe('the end of a job', () => {
  const ended = (look: ReturnType<typeof lookAt> | null): JobRecord =>
    record({ state: 'failed', environment: { lock: LOCK, name: null, look } })

  test('tells of its environment that it was used, and that it has changed where its run found that', async () => {
    assert.deepEqual(await told(ended(null)), [`used ${LOCK}`])
    assert.deepEqual(await told(ended(lookAt(LOCK))), [`drifted ${LOCK}`, `used ${LOCK}`])
  })

  test('says nothing of an environment that the job was not given, whatever its result claims', async () => {
    assert.deepEqual(await told(ended(lookAt(sha256('somebody else’s')))), [`used ${LOCK}`])
  })

  test('has it looked at where its run did not find it, and only then', async () => {
    const heard: string[] = []
    const missed = async (lock: string): Promise<void> => void heard.push(lock)
    const failure = { reason: 'environment' as const, code: 'environment-missing', detail: 'There is none.' }
    const startedAt = '2030-01-02T03:04:05.000Z'
    await tellMissed(ended(null), { failure, startedAt }, { missed })
    assert.deepEqual(heard, [LOCK])
    await tellMissed(ended(null), { failure: { ...failure, code: 'environment-drift' }, startedAt }, { missed })
    await tellMissed(record(), { failure, startedAt }, { missed })
    assert.deepEqual(heard, [LOCK])
  })
})
