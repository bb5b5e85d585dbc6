import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FAILURE_REASONS, JOB_STATES, type JobEvent, STAGES, SUBMISSION_CAUSES, Why } from '@trotline/contracts'
import { failure } from '../../../apps/orchestrator/src/lifecycle/failures.ts'
import { whyOf } from '../../../apps/orchestrator/src/lifecycle/why.ts'
import type { WaitingLook, WhyInput } from '../../../apps/orchestrator/src/lifecycle/why-input.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, epochsOf, later, record, slurmView } from '../../support/job-records.ts'

const NOW_MS = Date.parse(later(60_000))
const progress: WhyInput['progress'] = { epochs: 41, of: 100, superseded: 0, last: epochsOf('1-0', 40, 40)[0] ?? null }
const why = (job: JobRecord, over: Partial<WhyInput> = {}): Why =>
  Why.parse(whyOf({ job, progress, events: [], paused: null, look: null, nowMs: NOW_MS, ...over }))
const pending = (over: Partial<JobRecord> = {}, inner: Partial<JobRecord['inner']> = {}): JobRecord =>
  record({ state: 'pending', slurm: slurmView({ reason: 'Priority' }), ...over }, { dueAt: null, ...inner })
const epochsEvent = (at: string): JobEvent => ({
  type: 'epochs',
  at,
  first: 38,
  last: epochsOf('1-0', 40, 40)[0] ?? assert.fail('no epoch'),
  count: 3,
  total: 41,
})

describe('total', () => {
  const holds = [
    null,
    { stage: 'submit' as const, code: 'SUBMISSION_UNKNOWABLE', detail: 'Nobody can tell.', since: AT },
  ]
  for (const state of JOB_STATES) {
    test(`${state}: with and without hold, cancel, tries and a look there is a sentence`, () => {
      for (const hold of holds) {
        for (const cancelRequestedAt of [null, AT]) {
          for (const stage of [null, ...STAGES]) {
            const trying =
              stage === null ? null : { stage, tries: 2, nextAt: later(70_000), code: 'SSH_LOST', detail: 'It broke.' }
            const failed = state === 'failed' ? failure('node-fail', 'The node failed.', ['sacct: 17 NODE_FAIL']) : null
            for (const look of [null, { couldNotAsk: 'No process owns it.' }, { askedAt: AT, job: null }]) {
              const told = why(record({ state, hold, cancelRequestedAt, trying, failure: failed }), { look })
              assert.equal(told.state, state)
              assert.match(told.summary, /^[A-Z].*[.!?)]$/)
              assert.ok(
                !/undefined|null|NaN/.test(
                  JSON.stringify({ ...told, action: '', pending: '' }).replace(/"at":null/g, ''),
                ),
                told.summary,
              )
            }
          }
        }
      }
    })
  }

  test('every failure reason is told with its own sentence, evidence and action', () => {
    for (const reason of FAILURE_REASONS) {
      const told = why(
        record({ state: 'failed', endedAt: AT, failure: failure(reason, `It was ${reason}.`, ['squeue: 17']) }),
      )
      assert.equal(told.summary, `It was ${reason}.`)
      assert.ok((told.action ?? '').length > 10)
      assert.deepEqual(told.evidence[0], { source: 'squeue', at: AT, line: 'squeue: 17' })
    }
  })

  test('every cause of a submission has words', () => {
    const submissions = SUBMISSION_CAUSES.map((cause, i) => ({
      ...(record().submissions[0] ?? assert.fail('no submission')),
      submission: i + 1,
      cause,
      slurmJobId: String(17 + i),
    }))
    const told = why(record({ state: 'prepared', submission: submissions.length, submissions }))
    assert.equal(told.details.filter(line => /^Submission \d/.test(line)).length, submissions.length)
    assert.ok(!told.details.some(line => line.includes('undefined')))
  })
})

