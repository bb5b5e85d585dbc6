import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contrast } from '../../../../apps/dashboard/src/colour/contrast.ts'
import { GROUND } from '../../../../apps/dashboard/src/colour/palette.ts'
import { coloursOf } from '../../../../apps/dashboard/src/log/ansi-colours.ts'
import { faultLines, faultOf } from '../../../../apps/dashboard/src/log/error-lines.ts'
import { FOLLOWING, type FollowEvent, follow, followSaid, pillText } from '../../../../apps/dashboard/src/log/follow.ts'
import { compileQuery, type Query } from '../../../../apps/dashboard/src/log/query.ts'
import { nextMatch, searchRows, searchText, ticks, wholeFileText } from '../../../../apps/dashboard/src/log/search.ts'
import { VirtualRows } from '../../../../apps/dashboard/src/log/virtual-rows.ts'
import { chance } from '../chance.ts'
import { screenOf } from './feeding.ts'

const findOf = (query: Partial<Query> & { text: string }) => {
  const compiled = compileQuery({ regex: false, ignoreCase: false, ...query })
  assert.ok('find' in compiled, JSON.stringify(compiled))
  return compiled.find
}

describe('search', () => {
  const screen = screenOf('loss 1\n\x1b[31mLoss\x1b[0m 2 loss\nnothing\n')
  screen.seam({ kind: 'skipped', from: 0, bytes: 1, why: 'slow' })

  test('counts every match and every line, across colours and never in a seam', () => {
    const result = searchRows(screen.rows, findOf({ text: 'loss', ignoreCase: true }))
    assert.deepEqual([result.count, result.lines, result.stoppedAt], [3, 2, null])
    assert.deepEqual(
      result.matches.map(({ row, start, end }) => [row, start, end]),
      [
        [0, 0, 4],
        [1, 0, 4],
        [1, 7, 11],
      ],
    )
    assert.equal(searchText(result, screen.rows.length), '3 matches in 2 lines of what is loaded')
    assert.equal(searchRows(screen.rows, findOf({ text: 'skipped' })).count, 0)
    assert.equal(searchRows(screen.rows, findOf({ text: '' })).count, 0)
  })

  test('signs of a text are not those of a pattern', () => {
    const rows = screenOf('a.b\naxb\n(a|b)*\n').rows
    assert.equal(searchRows(rows, findOf({ text: 'a.b', ignoreCase: true })).count, 1)
    assert.equal(searchRows(rows, findOf({ text: 'a.b', regex: true })).count, 3)
    assert.equal(searchRows(rows, findOf({ text: '(a|b)*', ignoreCase: true })).count, 1)
  })

  test('only so many are kept to walk through, all are counted', () => {
    const result = searchRows(screenOf('x'.repeat(100)).rows, findOf({ text: 'x' }), { mostKept: 10 })
    assert.deepEqual([result.matches.length, result.count], [10, 100])
  })

  test('a search that takes too long stops and says where', () => {
    let time = 0
    const result = searchRows(screenOf('x\n'.repeat(2000)).rows, findOf({ text: 'x' }), {
      budgetMs: 5,
      now: () => (time += 2),
    })
    assert.equal(result.stoppedAt, 768)
    assert.match(searchText(result, 2000), /768 matches in 768 lines of the first 768 of 2\u202f000 rows/)
  })

  test('patterns that could hang the page, or mean something else on the cluster, are refused in a sentence', () => {
    for (const text of ['(a+)+$', '(a*)*', '((ab)+c)+', '(a|b+){2,}', '(x)\\1', '(?=a)b', '(?<!a)b', '(', '[a'])
      assert.ok('problem' in compileQuery({ text, regex: true, ignoreCase: false }), text)
    for (const text of [
      'loss=[0-9.]+',
      '(ab|cd)+',
      'a{2,5}',
      '(a+)b',
      '[(+*)]+',
      '\\(a+\\)+',
      'epoch \\d+ .*nan',
      '(?:a|b)?',
    ])
      assert.ok('find' in compileQuery({ text, regex: true, ignoreCase: false }), text)
  })

  test('a pattern that matches nothing at all ends', () => {
    assert.equal(searchRows(screenOf('abc\n').rows, findOf({ text: 'x*', regex: true })).count, 0)
  })

  test('n and N go from match to match and round the end', () => {
    const { matches } = searchRows(screen.rows, findOf({ text: 'loss', ignoreCase: true }))
    assert.equal(nextMatch(matches, { row: 0, start: 0 }, 'next'), 1)
    assert.equal(nextMatch(matches, { row: 1, start: 7 }, 'next'), 0)
    assert.equal(nextMatch(matches, { row: 1, start: 7 }, 'previous'), 1)
    assert.equal(nextMatch(matches, { row: 0, start: 0 }, 'previous'), 2)
    assert.equal(nextMatch([], { row: 0, start: 0 }, 'next'), -1)
  })

  test('ticks stand where the matches are, each place once', () => {
    const at = (row: number) => ({ id: row, row, start: 0, end: 1 })
    assert.deepEqual(ticks([at(0), at(1), at(99)], 100, 10), [0.05, 0.95])
  })

  test('what the cluster found is said with its limits', () => {
    assert.equal(
      wholeFileText({ shown: 500, matches: 1922, bytes: 10 * 1024 ** 3, seconds: 4.1 }),
      'first 500 of 1\u202f922 matches; 10 GiB searched in 4.1 s',
    )
    assert.equal(
      wholeFileText({ shown: 0, matches: 0, bytes: 512, seconds: 0.02 }),
      'nothing found; 512 B searched in 0.0 s',
    )
  })
})

