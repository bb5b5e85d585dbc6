// How long is waited between tries, and how many there are in a minute.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LADDER_MS, restAfter, waitAfter, wishedWait } from '../../../../apps/orchestrator/src/webhooks/backoff.ts'
import { createRate } from '../../../../apps/orchestrator/src/webhooks/rate.ts'

const HOUR = 3_600_000

describe('waits between tries', () => {
  test('grow from about ten seconds to about a day, and end after nearly three days', () => {
    const waits = LADDER_MS.map((_, rung) => waitAfter(rung, 0.5) ?? assert.fail('no wait'))
    assert.deepEqual([waits[0], waits.at(-1)], [10_000, 24 * HOUR])
    assert.deepEqual(
      waits.toSorted((a, b) => a - b),
      waits,
    )
    const total = waits.reduce((sum, wait) => sum + wait, 0)
    assert.ok(total > 66 * HOUR && total < 72 * HOUR, String(total))
    assert.equal(waitAfter(LADDER_MS.length, 0.5), null)
  })

  test('those that failed together do not come together again', () => {
    assert.deepEqual([waitAfter(0, 0), waitAfter(0, 1)], [9_000, 11_000])
  })

  test('a receiver that is down is asked ever more seldom, and every five minutes at last', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 100].map(tries => restAfter(tries, 0.5)),
      [10_000, 60_000, 300_000, 300_000, 300_000],
    )
  })

  test('what a receiver wishes is done, up to a day', () => {
    assert.deepEqual(
      [wishedWait(null), wishedWait(90_000), wishedWait(Number.MAX_SAFE_INTEGER)],
      [0, 90_000, 24 * HOUR],
    )
  })
})

describe('the rate of all webhooks together', () => {
  test('is kept over a minute, with a tenth of it at once', () => {
    const rate = createRate(600)
    let nowMs = 1_000_000
    const burst = Array.from({ length: 100 }, () => rate.take(nowMs)).filter(Boolean).length
    assert.equal(burst, 60)
    let sent = 0
    for (let i = 0; i < 600; i++, nowMs += 100) if (rate.take(nowMs) || rate.take(nowMs)) sent += 1
    assert.ok(sent >= 598 && sent <= 601, String(sent))
  })

  test('a clock that is set back stops nothing and frees nothing', () => {
    const rate = createRate(60)
    for (let i = 0; i < 6; i++) assert.ok(rate.take(10_000_000))
    assert.ok(!rate.take(5_000_000))
    assert.ok(rate.take(5_001_000))
  })
})
