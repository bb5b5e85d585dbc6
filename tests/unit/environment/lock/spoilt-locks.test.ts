import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnvironmentLock } from '@trotline/contracts'
import { LOCK_FORMATS, lockId, makeLock, readLock, writeLock } from '@trotline/environment'
import { startProcessorWatch } from '../../../support/processor-time.ts'
import { seeded } from '../cases.ts'
import { mutated } from '../mutated-text.ts'
import { lockOf, record, tutorialParts } from './records.ts'

const LOCK = lockOf()

test('3,200 spoilt locks in four formats: a lock that holds or findings in words, never an exception, each within a second', () => {
  const random = seeded(641)
  const taken = new Set<string>()
  for (let i = 0; i < 3200; i++) {
    const format = LOCK_FORMATS[i % LOCK_FORMATS.length] ?? 'trotline'
    const text = mutated(writeLock(LOCK, format).text, random)
    const tookMs = startProcessorWatch()
    const reading = readLock(text)
    assert.ok(tookMs() < 1000, `${i} took ${tookMs()} ms`)
    if (!reading.ok) {
      assert.ok(reading.findings.length >= 1 && reading.findings.length <= 20)
      for (const { detail } of reading.findings)
        assert.match(detail, /^[^\p{Cc}]{5,600}[.…]$/u, JSON.stringify({ i, detail }))
      continue
    }
    taken.add(format)
    const { id, lock } = reading.value
    assert.deepEqual(EnvironmentLock.parse(lock), lock)
    assert.equal(lockId(lock), id)
    assert.doesNotMatch(JSON.stringify(lock), /secret|@/)
    for (const other of LOCK_FORMATS) {
      const again = readLock(writeLock(reading.value, other).text)
      assert.equal(again.ok ? again.value.id : again.findings[0]?.detail, id, `${i} ${format} ${other}`)
    }
  }
  assert.deepEqual([...taken].sort(), [...LOCK_FORMATS].sort(), 'some of each survive')
})

test('one character changed in a package of the lock changes its id or refuses it', () => {
  const { text } = writeLock(LOCK, 'trotline')
  const random = seeded(3)
  for (let i = 0; i < 500; i++) {
    const at = Math.floor(random() * text.length)
    const other = text.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 95)) + text.slice(at + 1)
    const reading = readLock(other)
    if (other !== text && reading.ok) assert.notEqual(reading.value.id, LOCK.id, `at ${at}`)
  }
})

test('records as a hostile channel has them are refused or locked, never thrown', () => {
  const random = seeded(77)
  const odd = [
    '',
    'x',
    '../..',
    '__cuda >=9',
    '\0',
    '-',
    '9'.repeat(300),
    'https://me:secret@x.example.org/t/secret/a/linux-64/x-1-0.conda',
    'a'.repeat(64),
    'b'.repeat(32),
  ]
  const pick = () => odd[Math.floor(random() * odd.length)] ?? ''
  for (let i = 0; i < 2000; i++) {
    const records = [record('numpy 1.19.2 h_0'), record('python 3.6.13 h_0')].map(one => ({
      ...one,
      ...(random() < 0.3 ? { url: pick() } : {}),
      ...(random() < 0.2 ? { md5: pick() } : {}),
      ...(random() < 0.2 ? { sha256: pick() } : {}),
      ...(random() < 0.2 ? { size: [-1, 0.5, Number.NaN, 2n ** 70n][Math.floor(random() * 4)] } : {}),
      ...(random() < 0.4 ? { depends: [pick(), pick()] } : {}),
      ...(random() < 0.4 ? { constrains: [pick()] } : {}),
    }))
    const reading = makeLock(tutorialParts({ records }))
    assert.doesNotMatch(JSON.stringify(reading), /secret/)
    if (reading.ok) assert.deepEqual(EnvironmentLock.parse(reading.value.lock), reading.value.lock)
  }
})
