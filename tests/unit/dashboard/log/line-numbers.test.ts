import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineNumbers, lineText } from '../../../../apps/dashboard/src/log/line-numbers.ts'
import { bytesOf, screenOf } from './feeding.ts'

test('the number of a line is said where it is known, else about', () => {
  const whole = screenOf('a\nb\n').rows
  assert.equal(lineText(lineNumbers(whole)(1)), 'line 2')
  const tail = screenOf('x\n'.repeat(100), { offset: 2_000_000 }).rows
  const numberOf = lineNumbers(tail)
  assert.equal(lineText(numberOf(99)), 'line ≈1\u202f000\u202f100')
  assert.deepEqual(numberOf(98), { number: 1_000_099, exact: false })
  assert.equal(lineNumbers([])(0), null)
  assert.equal(lineNumbers(screenOf('x\ny\n', { offset: 9 }).rows)(1), null, 'two lines say little of the others')
})

test('one line of a megabyte does not make the lines beside it wrong, and neighbours are one apart', () => {
  const { rows } = screenOf(`${'ten bytes\n'.repeat(50)}${'x'.repeat(1_000_000)}\nend\n`, { offset: 500_000 })
  const numberOf = lineNumbers(rows)
  assert.deepEqual(
    [0, 1, 50, 51].map(at => numberOf(at)?.number),
    [50_001, 50_002, 50_051, 50_052],
  )
})

test('behind what was not read, and in another attempt, numbers begin anew', () => {
  const screen = screenOf('four\n'.repeat(30))
  screen.seam({ kind: 'skipped', from: 150, bytes: 350, why: 'far' })
  screen.feed(bytesOf('four\n'.repeat(2)))
  screen.seam({ kind: 'attempt', attempt: 2, node: null, cause: null })
  screen.feed(bytesOf('again\n'))
  const numberOf = lineNumbers(screen.rows)
  assert.deepEqual(screen.rows.map((_, at) => lineText(numberOf(at))).slice(28), [
    'line 29',
    'line 30',
    'a line',
    'line ≈101',
    'line ≈102',
    'a line',
    'line 1',
  ])
})
