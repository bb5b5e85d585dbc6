import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { copyText, SHOWN_CHARACTERS, shownOf } from '../../../../apps/dashboard/src/log/row.ts'
import { LogScreen } from '../../../../apps/dashboard/src/log/screen.ts'
import { styleOf } from '../../../../apps/dashboard/src/log/style-code.ts'
import { type Chance, chance } from '../chance.ts'
import { bytesOf, linesOf, screenOf, shown, textRows } from './feeding.ts'
import { terminalLines } from './terminal.ts'

describe('lines', () => {
  test('a line ends at \\n and at \\r\\n, and an empty one is a line too', () => {
    assert.deepEqual(linesOf('a\r\n\nb\n'), ['a', '', 'b'])
  })

  test('what has no end yet is shown, and goes on with the next bytes', () => {
    const screen = screenOf('epoch 1\nepo')
    assert.deepEqual(shown(screen), ['epoch 1', 'epo'])
    assert.deepEqual(
      textRows(screen.rows).map(row => row.ended),
      [true, false],
    )
    screen.feed(bytesOf('ch 2\n'))
    assert.deepEqual(shown(screen), ['epoch 1', 'epoch 2'])
    assert.equal(textRows(screen.rows)[1]?.ended, true)
  })

  test('each line knows the byte of the file where it begins, and its number where the count is known', () => {
    const screen = screenOf('é\r\nab\x1b[1mc\x1b[0m\n\nd')
    assert.deepEqual(
      textRows(screen.rows).map(({ offset, number }) => [offset, number]),
      [
        [0, 1],
        [4, 2],
        [16, 3],
        [17, 4],
      ],
    )
    assert.deepEqual(screen.place, { attempt: 1, offset: 18 })
    const tail = screenOf('rest\nwhole\n', { offset: 1000 })
    assert.deepEqual(
      textRows(tail.rows).map(({ offset, number, partial }) => [offset, number, partial]),
      [
        [1000, null, true],
        [1005, null, false],
      ],
    )
  })

  test('a byte of the file is found in its line', () => {
    const screen = screenOf('one\ntwo\nthree\n')
    assert.equal(screen.indexOf({ attempt: 1, offset: 0 }), 0)
    assert.equal(screen.indexOf({ attempt: 1, offset: 5 }), 1)
    assert.equal(screen.indexOf({ attempt: 1, offset: 8 }), 2)
    assert.equal(screen.indexOf({ attempt: 2, offset: 0 }), -1)
  })
})

describe('progress bars', () => {
  test('\\r keeps the last state of the line', () => {
    assert.deepEqual(linesOf(' 10%|#   |\r 55%|##  |\r100%|####|\nsaved\n'), ['100%|####|', 'saved'])
  })

  test('a shorter text leaves the end of the longer one, as on a terminal, and erasing takes it away', () => {
    assert.deepEqual(linesOf('downloading\rdone\n'), ['doneloading'])
    assert.deepEqual(linesOf('downloading\r\x1b[Kdone\n'), ['done'])
    assert.deepEqual(linesOf('downloading\r\x1b[2Kdone\n'), ['done'])
  })

  test('\\b steps back, also over characters of several bytes', () => {
    assert.deepEqual(linesOf('wait |\b/\b-\b\\\n'), ['wait \\'])
    assert.deepEqual(linesOf('naïve🙂\b!\n'), ['naïve!'])
  })

  test('two nested bars stay two lines', () => {
    // As tqdm writes them: the inner bar on the line below, then up again.
    let log = ''
    for (let outer = 0; outer <= 2; outer++) {
      log += `\router ${outer}/2`
      for (let inner = 0; inner <= 3; inner++) log += `\n\rinner ${inner}/3\x1b[A`
    }
    assert.deepEqual(linesOf(`${log}\n\n`), ['outer 2/2', 'inner 3/3'])
  })

  test('the cursor never gets above a new attempt, nor above its reach', () => {
    const screen = screenOf('first\n')
    screen.seam({ kind: 'attempt', attempt: 2, node: 'g07', cause: 'requeue' })
    screen.feed(bytesOf('\x1b[9Asecond\n'))
    assert.deepEqual(shown(screen), ['first', '— attempt 2 started on g07 (requeue) —', 'second'])
    const far = screenOf(`${'line\n'.repeat(8)}\x1b[100A\rtop!`, { limits: { reach: 3 } })
    assert.deepEqual(shown(far), [...Array(5).fill('line'), 'top!', 'line', 'line'])
  })

  test('a long line that is written over again and again costs no more each time', () => {
    const screen = screenOf(`${'x'.repeat(60_000)}${'\b|\b/\b-'.repeat(200_000)}\n`)
    assert.equal(textRows(screen.rows)[0]?.text, `${'x'.repeat(59_999)}-`)
  })
})

