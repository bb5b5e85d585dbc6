import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Drift } from '@trotline/contracts'
import { collectFindings, type Finding, findingText } from '../../../../apps/worker/src/environment/drift.ts'

const ZLIB = 'zlib 1.2.13 h5eee18b_0'
const driftOf = (...findings: Finding[]): Drift | null => {
  const collected = collectFindings()
  for (const finding of findings) collected.add(finding)
  return collected.drift()
}

test('nothing amiss is no drift', () => assert.equal(driftOf(), null))

test('the sentence names the file, its package, and how many more there are', () => {
  const changed: Finding = { path: 'lib/libz.so', what: 'changed', package: ZLIB }
  const extra: Finding = { path: 'lib/own.txt', what: 'extra', package: null }
  assert.equal(driftOf(changed)?.detail, `lib/libz.so has other bytes than ${ZLIB} brought`)
  assert.equal(
    driftOf(extra, changed)?.detail,
    `lib/libz.so has other bytes than ${ZLIB} brought, and 1 more file or package`,
  )
  assert.equal(
    driftOf(extra, changed, extra)?.detail,
    `lib/libz.so has other bytes than ${ZLIB} brought, and 2 more files or packages`,
  )
})

test('each thing that can be amiss has its words', () => {
  const texts = (
    ['changed', 'missing', 'extra', 'unreadable', 'package-missing', 'package-extra', 'package-changed'] as const
  ).map(what => findingText({ path: 'lib/a', what, package: ZLIB }))
  assert.deepEqual(texts, [
    `lib/a has other bytes than ${ZLIB} brought`,
    `lib/a of ${ZLIB} is missing`,
    `lib/a is there, and ${ZLIB} did not bring it`,
    `lib/a of ${ZLIB} cannot be read`,
    `${ZLIB} is in the lock and is not installed`,
    `${ZLIB} is installed and is not in the lock`,
    `${ZLIB} is not the one that the lock names`,
  ])
  assert.equal(
    findingText({ path: 'lib/a', what: 'extra', package: null }),
    'lib/a is there, and no package brought it',
  )
})

test('of a hundred thousand files the worst are named, all are counted, and the record takes it', () => {
  const collected = collectFindings()
  for (let i = 0; i < 100_000; i++) collected.add({ path: `lib/${'x'.repeat(2000)}${i}`, what: 'extra', package: null })
  const before = collected.drift()
  assert.equal(before?.count, 100_000)
  assert.equal(before?.files.length, 32)
  assert.ok(Drift.safeParse(before).success)
})

test('a package that is not the lock’s comes before files', () => {
  const drift = driftOf(
    { path: 'lib/a', what: 'changed', package: null },
    { path: 'conda-meta/zlib.json', what: 'package-changed', package: ZLIB },
  )
  assert.deepEqual(
    drift?.files.map(one => one.what),
    ['package-changed', 'changed'],
  )
})
