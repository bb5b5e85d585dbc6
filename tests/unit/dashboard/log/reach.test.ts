import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anchorAt, drift, follow } from '../../../../apps/dashboard/src/log/anchor.ts'
import { nextFault } from '../../../../apps/dashboard/src/log/error-lines.ts'
import { beforeOf, missingAt, rowWith } from '../../../../apps/dashboard/src/log/reach.ts'
import { LogScreen } from '../../../../apps/dashboard/src/log/screen.ts'
import { VirtualRows } from '../../../../apps/dashboard/src/log/virtual-rows.ts'
import { chance } from '../chance.ts'
import { bytesOf, screenOf, shown, textRows } from './feeding.ts'

/** Attempt 1 around byte 100, the rest of it left out, and the end of attempt 2. */
function parted(): LogScreen {
  const screen = new LogScreen({ attempt: 1, offset: 100 })
  screen.feed(bytesOf('part\none\ntwo\n'))
  screen.dropPartial()
  screen.seam({ kind: 'skipped', from: 113, bytes: 1000, why: 'far' })
  screen.seam({ kind: 'attempt', attempt: 2, node: 'g07', cause: 'requeue' })
  screen.seam({ kind: 'skipped', from: 0, bytes: 500, why: 'far' })
  screen.feed(bytesOf('last\n'))
  return screen
}

describe('a link to a line', () => {
  test('finds the row that has the byte, and says where the byte was not read', () => {
    const screen = parted()
    const rowAt = (attempt: number, offset: number) => rowWith(screen, { attempt, offset })
    assert.deepEqual(
      [rowAt(1, 105), rowAt(1, 107), rowAt(1, 109), rowAt(1, 112)],
      [0, 0, 1, 1],
      shown(screen).join('\n'),
    )
    assert.deepEqual([rowAt(1, 50), rowAt(1, 113), rowAt(1, 900)], [null, null, null])
    assert.deepEqual(
      [rowAt(2, 10), rowAt(2, 500), rowAt(2, 504), rowAt(2, 9_999), rowAt(3, 0)],
      [null, 5, 5, null, null],
    )
  })

  test('what a seam misses is read from where it begins, in the attempt that it is in', () => {
    const { rows } = parted()
    assert.deepEqual(
      rows.map((_, at) => missingAt(rows, at)),
      [null, null, { attempt: 1, offset: 113 }, null, { attempt: 2, offset: 0 }, null],
    )
    const full = screenOf('line\n'.repeat(60), { limits: { rows: 50, reach: 5 } })
    const first = textRows(full.rows)[0]
    assert.ok(first && first.offset > 0)
    assert.deepEqual(missingAt(full.rows, 0), { attempt: 1, offset: first.offset })
  })

  test('what was left out is said as that', () => {
    assert.match(shown(parted())[2] ?? '', /1000 B of it not loaded/)
  })
})

describe('before the first line', () => {
  test('are bytes of the same attempt, then the end of the attempt before, then nothing', () => {
    const screen = new LogScreen({ attempt: 3, offset: 7 })
    screen.feed(bytesOf('first\nsecond\n'))
    assert.deepEqual(beforeOf(screen), { kind: 'bytes', attempt: 3, end: 7 })
    screen.prepend({ attempt: 3, offset: 0 }, bytesOf('before\n'))
    assert.deepEqual(beforeOf(screen), { kind: 'attempt', attempt: 2, seam: false })

    screen.beginsWith({ kind: 'attempt', attempt: 3, node: null, cause: 'requeue' })
    assert.deepEqual(beforeOf(screen), { kind: 'attempt', attempt: 2, seam: true })
    // The second attempt wrote nothing.
    screen.beginsWith({ kind: 'attempt', attempt: 2, node: 'g02', cause: null })
    assert.deepEqual(beforeOf(screen), { kind: 'attempt', attempt: 1, seam: true })
    screen.prepend({ attempt: 1, offset: 0 }, bytesOf('oldest\n'))
    assert.deepEqual(beforeOf(screen), { kind: 'nothing' })
    assert.deepEqual(shown(screen), [
      'oldest',
      '— attempt 2 started on g02 —',
      '— attempt 3 started (requeue) —',
      'before',
      'first',
      'second',
    ])
  })

  test('an attempt does not begin in the middle of a file', () => {
    const screen = screenOf('rest\n', { offset: 5 })
    assert.throws(() => screen.beginsWith({ kind: 'attempt', attempt: 1, node: null, cause: null }), TypeError)
  })

  test('of a log that was cut by its job nothing comes before the cut', () => {
    const screen = new LogScreen({ attempt: 2, offset: 0 })
    screen.seam({ kind: 'cut', at: 0 })
    assert.deepEqual(beforeOf(screen), { kind: 'nothing' })
  })
})

describe("a reader's place", () => {
  test('stays where it is while lines are let go, come before it, and turn out higher (200 logs)', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = chance(seed)
      const screen = screenOf('line\n'.repeat(300), { limits: { rows: 400, reach: 5 }, offset: 5_000 })
      screen.dropPartial()
      const heights = new VirtualRows(20)
      heights.setCount(screen.rows.length)
      for (let row = 0; row < 100; row++) heights.measure(row, random.pick([20, 40, 60]))
      let scrollTop = heights.offsetOf(250) + 7
      let anchor = anchorAt(screen.rows, heights, scrollTop)
      for (let step = 0; step < 8; step++) {
        assert.ok(anchor)
        const { id, offset } = anchor
        const within = scrollTop - offset
        const before = textRows(screen.rows)[0]
        if (random.next() < 0.3 && before && before.offset > 100)
          screen.prepend({ attempt: 1, offset: before.offset - 100 }, bytesOf('early\n'.repeat(20).slice(-100)))
        else screen.feed(bytesOf('more\n'.repeat(random.whole(1, 30))))

        const moved = follow(screen.rows, heights, anchor)
        if (moved === null) break
        anchor.index += moved
        heights.setCount(screen.rows.length)
        for (let n = 0; n < 5; n++) heights.measure(random.whole(0, screen.rows.length - 1), random.pick([20, 40]))
        scrollTop += drift(screen.rows, heights, anchor)
        const index = screen.rows.findIndex(row => row.id === id)
        assert.ok(Math.abs(scrollTop - within - heights.offsetOf(index)) < 1e-6, `seed ${seed}, step ${step}`)
        anchor = anchorAt(screen.rows, heights, scrollTop)
      }
    }
  })
})

test('lines of trouble are gone through from the last to the first, and back, whatever comes meanwhile', () => {
  const faults = [9, 5, 2].map(id => ({ id, row: id, name: 'Error' as const }))
  assert.deepEqual(
    [nextFault(faults, null, 1), nextFault(faults, 9, 1), nextFault(faults, 2, 1), nextFault(faults, 5, -1)],
    [0, 1, 0, 0],
  )
  assert.equal(nextFault(faults, null, -1), 2)
  assert.equal(nextFault([{ id: 12, row: 12, name: 'Error' }, ...faults], 5, 1), 3)
  assert.equal(nextFault([], 5, 1), -1)
})