describe('lines that tell of a fault', () => {
  test('are known by what programs say when they die', () => {
    const lines = [
      ['Traceback (most recent call last):', 'Traceback'],
      ['RuntimeError: CUDA error: no kernel image is available for execution on the device', 'CUDA'],
      ['torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB', 'CUDA'],
      ['slurmstepd: error: Detected 1 oom_kill event in StepId=17.batch', 'out of memory'],
      ['/var/spool/slurm/job00017/slurm_script: line 4:  4711 Killed                  python train.py', 'Killed'],
      ['slurmstepd: error: *** JOB 17 ON g07 CANCELLED AT 2026-11-27T14:02:11 DUE TO TIME LIMIT ***', 'slurmstepd'],
      ['Segmentation fault (core dumped)', 'segfault'],
      ['epoch 37: loss: nan', 'NaN'],
      ['loss=NaN, mae=2', 'NaN'],
      ['ValueError: shapes do not match', 'Error'],
      ['ERROR could not open data.csv', 'Error'],
      ['error: unrecognized arguments: --foo', 'Error'],
    ] as const
    for (const [line, name] of lines) assert.equal(faultOf(line), name, line)
  })

  test('lines of healthy programs are not among them', () => {
    for (const line of [
      'Using CUDA 12.6 on Tesla V100',
      '0 errors, 0 warnings',
      'nan-safe reduction enabled',
      'banana bread',
      'mean absolute error 0.3',
      'room for 3 more',
      'Killed processes are restarted'.toLowerCase(),
      'CUDNN_STATUS_SUCCESS',
    ])
      assert.equal(faultOf(line), null, line)
  })

  test('the last comes first', () => {
    const { rows } = screenOf('Error: a\nfine\nValueError: b\n')
    assert.deepEqual(
      faultLines(rows).map(({ row, name }) => [row, name]),
      [
        [2, 'Error'],
        [0, 'Error'],
      ],
    )
    assert.equal(faultLines(screenOf('Error: x\n'.repeat(50)).rows, 10).length, 10)
  })
})

describe('colours of a log', () => {
  test('can be read on either ground, whatever was asked for, also on a background of its own', () => {
    const random = chance(5)
    const colour = () => (random.next() < 0.5 ? { index: random.whole(0, 255) } : { rgb: random.whole(0, 0xffffff) })
    for (let times = 0; times < 1000; times++) {
      const foreground = random.next() < 0.8 ? colour() : null
      const background = random.next() < 0.5 ? colour() : null
      for (const ground of ['light', 'dark'] as const) {
        const { text, behind } = coloursOf({ foreground, background }, ground)
        assert.equal(text === null, foreground === null && background === null)
        if (text === null) continue
        const under = behind ?? GROUND[ground]
        assert.ok(contrast(text, under) >= 4.5, `${text} on ${under}: ${contrast(text, under)}`)
      }
    }
  })

  test('a colour moves no further than it has to', () => {
    for (const [index, ground] of [
      [11, 'light'],
      [10, 'light'],
      [4, 'dark'],
      [0, 'dark'],
    ] as const) {
      const { text } = coloursOf({ foreground: { index }, background: null }, ground)
      assert.ok(text !== null && contrast(text, GROUND[ground]) < 4.8, `${index} on ${ground}: ${text}`)
    }
  })

  test('what can be read already is left as it is', () => {
    assert.deepEqual(coloursOf({ foreground: { rgb: 0xcd0000 }, background: null }, 'light'), {
      text: '#cd0000',
      behind: null,
    })
    assert.deepEqual(coloursOf({ foreground: { index: 196 }, background: null }, 'dark').text, '#ff0000')
    assert.deepEqual(coloursOf({ foreground: { index: 244 }, background: { index: 16 } }, 'dark').behind, '#000000')
  })
})

