import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobSummary } from '@trotline/contracts'
import { createJobLines } from '../../../apps/orchestrator/src/streams/job-lines.ts'

const line = (id: string, epochs: number): JobSummary => ({ id, epochs }) as JobSummary

test('a job that changed is read once for all who follow it, and again at its next change', async () => {
  const asked: string[][] = []
  const lines = createJobLines({
    lines: async ids => {
      asked.push([...ids])
      return ids.map(id => line(id, asked.length))
    },
  })
  const [one, two] = await Promise.all([lines.read([{ id: 'a', number: 5 }]), lines.read([{ id: 'a', number: 5 }])])
  assert.equal(one[0], two[0])
  const [newer] = await lines.read([{ id: 'a', number: 6 }])
  assert.ok((newer?.epochs ?? 0) > (one[0]?.epochs ?? 0))
  // Who is behind has the newer line.
  assert.equal((await lines.read([{ id: 'a', number: 5 }]))[0], newer)
  assert.deepEqual(
    asked.filter(ids => ids.length > 0),
    [['a'], ['a']],
  )
})

test('a failed look is not kept, and a job that is gone is left out', async () => {
  let fail = true
  const lines = createJobLines({
    lines: async ids => {
      if (fail) throw new Error('away')
      return ids.map(id => (id === 'gone' ? null : line(id, 1)))
    },
  })
  const wanted = [
    { id: 'a', number: 1 },
    { id: 'gone', number: 2 },
  ]
  await assert.rejects(lines.read(wanted), /away/)
  fail = false
  assert.deepEqual(
    (await lines.read(wanted)).map(({ id }) => id),
    ['a'],
  )
})

test('what is kept is bounded', async () => {
  let reads = 0
  const lines = createJobLines({ lines: async ids => ids.map(id => line(id, ++reads)) }, 2)
  for (const id of ['a', 'b', 'c', 'a']) await lines.read([{ id, number: 1 }])
  assert.equal(reads, 4)
})
