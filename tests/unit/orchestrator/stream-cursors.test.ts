import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_TOPICS } from '@trotline/contracts'
import { cursorsOf, idOfCursors, MOST_ID_CHARACTERS } from '../../../apps/orchestrator/src/http/stream-cursors.ts'

test('an id says where a reader stands in each topic, and is read back', () => {
  const cursors = new Map([
    ['jobs', '1796000000123'],
    ['job:abcdefghjkmn', '17'],
    ['log:abcdefghjkmn:stdout', '2:88213'],
  ])
  const id = idOfCursors(cursors)
  assert.match(id, /^[A-Za-z0-9_-]+$/)
  assert.deepEqual(cursorsOf(id), cursors)
})

test('as many topics as a stream may have fit into an id', () => {
  const topic = (i: number): string =>
    `log:abcdefghjkm${'abcdefghjkmnpqrstvwxyz0123456789'[i]}:stdout:999999:999999999999999`
  const cursors = new Map(Array.from({ length: MOST_TOPICS }, (_, i) => [topic(i), '999999:999999999999999']))
  const id = idOfCursors(cursors)
  assert.ok(id.length <= MOST_ID_CHARACTERS, String(id.length))
  assert.deepEqual(cursorsOf(id), cursors)
})

test('what is no id is none', () => {
  const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const text of [
    '',
    'abc',
    '!!',
    written([]),
    written({ jobs: 1 }),
    written({ jobs: '-1' }),
    written({ nodes: '1' }),
  ])
    assert.equal(cursorsOf(text), null, text)
  assert.equal(cursorsOf(written({ jobs: '1' }) + ' '.repeat(MOST_ID_CHARACTERS)), null)
  assert.deepEqual(cursorsOf(written({})), new Map())
  assert.deepEqual([...(cursorsOf('eyJfX3Byb3RvX18iOiIxIn0') ?? [])], [])
})
