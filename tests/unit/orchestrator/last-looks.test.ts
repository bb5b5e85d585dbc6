import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLastLooks } from '../../../apps/orchestrator/src/streams/last-looks.ts'

test('after the end a log is looked at so many times more, and anew whenever something came', () => {
  const looks = createLastLooks(2)
  assert.equal(looks.begun, false)
  assert.deepEqual([looks.nothing(), looks.begun, looks.nothing()], [false, true, false])
  looks.anew()
  assert.equal(looks.begun, false)
  assert.deepEqual([looks.nothing(), looks.nothing(), looks.nothing()], [false, false, true])
})
