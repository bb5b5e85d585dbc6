import assert from 'node:assert/strict'
import { test } from 'node:test'
import { together } from '../../../apps/orchestrator/src/store/together.ts'

test('what is asked in one turn of the event loop is asked at once, and each gets its own answer', async () => {
  const calls: (readonly string[])[] = []
  const ask = together(2, async ids => {
    calls.push(ids)
    return ids.map(id => `answer to ${id}`)
  })
  const answers = await Promise.all(['a', 'b', 'a'].map(ask))
  assert.deepEqual(answers, ['answer to a', 'answer to b', 'answer to a'])
  assert.deepEqual(calls, [['a', 'b'], ['a']])
})

test('a question that comes while others are asked is asked after it came', async () => {
  const sent: number[] = []
  let value = 0
  const ask = together(10, async ids => {
    sent.push(ids.length)
    const seen = value
    await new Promise(setImmediate)
    return ids.map(() => seen)
  })
  const first = ask('a')
  while (sent.length === 0) await new Promise(setImmediate)
  value = 1
  assert.deepEqual([await ask('a'), await first, sent], [1, 0, [1, 1]])
})

test('where asking fails, it fails for those that were asked together and for nobody else', async () => {
  let away = true
  const ask = together(10, async ids => {
    if (away) throw new Error('away')
    return ids
  })
  const results = await Promise.allSettled([ask('a'), ask('b')])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  away = false
  assert.equal(await ask('a'), 'a')
})
