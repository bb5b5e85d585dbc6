// What a message says, and to whom.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Job, WebhookMessage, type WebhookRequest } from '@trotline/contracts'
import { failure } from '../../../../apps/orchestrator/src/lifecycle/failures.ts'
import type { Happened } from '../../../../apps/orchestrator/src/store/told-events.ts'
import { toldOf } from '../../../../apps/orchestrator/src/store/told-events.ts'
import {
  digestLine,
  digestMessage,
  isAskedFor,
  isInScope,
  jobMessage,
  ranSecondsOf,
  testMessage,
  written,
} from '../../../../apps/orchestrator/src/webhooks/message.ts'
import { durationText } from '../../../../apps/orchestrator/src/webhooks/sentences.ts'
import { AT, record, request } from '../../../support/job-records.ts'

const PAGES = 'https://trotline.example.org'
const jobOf = (over: Partial<Job> = {}): Job => {
  const { inner: _inner, schemaVersion: _version, ...shown } = record({ id: 'abcdefghjkmn' })
  return { ...shown, expanded: null, progress: { epochs: 0, of: 1000, superseded: 0, last: null }, ...over }
}
const told = (happened: Happened, detail = 'Something.') => ({
  job: 'abcdefghjkmn',
  owner: 'ada',
  happened,
  at: AT,
  detail,
})
const jobIn = (message: WebhookMessage) => ('job' in message.data ? message.data.job : assert.fail('no job'))

describe('which changes are told', () => {
  test('ends, holds and starts; not what is on the way between', () => {
    const state = (to: Job['state']) => ({
      type: 'state' as const,
      at: AT,
      from: null,
      to,
      detail: `to ${to}`,
      evidence: [],
    })
    const happened = (...events: Parameters<typeof toldOf>[1]) => {
      const text = toldOf({ id: 'abcdefghjkmn', owner: { id: 'ada' } }, events)
      return text === '' ? null : JSON.parse(text).happened
    }
    const states = (
      ['accepted', 'prepared', 'pending', 'running', 'finishing', 'completed', 'failed', 'cancelled'] as const
    ).map(to => happened(state(to)))
    assert.deepEqual(states, [null, null, null, 'started', null, 'completed', 'failed', 'cancelled'])
    assert.equal(happened({ type: 'held', at: AT, stage: 'submit', code: 'X', detail: 'y' }), 'held')
    assert.equal(happened({ type: 'note', at: AT, text: 'x' }), null)
    assert.equal(happened(state('running'), state('failed')), 'failed')
  })
})

describe('who asked', () => {
  test('completed is told where it was asked for, or by default after more than ten minutes', () => {
    const byDefault = ['failed', 'held', 'completed-long'] as const
    assert.deepEqual(
      [600, 601].map(seconds => isAskedFor(byDefault, 'completed', seconds)),
      [false, true],
    )
    assert.ok(isAskedFor(['completed'], 'completed', 1))
    assert.ok(isAskedFor(byDefault, 'failed', 0) && isAskedFor(byDefault, 'held', 0))
    assert.ok(!isAskedFor(byDefault, 'cancelled', 9_999) && !isAskedFor(byDefault, 'started', 0))
  })

  test('an owner hears of their own jobs, of those with all the labels, of the one job; everyone of all', () => {
    const job = jobOf({ request: request({}, { labels: { team: 'crabs', kind: 'big' } }) })
    const scope = (
      over: Partial<Pick<WebhookRequest, 'labels' | 'everyone'> & { owner: string; job: string | null }>,
    ) => isInScope({ owner: 'ada', everyone: false, labels: {}, job: null, ...over }, job)
    assert.ok(scope({}) && scope({ labels: { team: 'crabs' } }) && scope({ labels: { team: 'crabs', kind: 'big' } }))
    assert.ok(!scope({ labels: { team: 'crabs', kind: 'small' } }) && !scope({ labels: { other: 'crabs' } }))
    assert.ok(scope({ job: 'abcdefghjkmn' }) && !scope({ job: 'bbcdefghjkmn' }))
    assert.ok(!scope({ owner: 'bob' }) && scope({ owner: 'bob', everyone: true }))
    assert.ok(!scope({ owner: 'bob', everyone: true, labels: { team: 'lobsters' } }))
  })

  test('the time on nodes is what Slurm counted or what the runs say, and waiting is none of it', () => {
    const run = (name: string, startedAt: string | null, endedAt: string | null) => ({
      run: name,
      attempt: 1,
      slurmJobId: '17',
      node: null,
      resumed: null,
      startedAt,
      endedAt,
      ending: null,
    })
    const [one = assert.fail()] = record().submissions
    const submissions = [
      { ...one, elapsedSeconds: 100 },
      { ...one, submission: 2 },
      { ...one, submission: 3, elapsedSeconds: 7 },
    ]
    const runs = [
      run('1-0', '2026-01-01T00:00:00.000Z', '2026-01-01T00:05:00.000Z'),
      run('2-0', '2026-01-01T10:00:00.000Z', '2026-01-01T10:00:30.000Z'),
      run('2-1', '2026-01-01T20:00:00.000Z', null),
    ]
    assert.equal(ranSecondsOf({ submissions, runs }), 300 + 30 + 7)
    assert.deepEqual([59, 119, 600, 7_199, 7_260].map(durationText), [
      '59 s',
      '119 s',
      '10 min',
      '2 h 0 min',
      '2 h 1 min',
    ])
  })
})

