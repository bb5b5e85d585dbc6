import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isInfrastructure, MOST_SUBMISSIONS, type Submission } from '@trotline/contracts'
import { nextSubmission, warnSecondsFor } from '../../../apps/orchestrator/src/lifecycle/attempts.ts'
import { over, submitAgain } from '../../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, later, record, request, runResult, slurmView } from '../../support/job-records.ts'

const NOW = Date.parse(later(3_600_000))
const PATIENCE = { infrastructureRetries: 3, warnSecondsBeforeLimit: 120 }

const first = (over: Partial<Submission> = {}): Submission => ({
  submission: 1,
  cause: 'request',
  at: AT,
  evidence: [],
  timeLimitMinutes: 60,
  warnSeconds: 120,
  slurmJobId: '17',
  elapsedSeconds: 3_605,
  ...over,
})

const ended = (state: string, exitCode: string | null = '0:0', over: Partial<JobRecord> = {}): JobRecord =>
  record(
    { state: 'finishing', slurm: slurmView({ state }), submissions: [first()], ...over },
    { ending: { state, exitCode, evidence: [`sacct: 17 ${state}`], at: AT } },
  )
const day = request({ timeLimitMinutes: 24 * 60 })
const stopped = runResult({ outcome: 'stopped', signal: 'SIGTERM' })

describe('a training whose partition allows less time than it needs', () => {
  test('goes on with what is left of its time, at most what the partition allowed', () => {
    const next = nextSubmission(ended('TIMEOUT', '0:0', { request: day }), stopped, 400, PATIENCE, NOW)
    assert.equal(next?.cause, 'time-limit')
    assert.equal(next.timeLimitMinutes, 60)
    assert.equal(next.notBeforeMs, NOW)
    const nearlyOver = [first(), first({ submission: 2, elapsedSeconds: 22 * 3_600 })]
    const last = nextSubmission(
      ended('TIMEOUT', '0:0', { request: day, submission: 2, submissions: nearlyOver }),
      stopped,
      400,
      PATIENCE,
      NOW,
    )
    assert.equal(last?.timeLimitMinutes, 59)
  })

  test('ends when its own time is over', () => {
    assert.equal(nextSubmission(ended('TIMEOUT'), stopped, 400, PATIENCE, NOW), null)
  })

  test('goes on with a command that left something to go on from, epochs or not, and with no other', () => {
    const command = request(
      { timeLimitMinutes: 24 * 60 },
      { training: { kind: 'command', command: ['python', 'train.py'] } },
    )
    const job = ended('TIMEOUT', '0:0', { request: command })
    const left = { ...stopped, checkpoint: { epochs: 0, batches: 0, seconds: 0, bytes: 7 } }
    assert.equal(nextSubmission(job, left, 0, PATIENCE, NOW)?.cause, 'time-limit')
    assert.equal(nextSubmission(job, stopped, 0, PATIENCE, NOW), null)
    assert.equal(nextSubmission(job, stopped, 1, PATIENCE, NOW)?.cause, 'time-limit')
  })

  test('ends where a submission trained nothing', () => {
    const resumed = { run: '1-0', epochs: 400, batches: 7 }
    const runs = [
      { run: '1-0', attempt: 1, slurmJobId: '17', node: 'c01', resumed, startedAt: AT, endedAt: null, ending: null },
    ]
    const job = ended('TIMEOUT', '0:0', { request: day, runs })
    assert.equal(nextSubmission(job, null, 400, PATIENCE, NOW), null)
    assert.notEqual(nextSubmission(job, null, 401, PATIENCE, NOW), null)
    // An epoch that takes longer than the partition allows is trained in pieces.
    const reached = (batches: number) =>
      runResult({ outcome: 'stopped', checkpoint: { epochs: 400, batches, seconds: 1, bytes: 1 } })
    assert.equal(nextSubmission(job, reached(7), 400, PATIENCE, NOW), null)
    assert.equal(nextSubmission(job, reached(8), 400, PATIENCE, NOW)?.cause, 'time-limit')
  })

  test('counts a submission of unknown length with its limit', () => {
    const job = ended('TIMEOUT', '0:0', {
      request: request({ timeLimitMinutes: 90 }),
      submissions: [first({ elapsedSeconds: null })],
    })
    assert.equal(nextSubmission(job, null, 10, PATIENCE, NOW)?.timeLimitMinutes, 30)
  })

  test('is warned early enough for a checkpoint as slow as the last', () => {
    const slow = runResult({ outcome: 'stopped', checkpoint: { epochs: 400, batches: 0, seconds: 100, bytes: 1 } })
    assert.equal(nextSubmission(ended('TIMEOUT', '0:0', { request: day }), slow, 400, PATIENCE, NOW)?.warnSeconds, 360)
  })
})

describe('a training whose run was stopped and whose Slurm job was forgotten then', () => {
  const forgotten = (over: Partial<JobRecord> = {}): JobRecord => ended('RESULT', null, over)

  test('goes on in a further submission, at nobody’s expense', () => {
    const next = nextSubmission(forgotten(), stopped, 400, { ...PATIENCE, infrastructureRetries: 0 }, NOW)
    assert.deepEqual([next?.cause, next?.timeLimitMinutes, next?.notBeforeMs], ['forgotten', 60, NOW])
    assert.ok(next !== null && !isInfrastructure(next.cause))
  })

  test('ends where its end was wished, or its request says that it must not run again', () => {
    assert.equal(nextSubmission(forgotten({ cancelRequestedAt: AT }), stopped, 400, PATIENCE, NOW), null)
    const marked = runResult({ outcome: 'stopped', stoppedBy: 'cancelled' })
    assert.equal(nextSubmission(forgotten(), marked, 400, PATIENCE, NOW), null)
    const once = forgotten({ request: request({ requeue: false }) })
    assert.equal(nextSubmission(once, stopped, 400, PATIENCE, NOW), null)
  })

  test('stands where the run itself came to an end, or left no result that counts', () => {
    for (const result of [null, runResult({ outcome: 'completed' }), runResult({ outcome: 'failed' })])
      assert.equal(nextSubmission(forgotten(), result, 400, PATIENCE, NOW), null)
  })
})