describe('following', () => {
  const after = (...events: FollowEvent[]) => events.reduce(follow, FOLLOWING)
  const lines = { type: 'lines', added: 107 } as const

  test('goes on while lines come, and nothing moves a person who reads', () => {
    assert.deepEqual(after(lines, lines), FOLLOWING)
    for (const event of [
      { type: 'scrolled', up: true, atEnd: false },
      { type: 'selected' },
      { type: 'searched' },
      { type: 'jumped' },
    ] as const) {
      const reading = after(event, lines, lines)
      assert.equal(reading.following, false, event.type)
      assert.equal(pillText(reading), '↓ 214 new lines')
      assert.deepEqual(follow(reading, { type: 'to-end' }), FOLLOWING)
    }
  })

  test('scrolling to the end by hand takes it up again', () => {
    const up = { type: 'scrolled', up: true, atEnd: false } as const
    assert.deepEqual(after(up, lines, { type: 'scrolled', up: false, atEnd: true }), FOLLOWING)
    assert.equal(after(up, { type: 'scrolled', up: false, atEnd: false }).following, false)
  })

  test('off is off: scrolling to the end does not switch it on, the key does', () => {
    const off = after({ type: 'toggled' }, lines, { type: 'scrolled', up: false, atEnd: true })
    assert.equal(off.following, false)
    assert.equal(off.newLines, 107)
    assert.deepEqual(follow(off, { type: 'toggled' }), FOLLOWING)
  })

  test('is said at its edges and not at every line', () => {
    const reading = after({ type: 'selected' })
    assert.equal(followSaid(FOLLOWING, reading), 'follow off')
    assert.equal(followSaid(reading, FOLLOWING), 'follow on')
    assert.equal(followSaid(reading, follow(reading, lines)), null)
    assert.equal(pillText(FOLLOWING), null)
  })
})

describe('virtual rows', () => {
  test('agree with a plain sum, whatever is measured, added and taken away (300 histories)', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { whole, next } = chance(seed)
      const rows = new VirtualRows(20)
      let heights: number[] = []
      for (let step = 0; step < 60; step++) {
        const what = next()
        if (what < 0.3) {
          const count = what < 0.05 ? whole(0, heights.length) : heights.length + whole(0, 40)
          heights = Array.from({ length: count }, (_, at) => heights[at] ?? 20)
          rows.setCount(count)
        } else if (what < 0.4) {
          const by = whole(-Math.min(10, heights.length), 10)
          heights = by < 0 ? heights.slice(-by) : [...Array<number>(by).fill(20), ...heights]
          rows.shift(by)
        } else if (heights.length > 0) {
          const at = whole(0, heights.length - 1)
          const height = whole(1, 200)
          assert.equal(rows.measure(at, height), height - (heights[at] ?? 0))
          heights[at] = height
        }
        assert.equal(rows.count, heights.length)
        const total = heights.reduce((sum, height) => sum + height, 0)
        assert.equal(rows.total, total, `seed ${seed}, step ${step}`)
        const row = whole(0, heights.length)
        const top = heights.slice(0, row).reduce((sum, height) => sum + height, 0)
        assert.equal(rows.offsetOf(row), top)
        if (row < heights.length) {
          assert.equal(rows.rowAt(top), row)
          assert.equal(rows.rowAt(top + (heights[row] ?? 0) - 0.5), row)
        }
      }
      assert.equal(rows.rowAt(1e12), Math.max(0, heights.length - 1))
    }
  })

  test('a window has the rows in view and a few to spare', () => {
    const rows = new VirtualRows(20)
    rows.setCount(1000)
    assert.deepEqual(rows.window(2000, 100, 5), { first: 95, end: 111, offset: 1900 })
    rows.measure(0, 1020)
    assert.deepEqual(rows.window(2000, 100, 0), { first: 50, end: 56, offset: 2000 })
    assert.deepEqual(rows.window(0, 100, 5), { first: 0, end: 6, offset: 0 })
    assert.deepEqual(new VirtualRows(20).window(0, 100, 5), { first: 0, end: 0, offset: 0 })
  })

  test('after wrapping is switched nothing measured holds', () => {
    const rows = new VirtualRows(20)
    rows.setCount(10)
    rows.measure(3, 100)
    rows.reset(18)
    assert.equal(rows.total, 180)
  })
})
