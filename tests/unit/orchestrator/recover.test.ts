import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Fence, JobFile } from '@trotline/contracts'
import type { SlurmJob } from '@trotline/slurm'
import type { JobRemains } from '../../../apps/orchestrator/src/clusters/remains.ts'
import { forced, mayForce } from '../../../apps/orchestrator/src/lifecycle/force.ts'
import {
  type Expected,
  jobFileOf,
  newestName,
  type Recovery,
  recover,
  withoutDirectory,
} from '../../../apps/orchestrator/src/lifecycle/recover.ts'
import { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { parseJobState } from '../../../packages/slurm/src/states.ts'
import { AT, later, record, sha256, slurmView } from '../../support/job-records.ts'

const NOW = later(3_600_000)
const EXPECTED: Expected = { cluster: 'local', identity: { name: 'default', unixUser: 'ada' }, mayOwn: () => true }
const NOBODY = { squeue: new Map(), sacct: new Map() }
const KEY = { keySha256: sha256('key'), bodySha256: sha256('body') }

/** The record as it was when its directory was made. */
const before = record()
const remains = (over: Partial<JobRemains> = {}): JobRemains => ({
  id: before.id,
  job: JobFile.parse(jobFileOf(before, KEY)),
  fault: '',
  key: 'k'.repeat(43),
  release: sha256('release'),
  tried: [],
  receipts: new Map(),
  refused: [],
  cancelled: null,
  ended: null,
  runs: [],
  ...over,
})
const receipts = new Map([[1, { slurmJobId: '17', at: AT }]])
const fence: Fence = { v: 1, slurmJobId: '17', node: 'c01', nonce: 'n', pid: 1, at: AT }
const row = (raw: string): SlurmJob => ({
  slurmJobId: '17',
  array: null,
  name: `tl-${before.id}-1`,
  state: parseJobState(raw) ?? assert.fail(raw),
  reason: null,
  partition: 'shared',
  submitAt: AT,
  startAt: null,
  endAt: null,
  nodeList: '',
  restarts: 0,
})
const listed = (raw: string) => ({ squeue: new Map([[row(raw).name, row(raw)]]), sacct: new Map() })

function restored(recovery: Recovery): JobRecord {
  assert.equal(recovery.kind, 'restored', JSON.stringify(recovery))
  return JobRecord.parse(recovery.kind === 'restored' ? recovery.job : null)
}
function moved(recovery: Recovery, kind: 'moved-forward' | 'held' = 'moved-forward'): JobRecord {
  assert.equal(recovery.kind, kind, JSON.stringify(recovery))
  return JobRecord.parse('next' in recovery ? recovery.next : null)
}

describe('a record that the store has lost', () => {
  test('keeps the lock that it is pinned to, and what it is the repetition of', () => {
    const environment = { lock: sha256('lock'), name: 'ml@3', look: null }
    const data = [{ path: '/data/rows.csv', bytes: 10, sha256: sha256('rows') }]
    const rerunOf = { job: before.id, elsewhere: true, differences: [], release: sha256('older'), data }
    const file = JobFile.parse(jobFileOf({ ...before, environment, rerunOf }, KEY))
    const job = restored(recover(remains({ job: file }), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.environment, job.rerunOf], [environment, rerunOf])
  })

  test('is made anew as it was asked for', () => {
    const job = restored(recover(remains(), null, EXPECTED, NOBODY, NOW))
    const { id, name, owner, identity, cluster, request, createdAt, submissions } = before
    assert.deepEqual(
      [job.id, job.name, job.owner, job.identity, job.cluster, job.request, job.createdAt, job.submissions],
      [id, name, owner, identity, cluster, request, createdAt, submissions],
    )
    assert.deepEqual(job.worker, { release: sha256('release'), runtime: null })
  })

  test('and was never tried is prepared, and submitted in due time', () => {
    const job = restored(recover(remains(), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.state, job.inner.submitIntentAt, job.inner.dueAt], ['prepared', null, Date.parse(NOW)])
  })

  test('and was tried without a receipt is looked for before anything is submitted', () => {
    for (const found of [{ tried: [1] }, { refused: [1] }]) {
      const job = restored(recover(remains(found), null, EXPECTED, NOBODY, NOW))
      assert.equal(job.state, 'prepared')
      assert.notEqual(job.inner.submitIntentAt, null)
    }
  })

  test('and has a receipt is pending when Slurm lists it, whatever Slurm’s word', () => {
    for (const raw of ['PENDING', 'RUNNING', 'COMPLETING', 'COMPLETED', 'WONDERING']) {
      const job = restored(recover(remains({ receipts }), null, EXPECTED, listed(raw), NOW))
      assert.deepEqual([job.state, job.slurm?.jobId, job.inner.dueAt], ['pending', '17', null])
      assert.equal(job.submissions[0]?.slurmJobId, '17')
    }
  })

  test('is found in Slurm by its name where its receipt and its tried file are gone', () => {
    const job = restored(recover(remains(), null, EXPECTED, listed('RUNNING'), NOW))
    assert.deepEqual([job.state, job.slurm?.jobId], ['pending', '17'])
  })

  test('and has a result is pending until watch and finish have collected it, counted from its receipt', () => {
    const runs = [{ run: '1-0', reached: 'result' as const, fence }]
    const job = restored(recover(remains({ receipts, runs }), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.state, job.slurm?.seenAt], ['pending', AT])
    assert.deepEqual(
      job.runs.map(run => [run.run, run.attempt, run.node]),
      [['1-0', 1, 'c01']],
    )
  })

  test('that Slurm took once and knows nothing of is held, never submitted again by itself', () => {
    const job = restored(recover(remains({ receipts }), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.state, job.hold?.code, job.inner.dueAt], ['prepared', 'JOB_UNACCOUNTED', null])
    assert.notEqual(job.inner.submitIntentAt, null)
  })

  test('that ended is finished again from its mark, without a further submission', () => {
    const job = restored(recover(remains({ receipts, ended: 'NODE_FAIL' }), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.state, job.inner.ending?.state], ['finishing', 'NODE_FAIL'])
  })

  test('whose cancel was wished is cancelled', () => {
    for (const found of [{}, { receipts }]) {
      const job = restored(recover(remains({ ...found, cancelled: AT }), null, EXPECTED, NOBODY, NOW))
      assert.deepEqual([job.cancelRequestedAt, job.hold], [AT, null])
      assert.equal(job.inner.dueAt, Date.parse(NOW))
    }
  })

  test('whose files show a later submission than its job.json has that submission, with an entry for it', () => {
    const job = restored(recover(remains({ receipts, tried: [1, 2] }), null, EXPECTED, NOBODY, NOW))
    assert.deepEqual([job.submission, job.submissions.length, job.submissions[1]?.cause], [2, 2, 'forgotten'])
    assert.match(job.submissions[1]?.evidence[0] ?? '', /does not name its cause/)
    assert.equal(newestName(remains({ tried: [1, 2] }), null), `tl-${before.id}-2`)
  })
})

describe('what does not prove itself is not believed', () => {
  const refused: [string, Partial<JobRemains>, Partial<Expected>, RegExp][] = [
    ['a directory without job.json', { job: null, fault: 'there is no job.json in it' }, {}, /no job\.json/],
    ['a job.json of another job', { job: jobFileOf(record(), null) }, {}, /is that of job/],
    ['a job.json of another cluster', {}, { cluster: 'other' }, /cluster local/],
    ['a job.json of another user', {}, { identity: { name: 'default', unixUser: 'bob' } }, /identity default \(ada\)/],
    ['a job.json that names somebody else’s owner', {}, { mayOwn: () => false }, /another identity/],
    ['more submissions than a job can have', { tried: [5_000] }, {}, /more than a job can have/],
  ]
  for (const [what, found, expected, why] of refused) {
    test(`${what} makes no record`, () => {
      const recovery = recover(remains(found), null, { ...EXPECTED, ...expected }, NOBODY, NOW)
      assert.equal(recovery.kind, 'unreadable')
      assert.match(recovery.kind === 'unreadable' ? recovery.why : '', why)
    })
  }
})

describe('a record that is older than its directory', () => {
  test('is moved on to the receipt that it does not know', () => {
    for (const state of ['accepted', 'prepared'] as const) {
      const next = moved(recover(remains({ receipts }), { ...before, state }, EXPECTED, listed('RUNNING'), NOW))
      assert.deepEqual([next.state, next.slurm?.jobId, next.revision], ['pending', '17', before.revision])
    }
  })

  test('is moved on to a later submission, and keeps what it knows of earlier ones', () => {
    const old = { ...before, state: 'running' as const, slurm: slurmView() }
    const known = old.submissions.map(each => ({ ...each, slurmJobId: '17', elapsedSeconds: 60 }))
    const found = remains({ receipts: new Map([...receipts, [2, { slurmJobId: '18', at: AT }]]), tried: [1, 2] })
    const sightings = {
      squeue: new Map([[`tl-${before.id}-2`, { ...row('PENDING'), slurmJobId: '18' }]]),
      sacct: new Map(),
    }
    const next = moved(recover(found, { ...old, submissions: known }, EXPECTED, sightings, NOW))
    assert.deepEqual([next.state, next.submission, next.slurm?.jobId], ['pending', 2, '18'])
    assert.deepEqual(next.submissions[0], known[0])
  })

  test('that was tried since is looked for first', () => {
    const next = moved(recover(remains({ tried: [1] }), { ...before, state: 'prepared' }, EXPECTED, NOBODY, NOW))
    assert.deepEqual([next.state, next.inner.submitIntentAt], ['prepared', NOW])
  })

  test('and whose receipt nobody can account for is held', () => {
    const next = moved(recover(remains({ receipts }), { ...before, state: 'prepared' }, EXPECTED, NOBODY, NOW), 'held')
    assert.deepEqual([next.state, next.hold?.code], ['prepared', 'JOB_UNACCOUNTED'])
  })

  test('takes the wish to cancel from the directory', () => {
    const old = { ...before, state: 'running' as const, slurm: slurmView() }
    const next = moved(recover(remains({ receipts, cancelled: AT }), old, EXPECTED, listed('RUNNING'), NOW))
    assert.deepEqual([next.state, next.cancelRequestedAt], ['running', AT])
  })

  test('is left alone where it knows as much: accepted, live, or ended', () => {
    const live = { ...before, slurm: slurmView(), submissions: before.submissions }
    const runs = [{ run: '1-0', reached: 'result' as const, fence }]
    for (const state of ['pending', 'running', 'finishing', 'completed', 'failed', 'cancelled'] as const) {
      const recovery = recover(remains({ receipts, runs }), { ...live, state }, EXPECTED, NOBODY, NOW)
      assert.equal(recovery.kind, 'unchanged', state)
    }
    assert.equal(recover(remains(), before, EXPECTED, NOBODY, NOW).kind, 'unchanged')
  })
})

test('what was recovered is unchanged by a second recovery', () => {
  const runs = [{ run: '1-0', reached: 'fenced' as const, fence }]
  const all: [Partial<JobRemains>, typeof NOBODY][] = [
    [{}, NOBODY],
    [{ tried: [1] }, NOBODY],
    [{ receipts }, NOBODY],
    [{ receipts }, listed('PENDING')],
    [{ receipts, runs }, listed('RUNNING')],
    [{ receipts, ended: 'TIMEOUT' }, NOBODY],
    [{ tried: [1, 2], cancelled: AT }, NOBODY],
  ]
  for (const [found, sightings] of all) {
    const first = restored(recover(remains(found), null, EXPECTED, sightings, NOW))
    assert.equal(recover(remains(found), first, EXPECTED, sightings, later(7_200_000)).kind, 'unchanged')
    const old = recover(remains(found), { ...before, state: 'prepared' }, EXPECTED, sightings, NOW)
    if ('next' in old) assert.equal(recover(remains(found), old.next, EXPECTED, sightings, NOW).kind, 'unchanged')
  }
})

test('a live record whose directory is gone is held, an accepted or ended one is not', () => {
  for (const state of ['prepared', 'pending', 'running', 'finishing'] as const) {
    assert.equal(moved(withoutDirectory({ ...before, state }, NOW), 'held').hold?.code, 'JOB_DIRECTORY_GONE')
  }
  for (const state of ['accepted', 'completed', 'failed', 'cancelled'] as const)
    assert.equal(withoutDirectory({ ...before, state }, NOW).kind, 'unchanged')
})

describe('an end by force', () => {
  const hold = { stage: 'submit' as const, code: 'SUBMISSION_UNKNOWABLE', detail: 'Nobody can tell.', since: AT }
  const at = Date.parse(AT)

  test('needs a hold, or a cancel that has waited long enough', () => {
    mayForce(record({ state: 'prepared', hold }), at, 10)
    mayForce(record({ state: 'pending', cancelRequestedAt: AT }), at + 600_000, 10)
    assert.throws(() => mayForce(record({ state: 'running' }), at, 10), { code: 'JOB_NOT_HELD' })
    assert.throws(
      () => mayForce(record({ state: 'pending', cancelRequestedAt: AT }), at + 540_000, 10),
      /forced in 1 minute if/,
    )
    assert.throws(() => mayForce(record({ state: 'failed', endedAt: AT }), at, 10), { code: 'JOB_ENDED' })
  })

  test('says who forced it, that a Slurm job may still be there, and keeps the hold as evidence', () => {
    for (const state of ['accepted', 'prepared', 'pending', 'running', 'finishing'] as const) {
      const job = record({ state, hold, slurm: state === 'pending' ? slurmView() : null })
      const { next, events } = forced(job, NOW, 'staff', 'written')
      assert.equal(JobRecord.parse(next).state, 'cancelled')
      const [event] = events
      assert.equal(event?.type, 'state')
      if (event?.type !== 'state') return
      assert.match(event.detail, /staff ended it by force\. .*may still be there/)
      assert.deepEqual(event.evidence, [
        'forced by staff',
        'held: SUBMISSION_UNKNOWABLE: Nobody can tell.',
        'cancelled mark: written',
      ])
    }
  })
})
