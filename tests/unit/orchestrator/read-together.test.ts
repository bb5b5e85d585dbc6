import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTogether } from '../../../apps/orchestrator/src/streams/read-together.ts'

test('a thousand who want to know at once ask once, and who asks later has a newer answer', async () => {
  let asked = 0
  const read = readTogether(async id => `${id} ${++asked}`)
  const answers = await Promise.all([...Array.from({ length: 1000 }, () => read('a')), read('b')])
  assert.deepEqual([...new Set(answers)], ['a 1', 'b 2'])
  assert.equal(await read('a'), 'a 3')
})

test('nobody has an answer that is older than the question', async () => {
  let now = 0
  let answer: () => void = () => {}
  const read = readTogether(async () => {
    const seen = now
    await new Promise<void>(resolve => {
      answer = resolve
    })
    return seen
  })
  const first = read('a')
  await new Promise(resolve => setImmediate(resolve))
  now = 1
  const second = read('a')
  answer()
  assert.equal(await first, 0)
  await new Promise(resolve => setImmediate(resolve))
  answer()
  assert.equal(await second, 1)
})

test('a look that fails fails for those who shared it, and the next is tried', async () => {
  let away = true
  const read = readTogether(async () => {
    if (away) throw new Error('away')
    return 'here'
  })
  const both = await Promise.allSettled([read('a'), read('a')])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  away = false
  assert.equal(await read('a'), 'here')
})
