// What becomes of an environment on a cluster, move by move.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BuildTrouble, EnvironmentLook, MadeEnvironment } from '@trotline/contracts'
import {
  asked,
  began,
  cancelledBy,
  doing,
  drifted,
  into,
  made,
  quarantined,
  removed,
  removing,
  troubled,
  wantAgain,
} from '../../../apps/orchestrator/src/lifecycle/materialise-moves.ts'
import { isUnderWay, MaterialisationRecord } from '../../../apps/orchestrator/src/store/materialisations.ts'
import { AT, later, sha256 } from '../../support/job-records.ts'

const LOCK = sha256('a lock')
const MARKER: MadeEnvironment = {
  v: 1,
  lockId: LOCK,
  platform: 'linux-64',
  form: 'tree',
  prefix: `/scratch/trotline/environments/${LOCK}`,
  installer: { tool: 'pixi', path: '/opt/pixi', version: '0.40.0' },
  madeAt: AT,
  host: 'login1',
  packages: 3,
  pipPackages: 0,
  files: 40,
  bytes: 4_000,
  filesSha256: sha256('files'),
  archive: null,
}
const PASSING: BuildTrouble = {
  code: 'archive-unavailable',
  detail: 'The channel did not answer.',
  evidence: [],
  transient: true,
}
const fresh = () => ({ ...asked('local', LOCK, 'tree', 'ada', AT), revision: 1 })
const ready = () => made(began(fresh(), AT, 1, 'tree'), AT, MARKER, 'It is ready.')

describe('an environment', () => {
  test('is a whole record from the first word on', () => {
    for (const record of [
      fresh(),
      began(fresh(), AT, 1, 'tree'),
      ready(),
      troubled(fresh(), AT, PASSING),
      removing(ready(), AT, 'ada'),
    ])
      assert.deepEqual(MaterialisationRecord.parse(record), record)
  })

  test('that is made needs no more attention, and one that is on its way does', () => {
    assert.deepEqual([fresh(), began(fresh(), AT, 1, 'tree'), ready(), removing(ready(), AT, 'ada')].map(isUnderWay), [
      true,
      true,
      false,
      true,
    ])
  })

  test('is tried again later and later after a passing trouble, and has failed after the seventh', () => {
    let record = fresh()
    const waitsMs: number[] = []
    while (record.state === 'wanted') {
      record = { ...troubled(began(record, AT, record.attempt + 1, 'tree'), AT, PASSING), revision: 1 }
      if (record.state === 'wanted') waitsMs.push(record.inner.dueAt - Date.parse(AT))
    }
    assert.deepEqual([waitsMs.length, waitsMs.toSorted((a, b) => a - b)], [6, waitsMs])
    assert.deepEqual([record.state, record.detail], ['failed', 'The channel did not answer. It was tried 7 times.'])
    assert.equal(record.inner.gaveUpAt, AT)
  })

  test('that failed for good is not tried again until somebody wants it anew', () => {
    const failed = troubled(began(fresh(), AT, 1, 'tree'), AT, { ...PASSING, transient: false })
    assert.equal(failed.state, 'failed')
    const again = wantAgain(failed, later(1))
    assert.deepEqual([again.state, again.inner.tries, again.inner.dueAt], ['wanted', 0, 0])
  })

  test('that is asked for twice stays as it is, made or on its way', () => {
    for (const record of [fresh(), began(fresh(), AT, 1, 'tree'), ready()])
      assert.equal(wantAgain(record, later(1)), record)
  })

  test('that was to be removed stays for whoever needs it, as long as nothing was begun', () => {
    const wished = { ...ready(), inner: { ...ready().inner, wish: { kind: 'remove' as const, by: 'ada', at: AT } } }
    assert.equal(wantAgain(wished, later(1)).inner.wish, null)
  })

  test('that is wanted while it is being removed, put aside or cancelled is made again after that', () => {
    const taken = removed(wantAgain(removing(ready(), AT, 'ada'), later(1)), later(2))
    assert.deepEqual([taken?.state, taken?.prefix, taken?.madeAt], ['wanted', null, null])
    assert.equal(removed(removing(ready(), AT, 'ada'), later(2)), null)

    const drift = { detail: 'lib/a is missing', files: [], count: 1 }
    const look: EnvironmentLook = { lockId: LOCK, depth: 'times', looked: 1, of: 1, seconds: 0, drift }
    const aside = drifted(ready(), AT, look, 'Job x found')
    assert.deepEqual([aside.state, aside.detail], ['quarantined', 'Job x found: lib/a is missing'])
    assert.equal(quarantined(aside, later(1), false).state, 'quarantined')
    assert.equal(quarantined(aside, later(1), true).state, 'wanted')
    assert.equal(quarantined(wantAgain(aside, later(1)), later(2), false).state, 'wanted')

    const stopping = into(began(fresh(), AT, 1, 'tree'), AT, doing('stop', AT, 'make-1'), 'It is being cancelled.')
    assert.equal(cancelledBy(wantAgain(stopping, later(1)), later(2), 'bob').state, 'wanted')
    assert.equal(cancelledBy(stopping, later(2), 'bob').state, 'cancelled')
  })

  test('whose cancel was wished after a job had come stays cancelled, however often that job asks', () => {
    const wish = { kind: 'cancel' as const, by: 'bob', at: later(5) }
    const cancelling = (record: MaterialisationRecord) => ({ ...record, inner: { ...record.inner, wish } })
    const making = cancelling(began(fresh(), AT, 1, 'tree'))
    const stopping = into(making, later(6), doing('stop', later(6), 'make-1'), 'It is being cancelled.')
    for (const record of [cancelling(fresh()), making, stopping]) {
      const asking = wantAgain(record, later(10), later(1))
      assert.equal(asking, record)
      assert.equal(cancelledBy(asking, later(11), 'bob').state, 'cancelled')
    }
    for (const record of [making, stopping])
      assert.equal(cancelledBy(wantAgain(record, later(10), later(9)), later(11), 'bob').state, 'wanted')
    assert.equal(wantAgain(cancelling(fresh()), later(10), later(9)).inner.wish, null)
  })

  test('that is ready in spite of a cancel forgets the cancel and keeps the wish to look at it', () => {
    const wished = (kind: 'cancel' | 'verify') => ({
      ...fresh(),
      inner: { ...fresh().inner, wish: { kind, by: 'ada', at: AT } },
    })
    assert.equal(made(wished('cancel'), AT, MARKER, 'It is ready.').inner.wish, null)
    assert.equal(made(wished('verify'), AT, MARKER, 'It is ready.').inner.wish?.kind, 'verify')
  })

  test('that is packed counts as one file of the archive’s size', () => {
    const packed = made(
      fresh(),
      AT,
      { ...MARKER, form: 'packed', archive: { sha256: sha256('archive'), bytes: 900 } },
      'It is ready.',
    )
    assert.deepEqual([packed.form, packed.files, packed.bytes], ['packed', 1, 900])
  })
})
