import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from '../../../apps/orchestrator/src/streams/recent.ts'

test('what was wanted last is kept, and no more than so many', () => {
  const recent = new Recent<number>(2)
  recent.set('a:1', 1)
  recent.set('a:2', 2)
  assert.equal(recent.get('a:1'), 1)
  recent.set('b:1', 3)
  assert.deepEqual([recent.get('a:1'), recent.get('a:2'), recent.get('b:1')], [1, undefined, 3])
  recent.delete('b:1', 4)
  assert.equal(recent.get('b:1'), 3)
  recent.deleteAll('a:')
  assert.deepEqual([recent.get('a:1'), recent.get('b:1')], [undefined, 3])
})