describe('looks', () => {
  const looks = (text: string) => {
    const [row] = textRows(screenOf(text).rows)
    assert.ok(row)
    return shownOf(row, true).pieces.map(({ text: piece, style }) => ({ piece, ...styleOf(style) }))
  }
  const plain = { foreground: null, background: null, bold: false, underline: false, marked: false }

  test('colours of 16, 256 and true ones, bold and underline are told apart', () => {
    assert.deepEqual(looks('a\x1b[1;31mb\x1b[22;4;38;5;208mc\x1b[0;48;2;1;2;3md\x1b[me\x1b[97;104mf'), [
      { piece: 'a', ...plain },
      { piece: 'b', ...plain, foreground: { index: 1 }, bold: true },
      { piece: 'c', ...plain, foreground: { index: 208 }, underline: true },
      { piece: 'd', ...plain, background: { rgb: 0x010203 } },
      { piece: 'e', ...plain },
      { piece: 'f', ...plain, foreground: { index: 15 }, background: { index: 12 } },
    ])
  })

  test('colours written with colons are the same', () => {
    assert.deepEqual(looks('\x1b[38:2::255:0:9ma\x1b[38:5:9mb\x1b[4:0;38:2:1:1:1mc'), [
      { piece: 'a', ...plain, foreground: { rgb: 0xff0009 } },
      { piece: 'b', ...plain, foreground: { index: 9 } },
      { piece: 'c', ...plain, foreground: { rgb: 0x010101 } },
    ])
  })

  test('bold on red and bold on green are two looks', () => {
    assert.deepEqual(
      looks('\x1b[31ma\x1b[1mb\x1b[0;32mc\x1b[1md').map(({ piece, foreground, bold }) => [piece, foreground, bold]),
      [
        ['a', { index: 1 }, false],
        ['b', { index: 1 }, true],
        ['c', { index: 2 }, false],
        ['d', { index: 2 }, true],
      ],
    )
  })

  test('white on white in true colour and both flags come back from their number', () => {
    assert.deepEqual(looks('\x1b[1;4;38;2;255;255;255;48;2;255;255;255mx'), [
      {
        ...plain,
        piece: 'x',
        foreground: { rgb: 0xffffff },
        background: { rgb: 0xffffff },
        bold: true,
        underline: true,
      },
    ])
  })

  test('written over, each character has its own look', () => {
    assert.deepEqual(looks('abc\r\x1b[32mX'), [
      { piece: 'X', ...plain, foreground: { index: 2 } },
      { piece: 'bc', ...plain },
    ])
  })

  test('everything else is dropped and counted: cursor hiding, titles, links, clearing, bells', () => {
    const screen = screenOf(
      'a\x1b[?25lb\x1b]0;title\x07c\x1b]8;;https://example.org/\x1b\\d\x1b[2J\x1b[He\x07\x1b(Bf\x1b[>4;2mg\x1b[5;7mh\x1b7\n',
    )
    assert.deepEqual(shown(screen), ['abcdefgh'])
    assert.equal(screen.dropped, 11)
    assert.deepEqual(textRows(screen.rows)[0]?.spans, [])
  })

  test('a title that never ends swallows no line, and neither does a sequence that breaks off', () => {
    assert.deepEqual(linesOf('a\x1b]0;never ended\nnext\n'), ['a', 'next'])
    assert.deepEqual(linesOf('a\x1b[12\nnext\x1b[3é\n'), ['a', 'nexté'])
    const long = linesOf(`\x1bP${'q'.repeat(5000)} told\n`)
    assert.match(long[0] ?? '', /told$/)
  })
})

