import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BreakerMachine, createBreaker, type Fault } from '../../../apps/orchestrator/src/clusters/breaker.ts'

const LIMITS = { faults: 3, windowMs: 60_000, restMs: 5_000, longestRestMs: 60_000 }
const fault = (atMs: number, code = 'SSH_LOST'): Fault => ({ code, detail: 'gone', atMs })
const unjittered = (): BreakerMachine => createBreaker(LIMITS, 0, () => 0)

/** A call of a tenth of a second that failed at this moment. */
const failAt = (breaker: BreakerMachine, atMs: number): void => breaker.failed(fault(atMs), atMs - 100)
/** Fails until it opens, the last at `atMs`. */
function openAt(breaker: BreakerMachine, atMs: number): void {
  for (const before of [2_000, 1_000, 0]) failAt(breaker, atMs - before)
}

describe('a breaker', () => {
  test('opens at the last of so many faults in a row, and rests', () => {
    const breaker = unjittered()
    failAt(breaker, 10_000)
    failAt(breaker, 11_000)
    assert.deepEqual([breaker.view.state, breaker.view.faults], ['closed', 2])
    failAt(breaker, 12_000)
    assert.deepEqual(breaker.view, {
      state: 'open',
      sinceMs: 12_000,
      faults: 3,
      lastFault: fault(12_000),
      nextProbeAtMs: 17_000,
    })
  })

  test('forgets faults at any answer', () => {
    const breaker = unjittered()
    failAt(breaker, 10_000)
    failAt(breaker, 11_000)
    breaker.answered(11_500)
    assert.deepEqual([breaker.view.faults, breaker.view.lastFault], [0, null])
    failAt(breaker, 12_000)
    failAt(breaker, 13_000)
    assert.equal(breaker.view.state, 'closed')
  })

  test('forgets faults that are older than the window', () => {
    const breaker = unjittered()
    for (const atMs of [0, 40_000, 80_000, 120_000]) failAt(breaker, atMs)
    assert.deepEqual([breaker.view.state, breaker.view.faults], ['closed', 2])
  })

  test('takes one lost connection for one fault, however many calls were on it', () => {
    const breaker = unjittered()
    for (let call = 0; call < 20; call++) breaker.failed(fault(10_000 + call), 9_000)
    assert.deepEqual([breaker.view.state, breaker.view.faults], ['closed', 1])
  })

  test('is not moved by what was under way when it opened', () => {
    const breaker = unjittered()
    openAt(breaker, 10_000)
    const opened = breaker.view
    breaker.answered(10_500)
    failAt(breaker, 11_000)
    assert.deepEqual(breaker.view, opened)
  })

  test('closes when its probe is answered', () => {
    const breaker = unjittered()
    openAt(breaker, 10_000)
    breaker.probing(15_000)
    assert.deepEqual([breaker.view.state, breaker.view.sinceMs], ['half-open', 15_000])
    breaker.probed(null, 15_200)
    assert.deepEqual(breaker.view, {
      state: 'closed',
      sinceMs: 15_200,
      faults: 0,
      lastFault: null,
      nextProbeAtMs: null,
    })
  })

  test('rests half as long again after each probe that failed, up to the longest', () => {
    const breaker = unjittered()
    openAt(breaker, 0)
    const rests: number[] = []
    for (let probe = 0; probe < 9; probe++) {
      const { sinceMs, nextProbeAtMs } = breaker.view
      rests.push((nextProbeAtMs ?? 0) - sinceMs)
      breaker.probing(nextProbeAtMs ?? 0)
      breaker.probed(fault(nextProbeAtMs ?? 0), nextProbeAtMs ?? 0)
    }
    assert.deepEqual(rests.map(Math.round), [5_000, 7_500, 11_250, 16_875, 25_313, 37_969, 56_953, 60_000, 60_000])
  })

  test('that opens again before a call was answered goes on resting longer; an answered call forgives', () => {
    const breaker = unjittered()
    const restOf = (): number => (breaker.view.nextProbeAtMs ?? 0) - breaker.view.sinceMs
    const probe = (atMs: number): void => {
      breaker.probing(atMs)
      breaker.probed(null, atMs)
    }
    openAt(breaker, 10_000)
    probe(15_000)
    openAt(breaker, 20_000)
    assert.equal(restOf(), 7_500)
    probe(30_000)
    breaker.answered(31_000)
    openAt(breaker, 40_000)
    assert.equal(restOf(), 5_000)
  })

  test('rests a little shorter by chance, never longer and never by more than a quarter', () => {
    for (const chance of [0, 0.3, 0.999]) {
      const breaker = createBreaker(LIMITS, 0, () => chance)
      openAt(breaker, 10_000)
      const restMs = (breaker.view.nextProbeAtMs ?? 0) - 10_000
      assert.ok(restMs <= 5_000 && restMs >= 3_750, `${restMs}`)
    }
  })

  test('is probed by one at a time: a verdict without a probe changes nothing', () => {
    const breaker = unjittered()
    openAt(breaker, 10_000)
    breaker.probed(null, 11_000)
    assert.equal(breaker.view.state, 'open')
    breaker.probing(15_000)
    breaker.probing(16_000)
    assert.equal(breaker.view.sinceMs, 15_000)
  })
})
