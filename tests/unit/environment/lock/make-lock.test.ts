import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { EnvironmentLock } from '@trotline/contracts'
import { canonicalJson, judgeLock, lockId, makeLock, packagesOfLock } from '@trotline/environment'
import { parseArchiveUrl } from '../../../../packages/environment/src/lock/archive-url.ts'
import { dependencyOrder } from '../../../../packages/environment/src/lock/dependency-order.ts'
import { requirementsOf } from '../../../../packages/environment/src/lock/requirements.ts'
import { matrix, seeded } from '../cases.ts'
import { lockOf, record, refusalOf, shuffled, TORCHVIZ, taken, tutorialParts, tutorialRecords } from './records.ts'

test('the canonical text has sorted keys and no blanks, leaves out what is undefined, and has no form for floats', () => {
  assert.equal(
    canonicalJson({ b: [1, null, 'é"'], a: { d: true, c: undefined } }),
    '{"a":{"d":true},"b":[1,null,"é\\""]}',
  )
  for (const value of [1.5, Number.NaN, 2 ** 60, undefined, 1n, [() => 1]])
    assert.throws(() => canonicalJson(value), TypeError)
})

test('the id is the sha256 of the canonical text, and the same however the packages are handed in', () => {
  const first = lockOf()
  assert.equal(first.id, createHash('sha256').update(canonicalJson(first.lock)).digest('hex'))
  const random = seeded(7)
  for (let i = 0; i < 200; i++) {
    const records = shuffled(tutorialRecords(), random).map(one => ({
      ...one,
      depends: shuffled(one.depends ?? [], random),
      md5: i % 2 === 0 ? one.md5 : one.md5?.toUpperCase(),
      size: i % 3 === 0 ? BigInt(Number(one.size)) : one.size,
    }))
    assert.equal(lockOf({ records }).id, first.id)
  }
  assert.deepEqual(EnvironmentLock.parse(JSON.parse(canonicalJson(first.lock))), first.lock)
})

test('every package of the lock counts for its id: hashes, builds, addresses, pip, requirements, platform', () => {
  const { id } = lockOf()
  const changed = (i: number, change: object) =>
    tutorialRecords().map((one, j) => (j === i ? { ...one, ...change } : one))
  const ids = [
    lockOf({ records: tutorialRecords().slice(0, -1) }).id,
    lockOf({ records: changed(2, { sha256: 'a'.repeat(64) }) }).id,
    lockOf({ records: changed(2, { md5: 'a'.repeat(32) }) }).id,
    lockOf({ records: changed(2, { size: 1 }) }).id,
    lockOf({ records: changed(2, { url: 'https://mirror.example.org/main/linux-64/cudatoolkit-9.2-0.tar.bz2' }) }).id,
    lockOf({ records: changed(2, { constrains: ['__cuda >=9.2', '__glibc >=2.28'] }) }).id,
    lockOf({ pip: [] }).id,
    lockOf({ pip: [{ ...TORCHVIZ, version: '0.0.3' }] }).id,
  ]
  assert.equal(new Set([id, ...ids]).size, ids.length + 1)
})

test('what a package depends on stands before it, python before pip though each asks for the other', () => {
  const names = lockOf().lock.conda.map(one => one.name)
  assert.deepEqual(names, [
    'cudatoolkit',
    'libgcc-ng',
    'openssl',
    'python',
    'numpy',
    'pip',
    'pytorch',
    'six',
    'torchvision',
  ])
  for (const one of tutorialRecords())
    for (const wanted of one.depends ?? []) {
      const [name = ''] = wanted.split(' ')
      if (!names.includes(name) || (one.name === 'python' && name === 'pip')) continue
      assert.ok(names.indexOf(name) < names.indexOf(one.name ?? ''), `${name} before ${one.name}`)
    }
})

test('a chain of 5,000 packages, a circle and a package that wants itself are put into order', () => {
  const chain = Array.from({ length: 5000 }, (_, i) => ({ name: `p${i}`, depends: [`p${i + 1} >=1`] }))
  assert.deepEqual(
    dependencyOrder(shuffled(chain, seeded(1))).map(one => one.name),
    chain.map(one => one.name).reverse(),
  )
  const circle = [
    { name: 'b', depends: ['c', 'b'] },
    { name: 'c', depends: ['a'] },
    { name: 'a', depends: ['b'] },
  ]
  for (let i = 0; i < 6; i++)
    assert.equal(
      dependencyOrder(shuffled(circle, seeded(i)))
        .map(one => one.name)
        .join(''),
      'cba',
    )
})

