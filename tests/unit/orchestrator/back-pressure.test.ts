import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BackPressure, BEHIND_MS } from '../../../apps/orchestrator/src/lifecycle/back-pressure.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, later, record, request } from '../../support/job-records.ts'

const NOW = Date.parse(AT)
const LIMIT = { limit: 'QOSMaxSubmitJobPerUserLimit', message: 'Job violates accounting/QOS policy' }

/** Jobs in order of acceptance. */
const jobs = (count: number, over: Partial<JobRecord> = {}): JobRecord[] =>
  Array.from({ length: count }, (_, i) => record({ createdAt: later(i), ...over }))
const ids = (some: readonly JobRecord[]): string[] => some.map(({ id }) => id)
const limited = (some: readonly JobRecord[]) => some.map(job => ({ job, limited: LIMIT }))
const taken = (some: readonly JobRecord[]) => some.map(job => ({ job, limited: null }))

/** A line in which all of them wait, met at NOW. */
function lineOf(some: readonly JobRecord[]): BackPressure {
  const pressure = new BackPressure()
  pressure.told(limited(some), NOW)
  return pressure
}

describe('jobs that the site takes no more of', () => {
  test('nothing waits before a limit was met', () => {
    const pressure = new BackPressure()
    for (const job of jobs(3)) assert.equal(pressure.admit(job, NOW), null)
    assert.equal(pressure.nextProbeMs(), null)
  })

  test('the first of a line comes again in seconds, the others in their turn, and newcomers wait behind them', () => {
    const some = jobs(4)
    const pressure = new BackPressure()
    const until = pressure.told(limited(some.slice(0, 3)), NOW)
    assert.deepEqual(
      ids(some.slice(0, 3)).map(id => until.get(id)),
      [NOW + 5_000, NOW + BEHIND_MS, NOW + BEHIND_MS],
    )
    const told = pressure.admit(some[3] ?? assert.fail(), NOW + 1)
    assert.deepEqual([told?.limit, told?.untilMs], [LIMIT.limit, NOW + 1 + BEHIND_MS])
  })

  test('the waits of a line that stays full grow from 5 s to 60 s, and one job pays for them', () => {
    const some = jobs(1_000)
    const pressure = lineOf(some)
    const waits: number[] = []
    let tried = 0
    for (let i = 0, now = NOW; i < 8; i++) {
      const due = pressure.nextProbeMs() ?? assert.fail()
      waits.push(due - now)
      now = due
      assert.deepEqual(pressure.release(now - 1), [])
      const probe = pressure.release(now)
      tried += probe.length
      pressure.told(limited(some.filter(({ id }) => probe.includes(id))), now)
    }
    assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000])
    assert.equal(tried, 8)
  })

  test('once there is room they drip in: one, two, four, in order of acceptance, and then the line is gone', () => {
    const some = jobs(20)
    const pressure = lineOf(some.toReversed())
    const sizes: number[] = []
    const order: string[] = []
    let now = NOW + 5_000
    for (let probe = pressure.release(now); probe.length > 0; probe = pressure.release(now)) {
      sizes.push(probe.length)
      order.push(...probe)
      const those = some.filter(({ id }) => probe.includes(id))
      for (const job of those) assert.equal(pressure.admit(job, now), null, 'a probe may go')
      pressure.told(taken(those), now)
      now += 1
    }
    assert.deepEqual(sizes, [1, 2, 4, 8, 5])
    assert.deepEqual(order, ids(some))
    assert.equal(pressure.admit(record(), now), null)
  })

  test('a probe that is half let in goes on with one job after the shortest wait', () => {
    const some = jobs(10)
    const pressure = lineOf(some)
    pressure.told(taken(some.filter(({ id }) => pressure.release(NOW + 5_000).includes(id))), NOW + 5_000)
    const probe = pressure.release(NOW + 5_001)
    assert.equal(probe.length, 2)
    const [one, two] = some.filter(({ id }) => probe.includes(id))
    assert.ok(one && two)
    const until = pressure.told([...taken([one]), ...limited([two])], NOW + 6_000)
    assert.equal(until.get(two.id), NOW + 11_000)
    assert.deepEqual(pressure.release(NOW + 11_000), [two.id], 'it keeps its place')
  })

  test('a job that left Slurm makes room for its own identity at once', () => {
    const ours = jobs(2)
    const theirs = jobs(2, { identity: { name: 'other', unixUser: 'other' } })
    const pressure = lineOf([...ours, ...theirs])
    pressure.roomMade('other', NOW + 1)
    assert.deepEqual(pressure.release(NOW + 1), ids(theirs).slice(0, 1))
  })

  test('room that is made while a probe is under way is not forgotten', () => {
    const some = jobs(2)
    const pressure = lineOf(some)
    const probe = pressure.release(NOW + 5_000)
    pressure.roomMade('default', NOW + 5_001)
    pressure.told(limited(some.slice(0, 1)), NOW + 5_002)
    assert.deepEqual(pressure.release(NOW + 5_002), probe)
  })

  test('what limits one partition, account or QOS says nothing about another', () => {
    const some = jobs(1)
    const pressure = lineOf(some)
    for (const resources of [{ partition: 'gpu' }, { account: 'physics' }, { qos: 'high' }] as const)
      assert.equal(pressure.admit(record({ request: request(resources) }), NOW), null)
    assert.notEqual(pressure.admit(record(), NOW), null)
  })

  test('a probe that ended without an answer is followed by another after a wait', () => {
    const some = jobs(2)
    const pressure = lineOf(some)
    for (const id of pressure.release(NOW + 5_000)) pressure.done(id)
    assert.deepEqual(pressure.release(NOW + 5_001), [])
    assert.deepEqual(pressure.release(NOW + 10_000), ids(some).slice(1))
  })

  test('a job for which nothing is to be done any more has no place in its line, and takes no room of the others', () => {
    const some = jobs(4)
    const [, second, third, fourth] = ids(some) as [string, string, string, string]
    const pressure = lineOf(some)
    for (const id of [second, third, 'a job that waits nowhere']) pressure.forget(id)
    pressure.told(taken(some.filter(({ id }) => pressure.release(NOW + 5_000).includes(id))), NOW + 5_000)
    assert.deepEqual(pressure.release(NOW + 5_001), [fourth])
    assert.equal(pressure.holds(second), false)
  })

  test('while a probe is under way no other begins', () => {
    const pressure = lineOf(jobs(5))
    assert.equal(pressure.release(NOW + 5_000).length, 1)
    assert.deepEqual(pressure.release(NOW + 1_000_000), [])
    assert.equal(pressure.nextProbeMs(), null)
  })
})

test('jobs that wait for the end of a pause are all woken by it', () => {
  const pressure = new BackPressure()
  const some = jobs(3)
  for (const job of some) assert.equal(pressure.pause(job, NOW), NOW + BEHIND_MS)
  assert.ok(some.every(({ id }) => pressure.holds(id)))
  const [ended = assert.fail()] = some.splice(0, 1)
  pressure.forget(ended.id)
  pressure.resume()
  assert.deepEqual([pressure.anyPaused, pressure.takeWoken(), pressure.takeWoken()], [false, ids(some), []])
})
