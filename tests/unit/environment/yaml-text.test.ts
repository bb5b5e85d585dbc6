import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readYaml } from '../../../packages/environment/src/yaml-text.ts'

const LIMITS = { characters: 1000, lines: 20, depth: 4 }
const read = (text: string) => readYaml(text, 'file.yml', LIMITS)
const first = (text: string) => {
  const reading = read(text)
  if (reading.ok) throw new Error(`taken: ${JSON.stringify(reading.value.value)}`)
  return reading.findings[0]
}

test('versions, truths and nothing stay the text that they were written as', () => {
  const reading = read('a: 3.10\nb: no\nc: ~\nd:\ne: 0x1f\nf: [1_000, 2026-01-01]')
  assert.ok(reading.ok)
  assert.equal(
    JSON.stringify(reading.value.value),
    '{"a":"3.10","b":"no","c":"~","d":"","e":"0x1f","f":["1_000","2026-01-01"]}',
  )
})

test('a field has the place of its key, an entry its own, and what is not there the place above it', () => {
  const reading = read('one: 1\ntwo:\n  - a\n  - b: c\n    d~/e: f\n')
  assert.ok(reading.ok)
  const { placeOf } = reading.value
  assert.deepEqual(placeOf('/two'), { line: 2, column: 1 })
  assert.deepEqual(placeOf('/two/0'), { line: 3, column: 5 })
  assert.deepEqual(placeOf('/two/1/d~0~1e'), { line: 5, column: 5 })
  assert.deepEqual(placeOf('/two/7/x'), { line: 2, column: 1 })
})

test('aliases, anchors, tags, merge keys, keys that are lists, second documents and repeated keys are refused where they stand', () => {
  const cases: [string, RegExp, number, number][] = [
    ['a: &x [1]\nb: 2', /&x is an anchor/, 1, 7],
    ['a: 1\nb: *x', /Unresolved alias|\*x is an alias/, 2, 4],
    ['<<: {a: b}', /<< merges another map/, 1, 1],
    ['a: !!binary aGk=', /tag/i, 1, 13],
    ['a: !!js/function "x"', /tag/i, 1, 4],
    ['? [a, b]\n: c', /key is not plain text/, 1, 3],
    ['a: 1\n---\nb: 2', /multiple documents/, 2, 1],
    ['a: 1\nb: 2\na: 3', /unique/, 3, 1],
    ['a: {b: {c: {d: {e: {f: g}}}}}', /nested too deep/, 1, 20],
    ['a:\n b:\n  c:\n   d:\n    e: f', /nested too deep/, 5, 5],
    ['a: "b', /quote/, 1, 6],
  ]
  for (const [text, detail, line, column] of cases) {
    const finding = first(text)
    assert.match(finding?.detail ?? '', detail, text)
    assert.deepEqual([finding?.line, finding?.column], [line, column], text)
  }
})

test('a file of brackets, of lines, of characters or with unseen ones is refused before it is read', () => {
  assert.match(first('a\n'.repeat(20))?.detail ?? '', /has 21 lines; at most 20/)
  assert.equal(first('a\n'.repeat(20))?.line, 21)
  assert.match(first('a'.repeat(1001))?.detail ?? '', /has 1001 characters; at most 1000/)
  for (const unseen of ['\0', '\x1b', '\x7f', '\u0085', '\u202e', '\ud800', '\ufeff']) {
    const finding = first(`a: 1\nbc: x${unseen}y`)
    assert.match(finding?.detail ?? '', /cannot be seen/, JSON.stringify(unseen))
    assert.deepEqual([finding?.line, finding?.column], [2, 6])
  }
  assert.ok(read('\ufeffa: 1\r\nb: "\tx"\r\n').ok, 'a byte order mark at the start, tabs and CRLF are usual')
})

test('__proto__ is a key like any other, and changes no object', () => {
  const reading = read('__proto__: {polluted: yes}\na: b')
  assert.ok(reading.ok)
  assert.equal(Object.getPrototypeOf(reading.value.value), null)
  assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined)
  assert.deepEqual(Object.keys(reading.value.value as object), ['__proto__', 'a'])
})

test('what would end the stack of the parser, and with it the process, does not reach it', () => {
  const wide = { characters: 100_000, lines: 30_000, depth: 4 }
  for (const text of [
    '['.repeat(60_000),
    '{'.repeat(60_000),
    `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    '- '.repeat(30_000),
    '? '.repeat(30_000),
    'a: '.repeat(20_000),
    Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ]) {
    const reading = readYaml(text, 'file.yml', wide)
    assert.equal(reading.ok, false)
    assert.match(reading.ok ? '' : (reading.findings[0]?.detail ?? ''), /nested too deep/)
  }
  const harmless = `a: |\n${' '.repeat(80)}[[[[[[ - - - - - -\nb: "[[[[[[[ {{{{{{"\nc: x[[[[[[\n# [[[[[[[[\n`
  assert.ok(readYaml(harmless, 'file.yml', wide).ok, 'brackets within text open nothing')
})