describe('bytes that are no text', () => {
  test('each is shown as \\xNN and marked; what is around it stays', () => {
    const screen = screenOf(Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0x0a, 0xed, 0xa0, 0x80))
    assert.deepEqual(shown(screen), ['a\\xff\\xc3(\\xe2\\x82', '\\xed\\xa0\\x80'])
    const [row] = textRows(screen.rows)
    assert.ok(row)
    assert.deepEqual(
      shownOf(row, false).pieces.map(({ text, style }) => [text, styleOf(style).marked]),
      [
        ['a', false],
        ['\\xff\\xc3', true],
        ['(', false],
        ['\\xe2\\x82', true],
      ],
    )
  })

  test('a character that is still under way at the end of the log is shown as its bytes', () => {
    const screen = screenOf(Uint8Array.of(0x61, 0xf0, 0x9f))
    assert.deepEqual(shown(screen), ['a'])
    screen.end()
    assert.deepEqual(shown(screen), ['a\\xf0\\x9f'])
  })

  test('the raw view shows every byte, control characters as symbols', () => {
    assert.deepEqual(shown(screenOf('a\tb\x1b[1m\r50%\r\n\x07\x7f\xc3', { raw: true })), ['a␉b␛[1m␍50%␍␊', '␇␡Ã'])
  })
})

describe('bounds', () => {
  test('a line of 1 MB is kept in part, with a count of what is not', () => {
    const screen = screenOf(`${'y'.repeat(1_000_000)}\nafter\n`)
    const [long, after] = textRows(screen.rows)
    assert.equal(long?.text.length, 65_536)
    assert.equal(long?.hidden, 1_000_000 - 65_536)
    assert.equal(after?.text, 'after')
    assert.equal(after?.offset, 1_000_001)
  })

  test('of a long line so much is drawn, until more is asked for; no character is cut in two', () => {
    const [row] = textRows(screenOf(`${'z'.repeat(SHOWN_CHARACTERS - 1)}🙂end\n`).rows)
    assert.ok(row)
    const { pieces, more } = shownOf(row, false)
    assert.equal(pieces.map(piece => piece.text).join(''), 'z'.repeat(SHOWN_CHARACTERS - 1))
    assert.equal(more, 5)
    assert.equal(shownOf(row, true).more, 0)
  })

  test('the oldest lines are let go with a mark that counts them all', () => {
    const screen = new LogScreen({ attempt: 1, offset: 0 }, { limits: { rows: 100, reach: 10 } })
    for (let line = 1; line <= 1000; line++) screen.feed(bytesOf(`line ${line}\n`))
    const [mark, ...rows] = screen.rows
    assert.equal(mark?.kind === 'seam' && mark.seam.kind === 'let-go' && mark.seam.rows, 1000 - rows.length)
    assert.ok(screen.rows.length <= 101)
    assert.equal(shown(screen).at(-1), 'line 1000')
    assert.equal(textRows(rows)[0]?.number, 1001 - rows.length)
  })

  test('few lines may be too much as well, by their length or by their colours', () => {
    for (const line of ['w'.repeat(1000), '\x1b[31mr\x1b[32mg'.repeat(40)]) {
      const screen = new LogScreen({ attempt: 1, offset: 0 }, { limits: { characters: 100_000, reach: 10 } })
      for (let times = 0; times < 1000; times++) screen.feed(bytesOf(`${line}\n`))
      assert.ok(screen.rows.length < 120, `${screen.rows.length} rows`)
    }
  })
})

