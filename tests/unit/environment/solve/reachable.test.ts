import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reachable, reach } from '../../../../packages/environment/src/solve/reachable.ts'
import { channelOf, type MadeChannel, URL_OF } from './sources.ts'

const reached = (
  channels: MadeChannel[],
  roots: string[],
  { pins = {}, pinnedOnly = [] }: { pins?: Record<string, string>; pinnedOnly?: string[] } = {},
): Reachable =>
  reach({
    ...{ platform: 'linux-64', channels, roots },
    pins: new Map(Object.entries(pins).map(([name, channel]) => [name, URL_OF(channel)])),
    pinnedOnly: new Set(pinnedOnly.map(URL_OF)),
  })
const homesOf = (result: Reachable, name: string): string[] => [
  ...new Set(result.recordsOf(name).map(one => `${one.channel.split('/').at(-1)}/${one.subdir}`)),
]

test('only what the roots lead to is taken, and nothing twice', () => {
  const main = channelOf('main', [
    { name: 'a', depends: ['b >=1', '__glibc >=2.17'] },
    { name: 'b', depends: ['a', 'c'] },
    { name: 'c', subdir: 'noarch' },
    { name: 'unrelated', depends: ['a'] },
    { name: '__glibc' },
  ])
  const result = reached([main], ['a'])
  assert.equal(result.records, 3)
  assert.deepEqual(homesOf(result, 'c'), ['main/noarch'])
  assert.equal(result.recordsOf('unrelated').length, 0)
  // What nodes have is not for a channel to say.
  assert.equal(result.recordsOf('__glibc').length, 0)
})

test('a name comes from the first channel that has it, with both of its subdirs', () => {
  const first = channelOf('first', [
    { name: 'a', version: '1' },
    { name: 'a', version: '2', subdir: 'noarch' },
  ])
  const second = channelOf('second', [{ name: 'a', version: '9' }, { name: 'b' }])
  assert.deepEqual(homesOf(reached([first, second], ['a']), 'a'), ['first/linux-64', 'first/noarch'])
  assert.deepEqual(homesOf(reached([second, first], ['a']), 'a'), ['second/linux-64'])
  assert.deepEqual(homesOf(reached([first, second], ['b']), 'b'), ['second/linux-64'])
})

test('a pinned name comes from its channel alone, wherever that stands', () => {
  const first = channelOf('first', [{ name: 'a' }])
  const second = channelOf('second', [{ name: 'a' }, { name: 'b' }])
  assert.deepEqual(homesOf(reached([first, second], ['a'], { pins: { a: 'second' } }), 'a'), ['second/linux-64'])
  assert.deepEqual(homesOf(reached([first, second], ['b'], { pins: { b: 'first' } }), 'b'), [])
})

test('a channel that is not listed gives the packages that are pinned to it, and no others', () => {
  const main = channelOf('main', [{ name: 'a' }])
  const extra = channelOf('extra', [{ name: 'p', depends: ['a', 'q'] }, { name: 'q' }, { name: 'a', version: '9' }])
  const result = reached([main, extra], ['p'], { pins: { p: 'extra' }, pinnedOnly: ['extra'] })
  assert.deepEqual(homesOf(result, 'p'), ['extra/linux-64'])
  assert.deepEqual(homesOf(result, 'a'), ['main/linux-64'])
  assert.deepEqual(homesOf(result, 'q'), [])
})

test('the documents are the same whatever the order of roots and records, and every channel has both', () => {
  const records = [{ name: 'a', version: '2' }, { name: 'a', version: '1' }, { name: 'b', conda: false }, { name: 'c' }]
  const one = reached([channelOf('main', records)], ['a', 'b', 'c'])
  const other = reached([channelOf('main', [...records].reverse())], ['c', 'b', 'a'])
  assert.deepEqual(one.documents, other.documents)
  assert.deepEqual(
    one.documents.map(document => document.subdir),
    ['linux-64', 'noarch'],
  )
  const document = JSON.parse(one.documents[0]?.text ?? '')
  assert.deepEqual(Object.keys(document.packages), ['b-1-0.tar.bz2'])
  assert.deepEqual(Object.keys(document['packages.conda']), ['a-1-0.conda', 'a-2-0.conda', 'c-1-0.conda'])
})

test('of two records with one file name the first counts, for the solver as for the lock', () => {
  const one = { name: 'a', more: { license: 'first' } }
  const result = reached([channelOf('main', [one, { name: 'a', more: { license: 'second' } }])], ['a'])
  assert.equal(result.records, 1)
  assert.match(result.recordOf(URL_OF('main'), 'linux-64', 'a-1-0.conda')?.text ?? '', /first/)
  assert.deepEqual([...result.leftOut], [['the file name of another', 1]])
})

test('records that are left out are counted by their reason', () => {
  const main = channelOf('main', [
    { name: 'a', depends: ['main::b'] },
    { name: 'a', version: '2', depends: ['main::b'] },
    { name: 'a', version: '3', more: { sha256: undefined } },
    { name: 'a', version: '4' },
  ])
  const result = reached([main], ['a'])
  assert.equal(result.records, 1)
  assert.deepEqual(
    [...result.leftOut],
    [
      ['a dependency on another channel', 2],
      ['no sha256', 1],
    ],
  )
})
