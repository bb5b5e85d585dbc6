import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { caughtBy, groupOf } from '../../../../apps/worker/src/command/process-group.ts'

describe('a process of Linux', () => {
  test('has its group read whatever its name is', () => {
    assert.equal(groupOf('4711 (node) S 1 4700 4700 0 -1 4194560'), 4700)
    assert.equal(groupOf('4711 (a) R (b) 1 2 3) S 1 4700 4700 0 -1'), 4700)
  })

  test('says which signals it has handlers for', () => {
    const status = 'Name:\tpython\nSigIgn:\t0000000001001000\nSigCgt:\t0000000100000a02\n'
    const catches = (signal: number): boolean => (caughtBy(status) & (1n << BigInt(signal - 1))) !== 0n
    assert.deepEqual([2, 10, 12, 15].map(catches), [true, true, true, false])
    assert.equal(caughtBy('Name:\tx\n'), 0n)
  })
})
