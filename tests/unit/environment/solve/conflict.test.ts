import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conflictOf } from '@trotline/environment/solve'

const LINES = Array.from({ length: 40 }, (_, i) => `line${i}`)
/** Refuses where all of `core` are among what is asked. */
function solverWith(core: readonly string[]) {
  const asked: number[] = []
  return {
    asked,
    refuses: async (some: readonly string[]) => {
      asked.push(some.length)
      return core.every(line => some.includes(line))
    },
  }
}
const always = (): boolean => true

test('of forty lines exactly those are found that cannot be had together, wherever they stand', async () => {
  for (const core of [['line7'], ['line0', 'line39'], ['line3', 'line4', 'line31'], ['line38', 'line39']]) {
    const { refuses, asked } = solverWith(core)
    assert.deepEqual(await conflictOf(LINES, refuses, always), core)
    assert.ok(asked.length <= 40, `${asked.length} questions for ${core.join()}`)
  }
})

test('of two sets that both conflict one is found whole', async () => {
  const refuses = async (some: readonly string[]) =>
    [
      ['line1', 'line2'],
      ['line20', 'line30'],
    ].some(core => core.every(line => some.includes(line)))
  const found = (await conflictOf(LINES, refuses, always)) ?? []
  assert.ok(['line1,line2', 'line20,line30'].includes(found.join()), found.join())
})

test('where there is no time for another question nothing is claimed', async () => {
  const { refuses, asked } = solverWith(['line3', 'line31'])
  assert.equal(await conflictOf(LINES, refuses, () => asked.length < 3), null)
})
