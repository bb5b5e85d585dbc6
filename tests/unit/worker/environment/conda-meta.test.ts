// The records that real installers wrote: tests/fixtures/conda.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CondaRecord, EnvironmentLock } from '@trotline/contracts'
import {
  claimsOf,
  comparePackages,
  type FoundRecord,
  hasScripts,
} from '../../../../apps/worker/src/environment/conda-meta.ts'
import { collectFindings } from '../../../../apps/worker/src/environment/drift.ts'

const FIXTURES = new URL('../../../fixtures/conda/', import.meta.url)
function recorded(file: string): FoundRecord {
  const record = CondaRecord.parse(JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')))
  return { path: `conda-meta/${file.split('/').at(-1)}`, record }
}

test('records of rattler are read: files by the hash that they have in the prefix, links and noarch modules by their places', () => {
  const findings = collectFindings()
  const claims = claimsOf(
    [
      recorded('rattler-0.28/recorded-1.2-h1234567_0.json'),
      recorded('rattler-0.28/python-3.11.7-h0000000_0.json'),
      recorded('rattler-0.28/pure-0.3-py_0.json'),
    ],
    findings,
  )
  assert.equal(findings.drift(), null)
  const [program] = claims.get('bin/recorded') ?? []
  assert.deepEqual([program?.kind, program?.package], ['file', 'recorded 1.2 h1234567_0'])
  assert.notEqual(program?.sha256, program?.pristine)
  assert.equal(claims.get('lib/librecorded.so.1')?.[0]?.kind, 'link')
  const [text] = claims.get('share/recorded.txt') ?? []
  assert.equal(text?.sha256, text?.pristine)
  assert.equal(claims.get('lib/python3.11/site-packages/pure/__init__.py')?.[0]?.kind, 'file')
  assert.ok(!hasScripts(claims))
})

test('a record of a conda that wrote no hashes is read, and told as one of which nobody knows what was installed', () => {
  const findings = collectFindings()
  claimsOf([recorded('conda-4.3.16/python-3.11.7-h0000000_0.json')], findings)
  assert.match(findings.drift()?.detail ?? '', /^python 3.11.7 h0000000_0 lists 2 files without a hash/)
})

test('packages are the lock’s by name, version, build, platform and archive', () => {
  const found = recorded('rattler-0.28/recorded-1.2-h1234567_0.json')
  const { name, version, build, sha256, md5 } = found.record
  const conda = {
    name,
    version,
    build,
    subdir: 'linux-64',
    url: `https://conda.example.org/main/linux-64/${name}-${version}-${build}.conda`,
    md5,
    sha256,
    size: null,
  }
  const lock = EnvironmentLock.parse({ v: 1, platform: 'linux-64', virtualPackages: [], conda: [conda], pip: [] })
  const amiss = (change: object): string | undefined => {
    const findings = collectFindings()
    comparePackages([{ ...found, record: { ...found.record, ...change } }], lock, findings)
    return findings.drift()?.detail
  }
  assert.equal(amiss({}), undefined)
  // An old conda knows the md5 that it was told, and no more.
  assert.equal(amiss({ sha256: null }), undefined)
  assert.equal(amiss({ sha256: sha256?.toUpperCase() }), undefined)
  for (const change of [
    { version: '1.3' },
    { build: 'h1' },
    { subdir: 'noarch' },
    { sha256: 'a'.repeat(64) },
    { sha256: null, md5: null },
    { name: 'other' },
  ])
    assert.notEqual(amiss(change), undefined, JSON.stringify(change))
})