test('an archive without a full md5 and a full sha256 is refused by name', () => {
  const broken = (change: object) =>
    makeLock(tutorialParts({ records: [{ ...record('numpy 1.19.2 h_0'), ...change }] }))
  assert.match(refusalOf(broken({ sha256: null })), /^numpy 1\.19\.2 has no complete sha256\./)
  assert.match(refusalOf(broken({ md5: undefined })), /^numpy 1\.19\.2 has no complete md5\./)
  assert.match(refusalOf(broken({ md5: '', sha256: 'abc' })), /no complete md5 and no complete sha256/)
  assert.match(refusalOf(broken({ sha256: 'z'.repeat(64) })), /no complete sha256/)
})

test('a record that says otherwise than its address is refused, as is a package that stands twice', () => {
  const numpy = record('numpy 1.19.2 h_0')
  const refusal = (...records: object[]) =>
    refusalOf(makeLock(tutorialParts({ records: records as ReturnType<typeof record>[] })))
  assert.match(refusal({ ...numpy, version: '1.20' }), /The version of numpy is "1\.20", and its address says 1\.19\.2/)
  assert.match(refusal({ ...numpy, subdir: 'noarch' }), /The subdir of numpy is "noarch"/)
  assert.match(refusal(numpy, record('numpy 1.20 h_0')), /numpy stands in the lock twice/)
  assert.match(refusal(record('numpy 1.19.2 h_0', { subdir: 'osx-64' })), /subdir/)
  assert.match(refusal(record('numpy 1.19.2 h_0', { subdir: 'linux-aarch64' })), /linux-aarch64 is not linux-64/)
  assert.match(refusal(), /conda/)
})

test('users, passwords and tokens are taken out of addresses, and no finding repeats them', () => {
  const clean = lockOf({ records: [record('numpy 1.19.2 h_0')] })
  for (const channel of [
    'https://me:secret@conda.example.org/main',
    'https://secret@conda.example.org/main',
    'https://conda.example.org/t/secret-1/main',
    'https://me:secret@conda.example.org/t/secret/main',
  ]) {
    const reading = makeLock(tutorialParts({ records: [record('numpy 1.19.2 h_0', { channel })] }))
    assert.ok(reading.ok)
    assert.equal(reading.value.id, clean.id)
    assert.match(reading.notes[0]?.detail ?? '', /The address of numpy held a user, a password or a token/)
    assert.doesNotMatch(JSON.stringify(reading), /secret/)
  }
  for (const url of [
    'https://me:secret@conda.example.org/x.conda',
    'https://c.example.org/t/secret/linux-64/../x-1-0.conda',
  ]) {
    const reading = makeLock(tutorialParts({ records: [{ url }] }))
    assert.equal(reading.ok, false)
    assert.doesNotMatch(JSON.stringify(reading), /secret/)
  }
})

test('an address tells channel, subdir, name, version and build; paths, queries and other schemes are none', () => {
  assert.deepEqual(
    parseArchiveUrl('https://conda.example.org:8080/a/b/linux-64/ca-certificates-2021.10.8-ha_0.conda'),
    {
      url: 'https://conda.example.org:8080/a/b/linux-64/ca-certificates-2021.10.8-ha_0.conda',
      hadCredentials: false,
      channel: 'https://conda.example.org:8080/a/b',
      subdir: 'linux-64',
      fileName: 'ca-certificates-2021.10.8-ha_0.conda',
      name: 'ca-certificates',
      version: '2021.10.8',
      build: 'ha_0',
    },
  )
  const epoch = parseArchiveUrl('https://c.example.org/main/noarch/x-1%212.0-0.tar.bz2')
  assert.equal(typeof epoch === 'string' ? epoch : epoch.version, '1!2.0')
  for (const [url, why] of [
    ['file:///srv/linux-64/x-1-0.conda', /is a path/],
    ['../linux-64/x-1-0.conda', /is a path/],
    ['ftp://c.example.org/main/linux-64/x-1-0.conda', /no http or https/],
    ['https://c.example.org/main/linux-64/x-1-0.conda?token=1', /no address/],
    ['https://c.example.org/main/../linux-64/x-1-0.conda', /has parts/],
    ['https://c.example.org/main/%2e%2e/linux-64/x-1-0.conda', /has parts/],
    ['https://c.example.org/main/linux-64/x y-1-0.conda', /has parts|no address/],
    ['https://c.example.org/main/linux-64/x-1.conda', /does not end/],
    ['https://c.example.org/main/linux-64/x-1-0.zip', /does not end/],
    [`https://c.example.org/${'a'.repeat(2000)}`, /too long/],
  ] as const)
    assert.match(String(parseArchiveUrl(url)), why, url)
})

