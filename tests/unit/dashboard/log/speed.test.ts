// What megabytes of log cost, and that nothing a program can write grows with the square of something. CPU time, as other tests run
// beside this one. Seen for 10 MB each on a busy machine with Node.js 20: plain lines 115 to 250 ms, lines with accents 300 to 460,
// progress bars 110 to 200, nested bars 170 to 210, coloured words 740 to 850, a letter a colour 350 to 460, one line 15 to 20, a spinner
// behind 60 kB 640 to 730, blanking 830 to 880, no text 280 to 510, titles 240 to 340, noise 4,000, 10 million empty lines 4,500.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogScreen } from '../../../../apps/dashboard/src/log/screen.ts'
import { chance } from '../chance.ts'
import { bytesOf } from './feeding.ts'

const CHUNK = 65_536

function fill(size: number, piece: (at: number) => string): Uint8Array {
  const pieces: string[] = []
  for (let length = 0, n = 0; length < size; n++) {
    const made = piece(n)
    pieces.push(made)
    length += made.length
  }
  return bytesOf(pieces.join(''))
}

function fedMs(bytes: Uint8Array): number {
  const screen = new LogScreen({ attempt: 1, offset: 0 })
  const before = process.cpuUsage()
  for (let at = 0; at < bytes.length; at += CHUNK) screen.feed(bytes.subarray(at, at + CHUNK))
  const { user, system } = process.cpuUsage(before)
  assert.equal(screen.place.offset, bytes.length)
  return (user + system) / 1000
}

const plain = (n: number): string =>
  `2026-11-27 12:00:00,123 INFO step ${n}: loss=0.${n} lr=1e-3 throughput 1234 samples/s\n`

test('10 MB of plain log are fed in a second or so', () => {
  const tookMs = fedMs(fill(10_000_000, plain))
  assert.ok(tookMs < 5000, `${tookMs} ms`)
})

const bar = (n: number): string =>
  `\r${n % 100}%|${'█'.repeat(n % 20)}${' '.repeat(20 - (n % 20))}| ${n}/1000${n % 100 === 99 ? '\n' : ''}`
const coloured = (n: number): string => `\x1b[32mINFO\x1b[0m \x1b[1;38;5;${n % 256}mstep\x1b[0m ${n}\n`
const CASES: [string, (n: number) => string][] = [
  ['accents and blocks', n => `étape ${n} – perte 0.${n} ██████ µs\n`],
  ['progress bars', bar],
  ['nested bars', n => `\router ${n}\n\rinner ${n} ########\x1b[A`],
  ['coloured words', coloured],
  ['a letter a colour', n => `\x1b[3${n % 8}mx`],
  ['one line without end', () => '0123456789abcdef'.repeat(64)],
  ['a spinner behind a long line', n => (n === 0 ? 'x'.repeat(60_000) : '\b|\b/\b-')],
  ['blanking a long line', n => (n === 0 ? `${'y'.repeat(60_000)}\x1b[4000G` : '\x1b[1Kz\x1b[4000G')],
  ['erasing and the far right', () => '\x1b[2K\x1b[999Gz'],
  ['going up and writing over', n => (n < 60 ? `${'z'.repeat(12_000)}\n` : '\x1b[40Aq\n')],
  ['empty lines', () => '\n\n\n\n'],
  ['titles without end', () => '\x1b]0;\x1b]0;'],
]
for (const [name, piece] of CASES)
  test(`a megabyte of it holds nothing up: ${name}`, () => {
    const tookMs = fedMs(fill(1_000_000, piece))
    assert.ok(tookMs < 2500, `${tookMs} ms`)
  })

test('half a megabyte of noise, and of bytes that are no text, hold nothing up', () => {
  const random = chance(1)
  for (const byte of [() => random.whole(0, 255), () => 0xff]) {
    const tookMs = fedMs(Uint8Array.from({ length: 500_000 }, byte))
    assert.ok(tookMs < 2500, `${tookMs} ms`)
  }
})
