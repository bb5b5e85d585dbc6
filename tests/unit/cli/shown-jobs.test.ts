import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fits, flagsOf } from '../../../apps/cli/src/list/selection.ts'
import { withChanges } from '../../../apps/cli/src/list/shown-jobs.ts'
import type { JobSummary } from '../../../packages/contracts/src/index.ts'
import { summary } from '../../support/job-summary.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const job = (id: string, minute: number, over: Partial<JobSummary> = {}) =>
  summary({ id, createdAt: at(minute), ...over })
const [a, b, c] = [job('a00000000000', 1), job('b00000000000', 2), job('c00000000000', 3)]
const ids = (shown: { items: readonly { id: string }[] }) => shown.items.map(({ id }) => id[0]).join('')
const all = { label: [] }

test('a new job stands first, and the oldest makes room for it where the list is full', () => {
  const shown = withChanges({ items: [b, a], more: false }, [c], all, 2)
  assert.deepEqual([ids(shown), shown.more, shown.asks], ['cb', true, false])
})

test('a job that changes stays in its place with its new line', () => {
  const shown = withChanges({ items: [c, b, a], more: false }, [{ ...b, epochs: 7 }], all, 10)
  assert.deepEqual([ids(shown), shown.items[1]?.epochs], ['cba', 7])
})

test('a job that no longer fits goes; the server is asked only where another may take its place', () => {
  const running = { label: [], state: 'running' as const }
  const items = [
    { ...b, state: 'running' as const },
    { ...a, state: 'running' as const },
  ]
  const over = [{ ...b, state: 'completed' as const }]
  assert.deepEqual(
    [false, true].map(more => {
      const shown = withChanges({ items, more }, over, running, 10)
      return [ids(shown), shown.asks]
    }),
    [
      ['a', false],
      ['a', true],
    ],
  )
})

test('whether a job that was never shown has a label is the server’s to say; of a shown one it is known', () => {
  const labelled = { label: ['project=reef'] }
  assert.equal(withChanges({ items: [a], more: false }, [b], labelled, 10).asks, true)
  const known = withChanges({ items: [a], more: false }, [{ ...a, epochs: 3 }], labelled, 10)
  assert.deepEqual([known.asks, known.items[0]?.epochs], [false, 3])
})

test('held is what a person sees, whatever state the job waits in', () => {
  const held = job('d00000000000', 4, { state: 'pending', hold: 'SSH_HOST_KEY' })
  assert.equal(fits(held, { label: [], state: 'held' }), true)
  assert.equal(fits(held, { label: [], state: 'pending' }), true)
  assert.equal(fits(a, { label: [], state: 'held' }), false)
})

test('a choice is written again as the flags that make it', () => {
  assert.deepEqual(flagsOf({ state: 'pending', label: ['a=1', 'b=2'], name: 'x' }), [
    '--state',
    'pending',
    '--label',
    'a=1',
    '--label',
    'b=2',
    '--name',
    'x',
  ])
})

test('the job of another does not fit where an owner is asked for, and does where none is', () => {
  const theirs = { ...a, owner: 'somebody' }
  assert.deepEqual([fits(theirs, { label: [], owner: 'ada' }), fits(theirs, all)], [false, true])
  assert.equal(fits({ ...a, owner: 'ada' }, { label: [], owner: 'ada' }), true)
})
