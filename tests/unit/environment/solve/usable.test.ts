import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaintOf, isReadable, withCudaFloor } from '../../../../packages/environment/src/solve/usable.ts'
import { channelOf, type MadeRecord } from './sources.ts'

function recordOf(made: MadeRecord) {
  const [record] = channelOf('main', [made]).sources[0]?.records(made.name) ?? []
  assert.ok(record)
  return record
}
const anyVersion = (): boolean => true

test('a record without hashes is left out, since nobody could lock it', () => {
  assert.equal(complaintOf(recordOf({ name: 'a' })), null)
  assert.match(complaintOf(recordOf({ name: 'a', more: { sha256: undefined } })) ?? '', /no sha256/)
  assert.match(complaintOf(recordOf({ name: 'a', more: { md5: undefined } })) ?? '', /no md5/)
  for (const sha256 of [null, '', 'f'.repeat(63), 7])
    assert.match(complaintOf(recordOf({ name: 'a', more: { sha256 } })) ?? '', /no sha256/)
  const spaced = recordOf({ name: 'a' })
  assert.equal(complaintOf({ ...spaced, text: spaced.text.replaceAll('":', '": ') }), null)
})

test('a record that is not what its file is named for is left out, since no lock could have it', () => {
  for (const more of [{ name: 'b' }, { version: '1.0' }, { build: 'py_0' }])
    assert.match(complaintOf(recordOf({ name: 'a', more })) ?? '', /another name, version or build/)
})

test('a dependency with a channel, which the solver dies of, is seen however it is written', () => {
  for (const line of ['main::numpy', 'main:space:numpy', 'numpy[channel=main]', 'numpy[ channel = "main" ]']) {
    assert.match(complaintOf(recordOf({ name: 'a', depends: [line] })) ?? '', /another channel/)
    assert.match(complaintOf(recordOf({ name: 'a', constrains: [line] })) ?? '', /another channel/)
  }
  const escaped = { ...recordOf({ name: 'a', depends: ['main@@numpy'] }) }
  escaped.text = escaped.text.replace('@@', '\\u003a\\u003a')
  assert.match(complaintOf(escaped) ?? '', /another channel/)
})

test('a dependency that names no package, which the solver dies of, is left out', () => {
  for (const line of ['*', ' * 1.0', '\t\n*=1', '^num.*$', '&)%$^&', '(numpy)'])
    assert.match(complaintOf(recordOf({ name: 'a', depends: [line] })) ?? '', /names no package/, line)
  assert.equal(
    complaintOf(
      recordOf({
        name: 'a',
        depends: ['b *', 'c * *_mkl', '_libgcc_mutex 0.1 main', 'd>=1', "e[version='>=1']", 'f ^1$', '7zip'],
      }),
    ),
    null,
  )
})

test('the same words elsewhere in a record are no reason to leave it out', () => {
  assert.equal(complaintOf(recordOf({ name: 'channels', more: { license: 'A::B', summary: 'channel' } })), null)
  assert.equal(complaintOf(recordOf({ name: 'a', more: { license: 'caf\u00e9 \u0007' } })), null)
})

test('a dependency of thousands of brackets, which the solver dies of, is left out', () => {
  const line = `a ${'('.repeat(20_000)}>1${')'.repeat(20_000)}`
  assert.match(complaintOf(recordOf({ name: 'a', depends: [line] })) ?? '', /no line/)
})

test('CUDA packages without a word about the driver are given the floor of their version, once', () => {
  const constrainsOf = (made: MadeRecord): unknown => JSON.parse(withCudaFloor(made.name, recordOf(made))).constrains
  assert.deepEqual(constrainsOf({ name: 'cudatoolkit', version: '9.2' }), ['__cuda >=9.2'])
  assert.deepEqual(constrainsOf({ name: 'cudatoolkit', version: '10.1.243' }), ['__cuda >=10.1'])
  assert.deepEqual(constrainsOf({ name: 'cuda-version', version: '12.4', constrains: ['cudatoolkit 12.4|12.4.*'] }), [
    'cudatoolkit 12.4|12.4.*',
    '__cuda >=12',
  ])
  assert.deepEqual(constrainsOf({ name: 'cudatoolkit', version: '9.2', constrains: ['__cuda >=9.2'] }), [
    '__cuda >=9.2',
  ])
  const other = recordOf({ name: 'numpy', version: '9.2' })
  assert.equal(withCudaFloor('numpy', other), other.text)
})

test('a record that the solver could not read is known by each of its fields', () => {
  assert.ok(isReadable(recordOf({ name: 'a', more: { noarch: 'python', timestamp: 1_571_000_000_000 } }), anyVersion))
  const broken: Record<string, unknown>[] = [
    { size: -1 },
    { md5: 'zz' },
    { sha256: 'f'.repeat(63) },
    { build_number: -4 },
    { depends: [5] },
    { constrains: 'x' },
    { timestamp: 1e300 },
    { noarch: 'moon' },
    { name: 'Ü' },
    { version: 7 },
    { python_site_packages_path: 5 },
  ]
  for (const more of broken)
    assert.equal(isReadable(recordOf({ name: 'a', more }), anyVersion), false, JSON.stringify(more))
  assert.equal(
    isReadable(recordOf({ name: 'a' }), () => false),
    false,
  )
})
