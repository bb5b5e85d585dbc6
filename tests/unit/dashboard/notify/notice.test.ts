import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_AWAITED, noticeOf, readAwaited, withAwaited } from '../../../../apps/dashboard/src/notify/notice.ts'

const ended = {
  name: 'auto-mpg',
  state: 'completed' as const,
  hold: null,
  failure: null,
  why: null,
  epochs: 1_000,
  loss: 3.126,
  lossNonFinite: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:05.000Z',
  endedAt: '2026-01-01T00:00:20.000Z',
}

test('the end is told with its mark and name, and what came of it', () => {
  assert.deepEqual(noticeOf(ended), {
    title: '✓ auto-mpg',
    body: 'Completed; ran 15 s, 1\u202f000 epochs, loss 3.126.',
  })
})

test('a failure is told with its cause, and a loss that is no number as that', () => {
  const notice = noticeOf({
    ...ended,
    state: 'failed',
    failure: 'out-of-memory',
    why: 'It used more than its 2,048 MiB.',
    loss: null,
    lossNonFinite: 'nan',
  })
  assert.equal(notice?.title, '✕ auto-mpg')
  assert.equal(
    notice?.body,
    'Failed: out of memory; ran 15 s, 1\u202f000 epochs, loss NaN.\nIt used more than its 2,048 MiB.',
  )
})

test('nothing is told of a job that has not ended', () => {
  assert.equal(noticeOf({ ...ended, state: 'running', endedAt: null }), null)
})

test('jobs are waited for one by one, the oldest is forgotten past the most, and what is no id is dropped', () => {
  const ids = Array.from({ length: MOST_AWAITED + 1 }, (_, i) => `a${String(i).padStart(11, '0')}`)
  const kept = ids.reduce<string[]>((before, id) => withAwaited(before, id, true), [])
  assert.deepEqual(kept, ids.slice(1))
  assert.deepEqual(withAwaited(kept, kept[0] ?? '', false), ids.slice(2))
  assert.deepEqual(readAwaited(`${ids[0]},<b>,,${ids[0]}`), [ids[0]])
  assert.deepEqual(readAwaited(null), [])
})