test('requirements follow from what packages ask, and from CUDA packages that ask for nothing', () => {
  const { virtualPackages } = lockOf().lock
  assert.deepEqual(virtualPackages, [
    { name: '__cuda', requires: '>=9.2', presence: 'if-present', by: ['cudatoolkit'] },
    { name: '__glibc', requires: '>=2.17', presence: 'required', by: ['libgcc-ng'] },
  ])
  assert.equal(lockOf({ records: tutorialRecords([]) }).id, lockOf().id, 'metadata of 2019 makes the same lock')
  assert.deepEqual(
    requirementsOf([
      { name: 'cuda-version', version: '12.9', constrains: ['__cuda >=12', 'cudatoolkit 12.9|12.9.*'] },
      { name: 'pytorch', version: '2.7.1', depends: ['__cuda', '__glibc >=2.17,<3.0.a0', 'python'] },
      { name: 'x', version: '1', depends: ['__glibc >=2.17,<3.0.a0', "__archspec[version=1, build='x86_64_v3']"] },
    ]),
    [
      { name: '__archspec', requires: '1 x86_64_v3', presence: 'required', by: ['x'] },
      { name: '__cuda', requires: '*', presence: 'required', by: ['pytorch'] },
      { name: '__cuda', requires: '>=12', presence: 'if-present', by: ['cuda-version'] },
      { name: '__glibc', requires: '>=2.17,<3.0.a0', presence: 'required', by: ['pytorch', 'x'] },
    ],
  )
})

test('the judge reads a lock: it runs on the K80 with a driver of CUDA 9.2, and is refused for 8.0 with or without the constraint', () => {
  for (const constraint of [['__cuda >=9.2'], []]) {
    const packages = packagesOfLock(lockOf({ records: tutorialRecords(constraint) }).lock)
    assert.equal(
      judgeLock(packages, { driver: '396.37', gpu: 'Tesla K80', glibc: '2.17' }, matrix).verdict,
      'compatible',
    )
    const old = judgeLock(packages, { driver: '375.26', gpu: 'Tesla K80' }, matrix)
    assert.equal(old.verdict, 'incompatible')
    assert.match(old.detail, /CUDA 9\.2/)
    const glibc = judgeLock(packages, { driver: '396.37', gpu: 'Tesla K80', glibc: '2.12' }, matrix)
    assert.match(glibc.detail, /libgcc-ng 11\.2\.0 asks for glibc >=2\.17; this node has glibc 2\.12/)
  }
})

test('the schema takes no lock that is not canonical, and none with a secret in an address', () => {
  const { lock } = lockOf()
  const [first, ...rest] = lock.conda
  assert.ok(first !== undefined)
  for (const wrong of [
    { ...lock, v: 2 },
    { ...lock, note: 'x' },
    { ...lock, virtualPackages: [...lock.virtualPackages].reverse() },
    { ...lock, pip: [TORCHVIZ, TORCHVIZ] },
    { ...lock, conda: [first, first, ...rest] },
    { ...lock, conda: [{ ...first, size: 1.5 }, ...rest] },
    { ...lock, conda: [{ ...first, md5: first.md5.toUpperCase() }, ...rest] },
    { ...lock, conda: [{ ...first, version: '9.3' }, ...rest] },
    { ...lock, conda: [{ ...first, url: first.url.replace('//', '//me:pw@') }, ...rest] },
    { ...lock, conda: [{ ...first, url: first.url.replace('/main', '/t/tk/main') }, ...rest] },
    { ...lock, conda: [{ ...first, url: `${first.url}?x=1` }, ...rest] },
    { ...lock, conda: [{ ...first, url: first.url.replace('/main', '/%2e%2e/main') }, ...rest] },
    { ...lock, conda: [] },
  ])
    assert.equal(EnvironmentLock.safeParse(wrong).success, false, JSON.stringify(wrong).slice(0, 120))
  assert.equal(lockId(lock), lockOf().id)
  assert.equal(taken(makeLock(tutorialParts())).id, lockOf().id)
})