describe('a job that waits in Slurm', () => {
  const look = (job: Partial<NonNullable<WaitingLook['job']>> = {}): WaitingLook => ({
    askedAt: later(59_000),
    job: { slurmJobId: '17', reason: 'Resources', expectedStart: later(3_600_000), jobsAhead: 3, ...job },
  })

  test('is told with the newest reason, the jobs before it and the expected start', () => {
    const told = why(pending(), { look: look() })
    assert.match(
      told.summary,
      /^It waits in Slurm \(Resources\): .*3 jobs stand before it\. Slurm expects it to start at 2030-01-02 04:04:05 UTC\.$/,
    )
    assert.deepEqual(told.pending, {
      reason: 'Resources',
      meaning: 'It is at the front and waits until enough nodes, CPUs, memory or GPUs are free.',
      jobsAhead: 3,
      expectedStart: later(3_600_000),
      askedAt: later(59_000),
    })
    assert.equal(told.evidence[0]?.source, 'squeue')
  })

  test('is told from the record where the cluster cannot be asked, and that it could not be asked', () => {
    const told = why(pending(), { look: { couldNotAsk: 'No process owns cluster local now.' } })
    assert.equal(told.pending?.reason, 'Priority')
    assert.deepEqual([told.pending?.jobsAhead, told.pending?.expectedStart, told.pending?.askedAt], [null, null, null])
    assert.ok(told.details.some(line => line.includes('could not be asked') && line.includes('No process owns')))
  })

  test('shows a word that nobody knows verbatim', () => {
    const told = why(pending(), { look: look({ reason: 'QuantumFluxLow' }) })
    assert.equal(told.pending?.reason, 'QuantumFluxLow')
    assert.match(told.summary, /QuantumFluxLow/)
  })

  test('and whose cancel is under way is told as that, with who wished it', () => {
    const job = pending({ cancelRequestedAt: AT }, { cancelSentAt: later(5_000) })
    const told = why(job, { look: look(), events: [{ type: 'cancel-requested', at: AT, by: 'ada' }] })
    assert.match(told.summary, /^A cancel was wished 60 s ago by ada and has not come to its end\. Slurm was told at/)
  })
})

describe('our own waits', () => {
  test('a paused cluster names who paused it, since when and why', () => {
    const told = why(record({ state: 'prepared' }), { paused: { by: 'staff', since: AT, why: 'maintenance' } })
    assert.match(told.summary, /paused by staff since 2030-01-02 03:04:05 UTC \(maintenance\)/)
  })

  test('a limit of the site is shown in its own words', () => {
    const trying = {
      stage: 'submit' as const,
      tries: 3,
      nextAt: later(70_000),
      code: 'SITE_LIMIT',
      detail: 'QOSMaxSubmitJobPerUserLimit',
    }
    const told = why(record({ state: 'prepared', trying }))
    assert.match(told.summary, /QOSMaxSubmitJobPerUserLimit/)
    assert.match(told.action ?? '', /as soon as there is room/)
  })

  test('a hold wins over whatever else there is, and names the Slurm name to look for', () => {
    const hold = { stage: 'submit' as const, code: 'SUBMISSION_UNKNOWABLE', detail: 'Nobody can tell.', since: AT }
    const job = record({ state: 'prepared', hold })
    const told = why(job, { paused: { by: 'staff', since: AT, why: '' } })
    assert.match(told.summary, /^It is held for 60 s \(SUBMISSION_UNKNOWABLE\): Nobody can tell\.$/)
    assert.ok(told.details.some(line => line.includes(`tl-${job.id}-1`)))
  })
})

describe('a running job', () => {
  const running = (): JobRecord =>
    record({ state: 'running', slurm: slurmView({ state: 'RUNNING', nodes: 'c01', seenAt: later(59_000) }) })

  test('is told with its node, its epochs and how long ago the last one was heard of', () => {
    const told = why(running(), { events: [epochsEvent(later(55_000))] })
    assert.equal(told.summary, 'It runs on c01. 41 of 100 epochs are trained, the last one 5 s ago.')
    assert.equal(told.action, null)
  })

  test('that has been silent for long is told as silent, by the server’s clock alone', () => {
    const told = why(running(), { events: [epochsEvent(later(55_000))], nowMs: NOW_MS + 3_600_000 })
    assert.match(told.summary, /nothing was heard of it for 60 min/)
    assert.match(told.action ?? '', /Read its log/)
  })

  test('whose epochs take long is not called silent before ten of them could have passed', () => {
    const last = { ...(epochsOf('1-0', 40, 40)[0] ?? assert.fail('no epoch')), seconds: 600 }
    const told = why(running(), {
      events: [epochsEvent(later(55_000))],
      progress: { ...progress, last },
      nowMs: NOW_MS + 3_600_000,
    })
    assert.doesNotMatch(told.summary, /nothing was heard/)
  })
})

describe('an ended job', () => {
  test('that failed shows the last lines of its log', () => {
    const log = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n')
    const told = why(record({ state: 'failed', failure: failure('exit-code', 'It ended with 3.', [], log) }))
    assert.ok(told.details.includes('  line 39'))
    assert.ok(!told.details.includes('  line 20'))
  })

  test('that was cancelled tells by whom, in the words of its last event', () => {
    const events: JobEvent[] = [
      { type: 'cancel-requested', at: AT, by: 'ada' },
      {
        type: 'state',
        at: later(9_000),
        from: 'finishing',
        to: 'cancelled',
        detail: 'It was cancelled as wished.',
        evidence: ['sacct: 17 CANCELLED by 1001'],
      },
    ]
    const told = why(record({ state: 'cancelled', endedAt: later(9_000) }), { events })
    assert.equal(told.summary, 'It was cancelled as wished. ada wished it at 2030-01-02 03:04:05 UTC.')
    assert.deepEqual(told.evidence, [{ source: 'sacct', at: later(9_000), line: 'sacct: 17 CANCELLED by 1001' }])
  })
})