describe('seams', () => {
  test('a new attempt and a cut file begin at byte 0 and line 1 again, without the colours of before', () => {
    const screen = screenOf('\x1b[31mred')
    screen.seam({ kind: 'attempt', attempt: 2, node: null, cause: null })
    screen.feed(bytesOf('two\n'))
    screen.seam({ kind: 'cut', at: 0 })
    screen.feed(bytesOf('again\n'))
    assert.deepEqual(shown(screen), [
      'red',
      '— attempt 2 started —',
      'two',
      '— file was truncated by the job at byte 0 —',
      'again',
    ])
    assert.deepEqual(
      textRows(screen.rows).map(({ attempt, offset, number, spans }) => [attempt, offset, number, spans.length]),
      [
        [1, 0, 1, 1],
        [2, 0, 1, 0],
        [2, 0, 1, 0],
      ],
    )
    assert.equal(screen.indexOf({ attempt: 2, offset: 1 }), 4)
  })

  test('a connection lost without a byte missing leaves the line under way whole', () => {
    const screen = screenOf('a\nhalf of ')
    screen.seam({ kind: 'lost', clock: '14:02:11', resumedAt: 10, missing: 0 })
    screen.feed(bytesOf('a line\nb\n'))
    assert.deepEqual(shown(screen), [
      'a',
      '— connection lost 14:02:11, resumed at byte 10; nothing missing —',
      'half of a line',
      'b',
    ])
    assert.equal(textRows(screen.rows)[2]?.number, 3)
  })

  test('what was skipped is said, and line numbers end there', () => {
    const screen = screenOf('a\nb')
    screen.seam({ kind: 'skipped', from: 3, bytes: 2 * 1024 * 1024, why: 'slow' })
    screen.feed(bytesOf('rest\nnext\n'))
    assert.deepEqual(shown(screen), ['a', 'b', '— 2 MiB skipped: page was too slow —', 'rest', 'next'])
    assert.deepEqual(
      textRows(screen.rows).map(({ offset, number, partial }) => [offset, number, partial]),
      [
        [0, 1, false],
        [2, 2, false],
        [2_097_155, null, true],
        [2_097_160, null, false],
      ],
    )
  })

  test('copied text has the lines of the job and no seams', () => {
    const screen = screenOf('a\n')
    screen.seam({ kind: 'attempt', attempt: 2, node: null, cause: null })
    screen.feed(bytesOf('\x1b[1mb\x1b[0m\n'))
    assert.equal(copyText(screen.rows), 'a\nb')
  })
})

describe('earlier lines', () => {
  const whole = Array.from({ length: 60 }, (_, line) => `line ${line} ${'·'.repeat(line % 7)}\n`).join('')
  const bytes = bytesOf(whole)

  test('loaded piece by piece they are as if the log had been read from its beginning', () => {
    const wanted = shown(screenOf(whole))
    for (let seed = 1; seed <= 50; seed++) {
      const { whole: between } = chance(seed)
      let from = between(1, bytes.length - 1)
      const screen = screenOf(bytes.subarray(from), { offset: from })
      screen.dropPartial()
      for (let guard = 0; guard < 1000 && from > 0; guard++) {
        const first = textRows(screen.rows)[0]
        assert.ok(first)
        const to = first.offset
        from = Math.max(0, to - between(1, 200))
        screen.prepend({ attempt: 1, offset: from }, bytes.subarray(from, to))
      }
      assert.deepEqual(
        textRows(screen.rows).map(row => row.number),
        wanted.map((_, at) => at + 1),
        `seed ${seed}`,
      )
      assert.deepEqual(
        shown(screen).map(line => line.replaceAll('\\xc2\\xb7', '·')),
        wanted,
        `seed ${seed}`,
      )
      assert.equal(new Set(screen.rows.map(row => row.id)).size, screen.rows.length)
    }
  })

  test('a line under way gets its beginning, and what is written then lands where it belongs', () => {
    const screen = screenOf('\x1b[1mcd', { offset: 2 })
    assert.equal(screen.prepend({ attempt: 1, offset: 0 }, bytesOf('ab')), 0)
    assert.deepEqual(
      textRows(screen.rows).map(({ text, offset, partial, number, spans }) => [
        text,
        offset,
        partial,
        number,
        spans.length,
      ]),
      [['abcd', 0, false, 1, 1]],
    )
    screen.feed(bytesOf('\b\bX\x1b[0m!\n'))
    assert.deepEqual(shown(screen), ['abX!'])
  })

  test('a line of megabytes that is loaded backwards is bounded and counts all of itself', () => {
    const [size, piece] = [500_000, 50_000]
    const screen = screenOf(`${'e'.repeat(piece)}\n${'after\n'.repeat(60)}`, { offset: size - piece })
    for (let to = size - piece; to > 0; to -= piece)
      screen.prepend({ attempt: 1, offset: to - piece }, bytesOf('e'.repeat(piece)))
    const [row] = textRows(screen.rows)
    assert.ok(row)
    assert.deepEqual([row.offset, row.partial, row.text.length + row.hidden], [0, false, size])
    assert.ok(row.text.length <= 65_536)
  })

  test('bytes that do not end where the log begins are refused', () => {
    const screen = screenOf('b\n', { offset: 2 })
    assert.throws(() => screen.prepend({ attempt: 1, offset: 0 }, bytesOf('a')), TypeError)
  })

  test('lines that were let go come back above those that are kept, and the mark counts less', () => {
    const screen = new LogScreen({ attempt: 1, offset: 0 }, { limits: { rows: 50, reach: 5 } })
    screen.feed(bytes)
    const first = textRows(screen.rows)[0]
    const mark = screen.rows[0]
    assert.ok(first?.number && mark?.kind === 'seam' && mark.seam.kind === 'let-go')
    // Whether the first of three lines is whole cannot be known from them: it is left for the next time.
    const linesBefore = whole.split('\n').slice(0, first.number - 4)
    const from = bytesOf(linesBefore.join('\n')).length + 1
    assert.equal(screen.prepend({ attempt: 1, offset: from }, bytes.subarray(from, first.offset)), 2)
    assert.match(shown(screen)[0] ?? '', new RegExp(`^— ${mark.seam.rows - 2} earlier`))
    assert.equal(shown(screen)[1], `line ${first.number - 3} ${'·'.repeat((first.number - 3) % 7)}`)
    const rest = bytes.subarray(0, textRows(screen.rows)[0]?.offset)
    assert.equal(screen.prepend({ attempt: 1, offset: 0 }, rest), 0, 'there is no room for all of them')
  })

  test('the attempt before stands above the line that begins the next', () => {
    const screen = new LogScreen({ attempt: 1, offset: 0 })
    screen.seam({ kind: 'attempt', attempt: 2, node: null, cause: null })
    screen.feed(bytesOf('second\n'))
    assert.equal(screen.prepend({ attempt: 1, offset: 7 }, bytesOf('oldest\nfirst\n')), 1)
    assert.deepEqual(shown(screen), ['first', '— attempt 2 started —', 'second'])
  })
})

