// Which environments may go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectionOf, verdictOn } from '../../../apps/orchestrator/src/lifecycle/materialise-collect.ts'
import { asked, doing } from '../../../apps/orchestrator/src/lifecycle/materialise-moves.ts'
import type { MaterialisationRecord } from '../../../apps/orchestrator/src/store/materialisations.ts'
import { AT, sha256 } from '../../support/job-records.ts'

const DAY_MS = 86_400_000
const nowMs = Date.parse(AT) + 100 * DAY_MS
const daysAgo = (days: number): string => new Date(nowMs - days * DAY_MS).toISOString()
const environment = (over: Partial<MaterialisationRecord> = {}): MaterialisationRecord => ({
  ...asked('local', sha256(JSON.stringify(over)), 'tree', 'ada', AT),
  revision: 1,
  state: 'ready',
  bytes: 1_000,
  files: 10,
  madeAt: daysAgo(100),
  ...over,
})
const why = (record: MaterialisationRecord, jobs = 0): string => {
  const verdict = verdictOn({ record, jobs }, 90, nowMs)
  return verdict.collect ? 'goes' : verdict.why
}

test('what nobody has used for long goes, made or not', () => {
  assert.equal(why(environment({ lastUsedAt: daysAgo(90) })), 'goes')
  assert.equal(why(environment()), 'goes')
  for (const state of ['failed', 'cancelled', 'quarantined'] as const)
    assert.equal(why(environment({ state, madeAt: null, at: daysAgo(91) })), 'goes')
})

test('what was made anew a while ago stays, however long ago a job used what was there before', () => {
  assert.match(why(environment({ lastUsedAt: daysAgo(100), madeAt: daysAgo(2) })), /^it stays: it was used 2 days ago$/)
})

test('what a job needs, what was used lately and what is under way stays, and says why', () => {
  assert.equal(why(environment(), 1), 'it stays: a job needs it')
  assert.equal(why(environment(), 3), 'it stays: 3 jobs need it')
  assert.equal(why(environment({ lastUsedAt: daysAgo(89.5) })), 'it stays: it was used 89 days ago')
  assert.equal(why(environment({ lastUsedAt: daysAgo(0.2) })), 'it stays: it was used less than a day ago')
  for (const state of ['wanted', 'making'] as const)
    assert.equal(why(environment({ state })), 'it stays: it is being made')
  const { inner } = environment()
  assert.equal(
    why(environment({ inner: { ...inner, doing: doing('look', AT, 'look-1') } })),
    'it stays: it is being looked at',
  )
})

test('a dry run counts what would go and names it; the oldest comes first', () => {
  const old = environment({ lastUsedAt: daysAgo(99) })
  const recent = environment({ lastUsedAt: daysAgo(1) })
  const kept = [
    { record: recent, jobs: 0 },
    { record: old, jobs: 0 },
  ]
  const dry = collectionOf('local', kept, { unusedDays: 90, dryRun: true, nowMs }, lock =>
    lock === old.lock ? ['ml@3'] : [],
  )
  assert.deepEqual(
    dry.items.map(({ names, outcome }) => [names, outcome]),
    [
      [['ml@3'], 'would be removed'],
      [[], 'it stays: it was used a day ago'],
    ],
  )
  assert.equal(dry.bytes, 1_000)
  const real = collectionOf('local', kept, { unusedDays: 90, dryRun: false, nowMs }, () => [])
  assert.equal(real.items[0]?.outcome, 'is being removed')
})
