import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNameOf, isSafeName } from '../../../apps/cli/src/artifacts/file-name.ts'

test('names that the contract allows are files in the folder', () => {
  for (const name of ['model.json', 'weights.bin', 'model-graph.json', 'a', '0.csv'])
    assert.equal(fileNameOf(name), name)
})

test('no name leaves the folder, hides, or is read otherwise by a shell or a terminal', () => {
  const names = [
    '',
    '.',
    '..',
    '../x',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '.ssh',
    '-rf',
    'a b',
    'a\u0000b',
    'a\u001b[2J',
    'a\nb',
    'x.',
    'ä',
    `${'a'.repeat(200)}`,
    '~root',
    'C:x',
  ]
  for (const name of names) {
    assert.equal(isSafeName(name), false, JSON.stringify(name))
    assert.throws(() => fileNameOf(name), /names an artifact/)
  }
})