describe('whatever is fed', () => {
  const WORDS = [
    'a',
    'bc',
    'loss 0.1',
    'é',
    '🙂',
    '\t',
    '\n',
    '\n',
    '\r',
    '\b',
    '\x1b[A',
    '\x1b[2A',
    '\x1b[B',
    '\x1b[3C',
    '\x1b[2D',
    '\x1b[5G',
    '\x1b[K',
    '\x1b[1K',
    '\x1b[2K',
  ] as const
  const written = (random: Chance, words: readonly string[], most: number): string =>
    Array.from({ length: random.whole(1, most) }, () => random.pick(words)).join('')

  test('2,000 logs of cursor movements look as on a terminal', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const log = written(chance(seed), WORDS, 60)
      assert.deepEqual(linesOf(log), terminalLines(log), `seed ${seed}: ${JSON.stringify(log)}`)
    }
  })

  test('1,000 logs cut anywhere, within characters and sequences too, come to the same rows', () => {
    const odd = [
      ...WORDS,
      '\x1b[1;31m',
      '\x1b[38;5;99m',
      '\x1b[0m',
      '\x1b]0;t\x07',
      '\x1b]8;;u\x1b\\',
      '\x1b',
      '\x1b[',
      '\x07',
      'ÿ',
    ]
    for (let seed = 1; seed <= 1000; seed++) {
      const random = chance(seed)
      // Some bytes are spoilt, so that invalid UTF-8 is cut as well.
      const bytes = bytesOf(written(random, odd, 80)).map(byte =>
        random.next() < 0.02 ? random.whole(0x80, 0xff) : byte,
      )
      const whole = screenOf(bytes)
      whole.end()
      const pieces = new LogScreen({ attempt: 1, offset: 0 })
      for (let at = 0; at < bytes.length; ) {
        const size = random.whole(1, 5)
        pieces.feed(bytes.subarray(at, at + size))
        at += size
      }
      pieces.end()
      const plain = (screen: LogScreen) => screen.rows.map(row => ({ ...row, changedAt: 0 }))
      assert.deepEqual(plain(pieces), plain(whole), `seed ${seed}: ${JSON.stringify([...bytes])}`)
      assert.equal(pieces.dropped, whole.dropped, `seed ${seed}`)
    }
  })

  test('no text is lost of a log without control characters', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = chance(seed)
      const lines = Array.from({ length: random.whole(1, 200) }, () =>
        written(random, ['a', 'Ω', '漢', '🙂', ' '], 100),
      )
      assert.deepEqual(linesOf(`${lines.join('\n')}\n`), lines)
    }
  })
})
