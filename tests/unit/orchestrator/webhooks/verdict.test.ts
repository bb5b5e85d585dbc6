// What becomes of a message, and of its webhook, after a try.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LADDER_MS, PARK_AFTER_MS } from '../../../../apps/orchestrator/src/webhooks/backoff.ts'
import type { Answer } from '../../../../apps/orchestrator/src/webhooks/post.ts'
import { type Tried, verdictOf } from '../../../../apps/orchestrator/src/webhooks/verdict.ts'

const AT = '2026-03-01T10:00:00.000Z'
const MS = Date.parse(AT)
const answered = (status: number, over: Partial<Extract<Answer, { status: number }>> = {}): Answer => ({
  status,
  words: '',
  retryAfterMs: null,
  ...over,
})
const tried = (over: Partial<Tried> = {}): Tried => ({
  answer: answered(200),
  delivery: { head: { type: 'job.failed', job: null, createdAt: AT }, rung: 0, log: [] },
  health: { parked: null, failing: null, lastDeliveredAt: null },
  startedMs: MS,
  endedMs: MS + 20,
  random: 0.5,
  ...over,
})

describe('after a try', () => {
  test('a message that was taken is done with, and the webhook is well', () => {
    const failing = { since: AT, tries: 3, why: 'It answered 500' }
    const settled = verdictOf(
      tried({ answer: answered(204), health: { parked: null, failing, lastDeliveredAt: null } }),
    )
    assert.deepEqual(
      [settled.status, settled.nextMs, settled.failing, settled.restUntilMs],
      ['delivered', null, null, null],
    )
    assert.deepEqual(settled.log, [{ at: AT, status: 204, why: null, milliseconds: 20 }])
  })

  test('one that was not is tried again, and says why in a sentence', () => {
    const settled = verdictOf(tried({ answer: answered(500, { words: 'oh no' }) }))
    assert.deepEqual([settled.status, settled.nextMs, settled.park], ['waiting', MS + 20 + 10_000, null])
    assert.equal(settled.failing?.why, 'It answered 500: oh no')
    assert.equal(settled.restUntilMs, MS + 20 + 10_000)
  })

  test('a redirect is a failure and not followed', () => {
    const settled = verdictOf(tried({ answer: answered(307) }))
    assert.deepEqual(
      [settled.status, settled.failing?.why],
      ['waiting', 'It answered 307, which sends elsewhere; that is not followed.'],
    )
  })

  test('a receiver that says when it wants to be asked again is heard', () => {
    const settled = verdictOf(tried({ answer: answered(429, { retryAfterMs: 120_000 }) }))
    assert.deepEqual([settled.nextMs, settled.restUntilMs], [MS + 20 + 120_000, MS + 20 + 120_000])
  })

  test('410 parks the webhook at once, with its messages', () => {
    const settled = verdictOf(tried({ answer: answered(410) }))
    assert.deepEqual([settled.status, settled.park?.reason], ['parked', 'gone'])
    assert.match(settled.park?.why ?? '', /410 Gone/)
  })

  test('where the ladder ends and nothing came through, the webhook is parked with what was said last', () => {
    const delivery = { ...tried().delivery, rung: LADDER_MS.length }
    const settled = verdictOf(
      tried({ delivery, answer: { status: null, why: 'relay.example.org takes no connections at that port.' } }),
    )
    assert.deepEqual([settled.status, settled.park?.reason], ['parked', 'failing'])
    assert.match(settled.park?.why ?? '', /takes no connections/)
  })

  test('where others came through meanwhile, only that message is parked', () => {
    const delivery = { ...tried().delivery, rung: LADDER_MS.length }
    const health = { parked: null, failing: null, lastDeliveredAt: new Date(MS + 1).toISOString() }
    const settled = verdictOf(tried({ delivery, health, answer: answered(400) }))
    assert.deepEqual([settled.status, settled.park], ['parked', null])
    assert.equal(settled.parkWhereMany?.reason, 'failing')
  })

  test('three days in which nothing came through park it, whatever the messages', () => {
    const failing = { since: new Date(MS - PARK_AFTER_MS).toISOString(), tries: 40, why: 'x' }
    const settled = verdictOf(
      tried({ answer: answered(503), health: { parked: null, failing, lastDeliveredAt: null } }),
    )
    assert.deepEqual([settled.status, settled.park?.reason], ['parked', 'failing'])
  })

  test('a test is tried once, and parks nothing but by 410', () => {
    const delivery = { ...tried().delivery, head: { type: 'webhook.test' as const, job: null, createdAt: AT } }
    const [failed, gone] = [500, 410].map(status => verdictOf(tried({ delivery, answer: answered(status) })))
    assert.deepEqual([failed?.status, failed?.nextMs, failed?.park], ['failed', null, null])
    assert.deepEqual([gone?.status, gone?.park?.reason], ['failed', 'gone'])
  })

  test('of many tries the last ten are kept', () => {
    const log = Array.from({ length: 10 }, (_, i) => ({ at: AT, status: 500 + i, why: 'x', milliseconds: 1 }))
    const settled = verdictOf(tried({ answer: answered(404), delivery: { ...tried().delivery, log } }))
    assert.deepEqual(
      settled.log.map(({ status }) => status),
      [501, 502, 503, 504, 505, 506, 507, 508, 509, 404],
    )
  })
})