describe('the warning before the limit', () => {
  test('is no later than the present one where a run was killed before it could tell how long its checkpoint takes', () => {
    const job = ended('PREEMPTED', '0:0', { submissions: [first({ warnSeconds: 700 })] })
    assert.equal(nextSubmission(job, null, 400, PATIENCE, NOW)?.warnSeconds, 700)
    const quick = runResult({ outcome: 'stopped', checkpoint: { epochs: 400, batches: 0, seconds: 1, bytes: 1 } })
    assert.equal(nextSubmission(job, quick, 400, PATIENCE, NOW)?.warnSeconds, 700)
  })

  test('is at least what the operator set, allows for Slurm’s early delivery, and is at most half of the time', () => {
    assert.equal(warnSecondsFor(60, 120, null), 120)
    assert.equal(warnSecondsFor(60, 0, null), 60)
    assert.equal(warnSecondsFor(60, 120, 50), 210)
    assert.equal(warnSecondsFor(1, 120, null), 30)
  })
})

describe('a failure of the cluster', () => {
  const FAULTS = [
    ['PREEMPTED', '0:0', 'preempted'],
    ['NODE_FAIL', '1:0', 'node-fail'],
    ['BOOT_FAIL', '1:0', 'boot-fail'],
    ['FAILED', '0:53', 'launch-failed'],
  ] as const
  for (const [state, exitCode, cause] of FAULTS) {
    test(`${state} ${exitCode} is answered by a further submission, with that cause and the same limit`, () => {
      const next = nextSubmission(ended(state, exitCode), null, 0, PATIENCE, NOW)
      assert.equal(next?.cause, cause)
      assert.equal(next.timeLimitMinutes, 60)
      assert.ok(isInfrastructure(next.cause))
    })
  }

  test('has a budget, and each try waits longer than the one before', () => {
    let job = ended('NODE_FAIL')
    const waits: number[] = []
    for (
      let next = nextSubmission(job, null, 0, PATIENCE, NOW);
      next;
      next = nextSubmission(job, null, 0, PATIENCE, NOW)
    ) {
      waits.push(next.notBeforeMs - NOW)
      const again = submitAgain(job, later(1), next.why, [], next).next
      assert.equal(again.state, 'prepared')
      assert.equal(again.inner.dueAt, next.notBeforeMs)
      assert.equal(again.submissions.length, again.submission)
      job = { ...again, state: 'finishing', inner: { ...again.inner, ending: job.inner.ending } }
    }
    assert.equal(waits.length, PATIENCE.infrastructureRetries)
    assert.deepEqual(
      waits,
      waits.toSorted((a, b) => a - b),
    )
    assert.ok((waits.at(-1) ?? 0) > (waits[0] ?? 0))
  })

  test('is not answered where the request says that it must not run again', () => {
    const once = ended('NODE_FAIL', '1:0', { request: request({ requeue: false }) })
    assert.equal(nextSubmission(once, null, 0, PATIENCE, NOW), null)
  })

  test('is not answered for a job whose cancel was wished', () => {
    assert.equal(nextSubmission(ended('PREEMPTED', '0:0', { cancelRequestedAt: AT }), null, 0, PATIENCE, NOW), null)
  })

  test('changes nothing about what the training itself said', () => {
    for (const outcome of ['completed', 'failed'] as const)
      assert.equal(nextSubmission(ended('NODE_FAIL'), runResult({ outcome }), 5, PATIENCE, NOW), null, outcome)
  })
})

describe('what is not the cluster’s fault', () => {
  for (const [state, exitCode] of [
    ['FAILED', '1:0'],
    ['FAILED', '0:9'],
    ['OUT_OF_MEMORY', '0:125'],
    ['CANCELLED by 1001', '0:15'],
    ['DEADLINE', '0:0'],
    ['COMPLETED', '0:0'],
  ] as const) {
    test(`${state} ${exitCode} is never repeated`, () => {
      assert.equal(nextSubmission(ended(state, exitCode, { request: day }), null, 5, PATIENCE, NOW), null)
    })
  }
})

describe('the number of submissions', () => {
  test('has an end even where Slurm forgets for ever', () => {
    const submissions = Array.from({ length: MOST_SUBMISSIONS }, (_, i) => first({ submission: i + 1 }))
    const job = record({ state: 'pending', submission: MOST_SUBMISSIONS, submissions })
    const { next } = submitAgain(job, AT, 'Slurm has forgotten it.', [])
    assert.equal(next.state, 'failed')
    assert.equal(next.failure?.reason, 'lost')
  })

  test('a submission keeps how long Slurm says that it took', () => {
    const slurm = slurmView({ startTime: AT, endTime: later(90_000) })
    const ending = { state: 'TIMEOUT', exitCode: '0:0', evidence: [], at: AT }
    const { next } = over(
      record({ state: 'running', submissions: [first({ elapsedSeconds: null })] }),
      AT,
      ending,
      slurm,
    )
    assert.equal(next.submissions[0]?.elapsedSeconds, 90)
  })
})
