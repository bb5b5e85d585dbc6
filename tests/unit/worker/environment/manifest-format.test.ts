import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  kindOf,
  type ManifestEntry,
  manifestText,
  openManifestText,
  readLine,
} from '../../../../apps/worker/src/environment/manifest-format.ts'

const entry = (path: string, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  bytes: 7,
  mtimeNs: 1_795_812_690_548_550_528n,
  ctimeNs: 1_795_812_690_557_993_820n,
  mode: 0o100444,
  sha256: 'a'.repeat(64),
  ...more,
})
const folder = (path: string): ManifestEntry => entry(path, { mode: 0o040555, bytes: 0, sha256: null })

test('a list of files is read as it was written, whatever is in the names', () => {
  const names = [
    'lib/a b',
    'lib/a\nb',
    'lib/a\\nb',
    'lib/a\rb',
    'lib/\\',
    'lib/ä€𝄞',
    'lib/a\u2028b',
    'lib/-',
    ' lib',
    'lib/x ',
  ]
  const entries = names.map((path, i) => entry(path, { bytes: i, mtimeNs: -5n }))
  const manifest = openManifestText(Buffer.from(manifestText(entries)))
  assert.equal(manifest.count, names.length)
  assert.deepEqual(
    manifest.all().sort((a, b) => a.bytes - b.bytes),
    entries,
  )
})

test('folders stand first, and the same files give the same text in whatever order they come', () => {
  const entries = [entry('bin/z'), folder('lib'), entry('a'), folder('.'), folder('bin')]
  const text = manifestText(entries)
  assert.equal(text, manifestText([...entries].reverse()))
  const manifest = openManifestText(Buffer.from(text))
  assert.equal(manifest.directories, 3)
  assert.deepEqual(
    manifest.all().map(one => one.path),
    ['.', 'bin', 'lib', 'a', 'bin/z'],
  )
})

test('a list without a file, of folders alone, and of files alone know how many folders they have', () => {
  const directories = (entries: ManifestEntry[]): number =>
    openManifestText(Buffer.from(manifestText(entries))).directories
  assert.deepEqual([directories([]), directories([folder('a'), folder('b')]), directories([entry('a')])], [0, 2, 0])
})

test('a line that is none is told, not guessed at', () => {
  const good = manifestText([entry('lib/a')]).trimEnd()
  assert.equal(readLine(good)?.path, 'lib/a')
  for (const bad of ['', 'x', good.replace('7 ', '-7 '), good.replace('100444', '100449'), good.slice(0, -6)])
    assert.equal(readLine(bad), null, bad)
  assert.throws(() => openManifestText(Buffer.from('no line\n')).at(0), /line 1 .* cannot be read: no line/)
})

test('modes tell folders, files, links and whatever else there is apart', () => {
  assert.deepEqual([0o040755, 0o100644, 0o120777, 0o010644, 0o140755, 0o060660].map(kindOf), [
    'directory',
    'file',
    'link',
    'other',
    'other',
    'other',
  ])
})