describe('a message', () => {
  const failedJob = jobOf({
    state: 'failed',
    failure: failure(
      'out-of-memory',
      'It used 2.0 GiB of 1 GiB.',
      [],
      `${'old line\n'.repeat(30)}\u001b[31mMemoryError\u001b[0m\n10%\r50%\rlast ${'x'.repeat(500)}\n\n`,
    ),
    progress: {
      epochs: 120,
      of: 1000,
      superseded: 0,
      last: {
        epoch: 119,
        at: AT,
        seconds: 1,
        values: { loss: 0.123456, val_loss: null },
        nonFinite: { val_loss: 'nan' },
        run: '1-0',
        attempt: 1,
      },
    },
  })

  test('of a failed job carries its cause, one thing to do, the last values and ten lines of the log', () => {
    const message = WebhookMessage.parse(jobMessage(failedJob, told('failed', 'It used 2.0 GiB of 1 GiB.'), PAGES))
    const job = jobIn(message)
    assert.equal(message.type, 'job.failed')
    assert.equal(message.timestamp, AT)
    assert.deepEqual(
      [job.failure, job.reason, job.url],
      ['out-of-memory', 'It used 2.0 GiB of 1 GiB.', `${PAGES}/jobs/abcdefghjkmn`],
    )
    assert.ok((job.action ?? '').length > 10)
    assert.deepEqual([job.values, job.nonFinite], [{ loss: 0.123456, val_loss: null }, { val_loss: 'nan' }])
    assert.equal(job.logTail.length, 10)
    assert.equal(job.logTail[8], 'MemoryError')
    assert.match(job.logTail[9] ?? '', /^last x+…$/)
    assert.match(message.data.text, /^auto-mpg failed \(out-of-memory\): It used 2\.0 GiB of 1 GiB\.\n/)
    assert.match(message.data.text, /loss 0\.1235, val_loss nan after epoch 120 of 1000; on local\/shared\./)
    assert.ok(JSON.stringify(message).length < 8_000)
    const early = jobMessage(jobOf({ state: 'cancelled' }), told('cancelled'), PAGES)
    assert.match(early.data.text, /\nOn local\/shared\.\n/)
  })

  test('of a held job has the words of the event, also where the job has moved on since', () => {
    const message = WebhookMessage.parse(jobMessage(jobOf({ state: 'running' }), told('held', 'No permission.'), PAGES))
    assert.deepEqual([jobIn(message).reason, jobIn(message).held, message.type], ['No permission.', false, 'job.held'])
    assert.match(jobIn(message).action ?? '', /release/)
  })

  test('of a completed one explains nothing', () => {
    const job = jobIn(WebhookMessage.parse(jobMessage(jobOf({ state: 'completed' }), told('completed'), PAGES)))
    assert.deepEqual([job.reason, job.action, job.failure, job.logTail], [null, null, null, []])
  })

  test('about many names the counts and the first few', () => {
    const first = Array.from(
      { length: 10 },
      () => digestLine(jobMessage(failedJob, told('failed', 'Out of memory.'), PAGES)) ?? assert.fail('no line'),
    )
    const counts = { 'job.failed': 12, 'job.completed': 2 }
    const message = WebhookMessage.parse(
      digestMessage({ fromMs: Date.parse(AT), untilMs: Date.parse(AT) + 60_000, counts, first }, AT, PAGES),
    )
    assert.match(
      message.data.text,
      /^14 messages in one, from .* to .*: 12 failed, 2 completed\.\nauto-mpg failed: Out of memory\./,
    )
    assert.match(message.data.text, /and 4 more: https:\/\/trotline\.example\.org\/$/)
    assert.equal(digestLine(message), null)
    const alone = digestMessage(
      { fromMs: Date.parse(AT), untilMs: Date.parse(AT), counts: { 'job.held': 1 }, first: first.slice(0, 1) },
      AT,
      PAGES,
    )
    assert.match(alone.data.text, /^1 message, from .* to .*: 1 held\.\n/)
  })

  test('is a chat’s text or a plain one where that was wished, and starts no link and no mention', () => {
    const message = jobMessage(failedJob, told('failed', 'a <!channel> & <https://evil.example.test|click>'), PAGES)
    const { text } = JSON.parse(written(message, 'slack')) as { text: string }
    assert.match(text, /a &lt;!channel&gt; &amp; &lt;https:/)
    const loud = written(
      jobMessage(failedJob, told('failed', 'Ask @here, @all or ada@allotment.example.org'), PAGES),
      'slack',
    )
    assert.match(JSON.parse(loud).text, /Ask @\u200bhere, @\u200ball or ada@allotment/)
    assert.match(written(message, 'text'), /^auto-mpg failed/)
    const wide = 'ü€'.repeat(2_000)
    const long = { ...failedJob, failure: failure('training', wide, [], Array(10).fill(wide).join('\n')) }
    const plain = written(jobMessage(long, told('failed', wide), PAGES), 'text')
    assert.ok(Buffer.byteLength(plain) <= 4_096, String(Buffer.byteLength(plain)))
    assert.ok(plain.endsWith(`…\n\n${PAGES}/jobs/abcdefghjkmn`))
    assert.equal(plain.match(/^ {2}ü€/gm)?.length, 10)
    assert.deepEqual(JSON.parse(written(message, 'json')), message)
    assert.equal(WebhookMessage.parse(testMessage({ id: 'wh0123456789ab' }, AT, PAGES)).type, 'webhook.test')
  })
})
