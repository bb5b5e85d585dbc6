import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shellCommand, shellQuote } from '../../../packages/slurm/src/shell-quote.ts'

test('plain words stay as they are', () => {
  for (const word of ['squeue', '--user', '/opt/slurm/bin', 'a.b_c-d', '%i', '1,2:3', 'x@y', '+1']) {
    assert.equal(shellQuote(word), word)
  }
})

test('every other word is quoted so that nothing in it means anything', () => {
  assert.equal(shellQuote(''), "''")
  assert.equal(shellQuote("it's"), `'it'\\''s'`)
  assert.equal(shellQuote('a\nb'), "'a\nb'")
  assert.equal(shellQuote('$(id)'), "'$(id)'")
  for (const word of ['~', '*', '#', 'A=b', '!', 'ü', ' ', '\\', '"', '`', ';', '{a,b}'])
    assert.match(shellQuote(word), /^'.*'$/s)
})

test('a word that looks like an assignment cannot become one', () => {
  assert.equal(shellCommand(['A=b', 'env']), "'A=b' env")
})

test('a NUL, and a command without a name, are bugs of the caller', () => {
  assert.throws(() => shellQuote('a\0'), TypeError)
  assert.throws(() => shellCommand([]), TypeError)
})
