// When the runner goes on with a job that somebody has nudged. What its stages do is not looked at here.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { StageContext } from '../../../apps/orchestrator/src/lifecycle/context.ts'
import { createRunner } from '../../../apps/orchestrator/src/lifecycle/runner.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, clusterSettings, record, sha256 } from '../../support/job-records.ts'
import { silent } from '../../support/orchestrator-store.ts'

const surroundings = {
  lease: () => ({ cluster: 'local', value: 'x' }),
  log: silent,
  crash: (): void => undefined,
  now: () => new Date(),
}

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
    ...surroundings,
    crash(point: string) {
      reached.push(point)
      if (point !== 'submit:before-intent') return
      throw Object.assign(new Error('it ends here'), { code: 'LEASE_LOST', transient: true })
    },
  } as unknown as StageContext
  const runner = createRunner(context, silent)
  runner.nudge(job.id)
  await sleep(20)
  await runner.stop()
  return reached.includes('submit:before-intent')
}

/** All that is not waiting for a timer has been done. */
const turn = (): Promise<void> => new Promise(done => setImmediate(done))

/** Prepared and due, in the order of acceptance; how many of them each batch had that began to submit; and their runner. */
function many(count: number, idsInState: (ids: string[]) => Promise<string[]> = async () => []) {
  const jobs = new Map(
    Array.from({ length: count }, (_, i) => {
      const job = record({ id: `a0000000000${i}`, state: 'prepared' }, { dueAt: 0 })
      return [job.id, job] as const
    }),
  )
  const ids = [...jobs.keys()]
  const batches: number[] = []
  const log = { ...silent, debug: (told: { jobs?: number }) => told.jobs !== undefined && batches.push(told.jobs) }
  const context = {
    cluster: { settings: { name: 'local' } },
    jobs: {
      read: async (id: string) => jobs.get(id),
      idsInState: () => idsInState(ids),
      commit: async (job: JobRecord) => job,
    },
    ...surroundings,
    crash(point: string) {
      if (point !== 'submit:before-intent') return
      throw Object.assign(new Error('it ends here'), { code: 'LEASE_LOST', transient: true })
    },
  } as unknown as StageContext
  return { ids, batches, runner: createRunner(context, log as unknown as Logger) }
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

test('who is nudged in the same breath goes in one batch: nobody goes ahead alone, and nobody waits for one that did', async () => {
  const { ids, batches, runner } = many(5)
  for (const id of ids) runner.nudge(id)
  await turn()
  await runner.stop()
  assert.deepEqual(batches, [5])
})

test('a store that does not answer at a take-over is asked again for those that wait', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let asked = 0
  const { batches, runner } = many(5, async ids => {
    if (++asked === 1) throw Object.assign(new Error('away'), { code: 'STORE_UNREACHABLE', transient: true })
    return ids
  })
  await turn()
  assert.deepEqual([asked, batches], [1, []])
  t.mock.timers.tick(1_000)
  await turn()
  await runner.stop()
  assert.deepEqual([asked, batches], [2, [5]])
})

test('whom a pause meets on the way to Slurm goes on as soon as it ends, and not at the next try', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let stored = record({ state: 'prepared' }, { dueAt: 0 })
  let paused: { by: string; since: string; why: string } | null = null
  let begun = 0
  const release = { id: sha256('a release') }
  const access = {
    async reserveSubmissions() {
      begun += 1
      // The first time the pause comes while it waits for its turn.
      if (begun === 1) paused = { by: 'staff', since: AT, why: '' }
      const code = begun === 1 ? 'CLUSTER_PAUSED' : 'LEASE_LOST'
      throw Object.assign(new Error('it ends here'), { code, transient: true })
    },
  }
  const context = {
    cluster: { settings: clusterSettings(), identity: () => access, paused: async () => paused },
    releases: { plain: release, withTensorLibrary: release },
    queue: null,
    jobs: {
      read: async () => stored,
      idsInState: async () => [],
      secret: async () => 'a key',
      idempotencyOf: async () => null,
      async commit(previous: JobRecord, next: JobRecord) {
        stored = { ...next, revision: previous.revision + 1 }
        return stored
      },
    },
    ...surroundings,
  } as unknown as StageContext
  const runner = createRunner(context, silent)
  runner.nudge(stored.id)
  await turn()
  assert.deepEqual([begun, stored.trying?.code], [1, 'CLUSTER_PAUSED'])
  t.mock.timers.tick(1_000)
  await turn()
  assert.equal(begun, 1)
  paused = null
  t.mock.timers.tick(1_000)
  await turn()
  await runner.stop()
  assert.equal(begun, 2)
})

test('a job that ends is sealed once, and nobody looks at it again', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let stored = record({ state: 'prepared', cancelRequestedAt: AT }, { dueAt: 0 })
  const done = { reads: 0, seals: 0 }
  const context = {
    cluster: { settings: { name: 'local' }, paused: async () => null },
    jobs: {
      async read() {
        done.reads += 1
        return stored
      },
      idsInState: async () => [],
      async commit(previous: JobRecord, next: JobRecord) {
        if (previous.revision !== stored.revision)
          throw Object.assign(new Error('stale'), { code: 'JOB_STALE_REVISION', transient: true })
        stored = { ...next, revision: previous.revision + 1 }
        return stored
      },
    },
    epochs: {
      async seal() {
        done.seals += 1
      },
    },
    ...surroundings,
  } as unknown as StageContext
  const runner = createRunner(context, silent)
  runner.nudge(stored.id)
  for (let looks = 0; looks < 3; looks++) {
    await turn()
    t.mock.timers.tick(1_000)
  }
  await turn()
  await runner.stop()
  assert.deepEqual([stored.state, stored.inner.dueAt], ['cancelled', null])
  assert.deepEqual(done, { reads: 1, seals: 1 })
})
