import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRepodataScan,
  NotRepodata,
  type Scanned,
  type ScannedRecord,
} from '../../../../../apps/orchestrator/src/solving/channels/repodata-scan.ts'

const RECORD = { name: 'zlib', version: '1.2.13', build: 'h5eee18b_0', depends: ['libgcc-ng >=11.2.0'] }

function scan(bytes: Buffer, chunk = bytes.length): { records: ScannedRecord[]; scanned: Scanned } {
  const records: ScannedRecord[] = []
  const reading = createRepodataScan(record => records.push(record))
  for (let at = 0; at < bytes.length; at += chunk) reading.push(Buffer.from(bytes.subarray(at, at + chunk)))
  return { records, scanned: reading.end() }
}

const scanText = (text: string) => scan(Buffer.from(text))

/** With everything that JSON allows and real documents have: escapes, braces in strings, spaces, umlauts, empty objects. */
const DOCUMENT = `{
  "info": {"subdir": "linux-64", "odd": "}{\\"", "base_url": "https://example.org/x"},
  "signatures": {"a": [1, 2.5e3, null, {"b": "]]}}\\\\"}], "c": "\\u00fc"},
  "packages": {
    "zlib-1.2.11-0.tar.bz2" : {"name":"zlib","version":"1.2.11","build":"0","depends":[],"summary":"{ \\" } \\\\"},
    "six-1.16.0-py_0.tar.bz2":${JSON.stringify({ ...RECORD, name: 'six', depends: ['python >=3', 'main::x'], l: 'Größe ✓' })}
  },
  "removed": ["a-1-0.conda", "}"],
  "packages.conda": {"zlib-1.2.13-h5eee18b_0.conda":
    ${JSON.stringify(RECORD, null, 2)}},
  "repodata_version": 1
}
`

test('records are found where they stand, however the document comes in parts', () => {
  const bytes = Buffer.from(DOCUMENT)
  const whole = scan(bytes)
  assert.deepEqual(
    whole.records.map(({ name, conda, depends }) => ({ name, conda, depends })),
    [
      { name: 'zlib', conda: false, depends: [] },
      { name: 'six', conda: false, depends: ['python >=3', 'main::x'] },
      { name: 'zlib', conda: true, depends: ['libgcc-ng >=11.2.0'] },
    ],
  )
  assert.deepEqual(whole.scanned, { records: 3, malformed: 0, baseUrl: 'https://example.org/x' })
  for (const { offset, length, name } of whole.records) {
    const one = JSON.parse(`{${bytes.toString('utf8', offset, offset + length)}}`) as Record<string, { name: string }>
    assert.deepEqual(
      Object.values(one).map(record => record.name),
      [name],
    )
  }
  for (let chunk = 1; chunk < bytes.length; chunk += chunk < 40 ? 1 : 17) assert.deepEqual(scan(bytes, chunk), whole)
})

test('a document that is cut off anywhere is not taken for a whole one', () => {
  const bytes = Buffer.from(DOCUMENT.trimEnd())
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => scan(bytes.subarray(0, length)), NotRepodata, `cut after ${length} bytes`)
})

test('what is no repodata is said in words', () => {
  for (const [text, says] of [
    ['', /^is empty$/],
    ['  \n', /^is empty$/],
    ['[1]', /^is no JSON object: it begins with "\[1\]"$/],
    ['<html>\n\u0007', /begins with "<html>\?\?"/],
    ['{}', /neither packages nor packages.conda/],
    ['{"packages": []}', /has no object under packages/],
    ['{"packages": {}} more', /is no JSON: at byte 17/],
    ['{"packages": {},}', /is no JSON: where a name should be/],
    ['{"packages" {}}', /is no JSON: at byte 12/],
    ['{"packages": {"a-1-0.conda": 1}}', /is no JSON: at byte 29/],
    ['{"packages": {"a-1-0.conda": {"name": nonsense}}}', /is no JSON: at byte 14/],
    ['{"packages": {"a-1-0.conda": {}}}', /1 records, none of which has a name/],
  ] as const)
    assert.throws(() => scanText(text), { name: 'NotRepodata', message: says }, text)
})

test('records that no lock could hold are counted and left out', () => {
  const odd = [
    ['../zlib-1-0.conda', RECORD],
    ['zlib-1-0.zip', RECORD],
    ['zlib"-1-0.conda', RECORD],
    ['a-1-0.conda', { ...RECORD, name: '../a' }],
    ['b-1-0.conda', { ...RECORD, depends: 'python' }],
    ['c-1-0.conda', { ...RECORD, depends: [1] }],
    ['d-1-0.conda', { ...RECORD, version: 1 }],
    ['e-1-0.conda', { ...RECORD, name: '__proto__' }],
    ['zlib-1.2.13-h5eee18b_0.conda', RECORD],
  ] as const
  const { records, scanned } = scanText(JSON.stringify({ 'packages.conda': Object.fromEntries(odd) }))
  assert.deepEqual(
    records.map(({ name }) => name),
    ['__proto__', 'zlib'],
  )
  assert.equal(scanned.malformed, 7)
})

test('a record or a name that does not end is not gathered for ever', () => {
  for (const begin of ['{"packages": {"a-1-0.conda": {"name": "', '{"info": {"a": "', '{"']) {
    const reading = createRepodataScan(() => undefined)
    reading.push(Buffer.from(begin))
    const filling = Buffer.alloc(1024 * 1024, 0x61)
    assert.throws(() => {
      for (let i = 0; i < 6; i++) reading.push(filling)
    }, /has an entry of more than/)
  }
})

test('a long value that nobody reads is passed over without being held', () => {
  const reading = createRepodataScan(() => undefined)
  reading.push(Buffer.from('{"packages": {}, "signatures": ["'))
  for (let i = 0; i < 64; i++) reading.push(Buffer.alloc(1024 * 1024, 0x20))
  reading.push(Buffer.from('"]}'))
  assert.equal(reading.end().records, 0)
})
