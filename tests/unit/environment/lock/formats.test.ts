import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOCK_FORMATS, type LockFormat, makeLock, readLock, writeLock } from '@trotline/environment'
import { parse } from 'yaml'
import { formatOf } from '../../../../packages/environment/src/lock/formats.ts'
import { seeded } from '../cases.ts'
import { lockOf, record, refusalOf, taken, tutorialParts, tutorialRecords } from './records.ts'

const dependencies = new Map(
  tutorialRecords().map(one => [one.sha256 ?? '', { depends: one.depends ?? [], constrains: one.constrains }]),
)

test('a lock comes back from every format with the same id, with and without dependencies', () => {
  const lock = lockOf()
  for (const format of LOCK_FORMATS)
    for (const writing of [{}, { dependencies }]) {
      const { text, lacks } = writeLock(lock, format, writing)
      assert.equal(formatOf(text), format)
      const reading = readLock(text)
      assert.ok(reading.ok, JSON.stringify(reading))
      assert.deepEqual([reading.value.id, reading.notes], [lock.id, []], format)
      assert.equal(lacks.length === 0, format === 'trotline')
      if (format !== 'trotline') assert.match(lacks.join(' '), /the package torchviz of pip/)
    }
})

test('locks of any packages come back: odd versions, digits alone, words that YAML takes for truths', () => {
  const random = seeded(11)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const names = ['y', 'no', 'on', 'null', '7zip', '_x', 'a.b', 'r-base', '1e3', '0x1f', 'true', 'py_z']
  const versions = ['1', '0.10', '1_0', '1e5', '2021.10.08', '1!2.0', '2.1.2+cu121', '0x10', '1.0rc1', 'no']
  for (let i = 0; i < 100; i++) {
    const chosen = names.filter(() => random() < 0.6)
    const records = [...chosen, 'python'].map(name =>
      record(`${name} ${pick(versions)} ${pick(['0', 'py36_0', '1e3', 'no', 'h1_0', 'cuda9.2_0'])}`, {
        subdir: pick(['linux-64', 'noarch']),
        depends: chosen.filter(() => random() < 0.3),
        constrains: pick([[], ['__cuda >=11'], ['__glibc >=2.17,<3.0.a0']]),
      }),
    )
    const lock = lockOf({ records })
    const known = new Map(records.map(one => [one.sha256 ?? '', { depends: one.depends ?? [] }]))
    for (const format of LOCK_FORMATS)
      for (const writing of [{}, { dependencies: known }])
        assert.equal(taken(readLock(writeLock(lock, format, writing).text)).id, lock.id, `${format} ${i}`)
  }
})

/** The comments that only Trotline reads, taken out: what any other tool would have left. */
const bare = (format: LockFormat) =>
  writeLock(lockOf({ pip: [] }), format, { dependencies }).text.replace(/^# trotline .*\n/gm, '')

test('without our comments @EXPLICIT lacks every sha256, and is refused with the names and lines', () => {
  const reading = readLock(bare('explicit'))
  assert.equal(reading.ok, false)
  assert.match(refusalOf(reading), /^cudatoolkit 9\.2 has no complete sha256\.\nlibgcc-ng/)
  assert.deepEqual(reading.ok ? [] : [reading.findings[0]?.line, reading.findings[0]?.column], [5, 1])
})

test("the channel's records complete an @EXPLICIT, requirements and all, and contradict one that was altered", () => {
  const records = new Map(tutorialRecords().map(one => [one.url, one]))
  assert.equal(taken(readLock(bare('explicit'), { records })).id, lockOf({ pip: [] }).id)
  const altered = bare('explicit').replace(/#[0-9a-f]{32}/, `#${'0'.repeat(32)}`)
  assert.match(
    refusalOf(readLock(altered, { records })),
    /The md5 of cudatoolkit 9\.2 is 0{32} here and [0-9a-f]{32} in its channel/,
  )
})

test('without our comments conda-lock and pixi give the same packages; sizes and, of conda-lock, constraints are gone', () => {
  const lock = lockOf({ pip: [] })
  const pixi = taken(readLock(bare('pixi')))
  assert.equal(pixi.id, lock.id)
  const condaLock = taken(readLock(bare('conda-lock')))
  assert.deepEqual(
    condaLock.lock.conda,
    lock.lock.conda.map(one => ({ ...one, size: null })),
  )
  assert.deepEqual(condaLock.lock.virtualPackages, lock.lock.virtualPackages, 'the CUDA follows from cudatoolkit')
})

test('a file that was changed since Trotline wrote it is another lock, and whoever reads it is told', () => {
  for (const format of ['explicit', 'conda-lock', 'pixi'] as const) {
    const text = writeLock(lockOf(), format).text.replaceAll('conda.example.org/main', 'mirror.example.org/main')
    const reading = readLock(text)
    assert.ok(reading.ok)
    assert.notEqual(reading.value.id, lockOf().id)
    assert.match(reading.notes[0]?.detail ?? '', /has been changed since/)
  }
})

test('@EXPLICIT as conda wants it: comments first, the marker, an address with md5 on each line', () => {
  const text = writeLock(lockOf(), 'explicit').text
  const [head = '', tail = ''] = text.split('@EXPLICIT\n')
  // micromamba reads the platform from the first comment of that name, and takes all that follows the marker for addresses.
  assert.match(head, /^(?:# .*\n)+$/)
  assert.match(head, /^# platform: linux-64$/m)
  const { conda } = lockOf().lock
  assert.equal(tail, conda.map(one => `${one.url}#${one.md5}\n`).join(''))
})

test('conda-lock version 1 has the keys of its model and no others, hashes as text for any reader of YAML', () => {
  const { text } = writeLock(lockOf(), 'conda-lock', { dependencies, channels: ['pytorch', 'defaults'] })
  for (const version of ['1.1', '1.2'] as const) {
    const document = parse(text, { version })
    assert.deepEqual(Object.keys(document), ['version', 'metadata', 'package'])
    assert.equal(document.version, 1)
    assert.deepEqual(Object.keys(document.metadata), ['content_hash', 'channels', 'platforms', 'sources'])
    assert.deepEqual(document.metadata.channels[0], { url: 'pytorch', used_env_vars: [] })
    const pytorch = document.package.find((one: { name: string }) => one.name === 'pytorch')
    assert.deepEqual(pytorch, {
      name: 'pytorch',
      version: '1.3.0',
      manager: 'conda',
      platform: 'linux-64',
      dependencies: { cudatoolkit: '>=9.2,<9.3', python: '>=3.6,<3.7.0a0', numpy: '>=1.11' },
      url: 'https://conda.example.org/pytorch/linux-64/pytorch-1.3.0-py3.6_cuda9.2.148_cudnn7.6.3_0.tar.bz2',
      hash: { md5: tutorialRecords()[0]?.md5, sha256: tutorialRecords()[0]?.sha256 },
      category: 'main',
      optional: false,
    })
  }
})

test('pixi version 6: channels with a slash, packages by address in the environment, records below', () => {
  const document = parse(writeLock(lockOf(), 'pixi', { dependencies }).text)
  assert.deepEqual(Object.keys(document), ['version', 'environments', 'packages'])
  assert.equal(document.version, 6)
  const { channels, packages } = document.environments.default
  assert.deepEqual(channels, [
    { url: 'https://conda.example.org/main/' },
    { url: 'https://conda.example.org/pytorch/' },
  ])
  assert.deepEqual(Object.keys(packages), ['linux-64'])
  assert.equal(packages['linux-64'].length, document.packages.length)
  const cuda = document.packages.find((one: { conda: string }) => one.conda.includes('cudatoolkit'))
  assert.deepEqual(Object.keys(cuda), ['conda', 'sha256', 'md5', 'constrains', 'size'])
})

const SHA = 'ab'.repeat(32)
const MD5 = 'cd'.repeat(16)
const CONDA = `  sha256: ${SHA}\n  md5: ${MD5}\n`
const B = 'https://conda.example.org/conda-forge/linux-64/bzip2-1.0.8-h99b78c6_7.conda'
const W = 'https://files.example.org/packages/numpy-2.2.1-cp313-cp313-manylinux_2_17_x86_64.whl'

const v7 = (platforms: string, selectors: string, packages: string) =>
  `version: 7\nplatforms:\n${platforms}environments:\n  default:\n    channels:\n    - url: https://conda.example.org/conda-forge/\n    indexes:\n    - https://pypi.example.org/simple\n    packages:\n${selectors}packages:\n${packages}`

test('pixi version 7 has platforms with names and virtual packages, and wheels beside the packages of conda', () => {
  const text = v7(
    '- name: linux-64-cuda\n  subdir: linux-64\n  virtual-packages:\n  - __cuda=12.0\n  - __glibc=2.28\n',
    `      linux-64-cuda:\n      - conda: ${B}\n      - pypi: ${W}\n`,
    `- conda: ${B}\n${CONDA}  depends:\n  - __glibc >=2.17,<3.0.a0\n  license: bzip2-1.0.6\n  run_exports: {}\n  size: 122909\n  timestamp: 1720974522888\n` +
      `- pypi: ${W}\n  name: Num_Py\n  version: 2.2.1\n  sha256: ${SHA}\n  requires_python: '>=3.10'\n`,
  )
  const { lock } = taken(readLock(text))
  assert.deepEqual(lock, {
    v: 1,
    platform: 'linux-64',
    virtualPackages: [{ name: '__glibc', requires: '>=2.17,<3.0.a0', presence: 'required', by: ['bzip2'] }],
    conda: [
      {
        name: 'bzip2',
        version: '1.0.8',
        build: 'h99b78c6_7',
        subdir: 'linux-64',
        url: B,
        md5: MD5,
        sha256: SHA,
        size: 122_909,
      },
    ],
    pip: [{ name: 'num-py', version: '2.2.1', sha256: [SHA] }],
  })
})

test('of several platforms of one kind and several environments one has to be named', () => {
  const text = v7(
    '- name: p1\n  subdir: linux-64\n- name: p2\n  subdir: linux-64\n- name: osx-arm64\n',
    `      p1:\n      - conda: ${B}\n      p2:\n      - conda: ${B}\n      osx-arm64: []\n`,
    `- conda: ${B}\n${CONDA}`,
  )
  assert.match(refusalOf(readLock(text)), /has 2 platforms of linux-64: p1, p2/)
  assert.equal(taken(readLock(text, { platform: 'p2' })).lock.conda.length, 1)
  assert.match(
    refusalOf(readLock(text, { platform: 'linux-aarch64' })),
    /is for p1, p2, osx-arm64, not for linux-aarch64/,
  )
  assert.match(refusalOf(readLock(text, { environment: 'test' })), /no environment called "test"/)
})

test('what is built from source when it is installed, or is not in the file, is refused by its address', () => {
  const source = 'my-package[12345678] @ git+https://git.example.org/my-package#abc'
  for (const [selectors, packages, detail] of [
    [`      - conda_source: ${source}\n`, `- conda_source: ${source}\n`, /built from its source/],
    [`      - conda: ${B}\n`, '- conda: https://x\n', /not among the packages of the file/],
    [`      - pypi: ${W}\n`, `- pypi: ${W}\n  name: numpy\n  version: 2.2.1\n`, /has no sha256/],
    ['      - pypi: ./local\n', `- pypi: ./local\n  name: local\n  version: 0.1\n  sha256: ${SHA}\n`, /is a folder/],
    [
      '      - pypi: git+https://git.example.org/x#abc\n',
      `- pypi: git+https://git.example.org/x#abc\n  name: x\n  version: 0.1\n  sha256: ${SHA}\n`,
      /is a folder or a repository/,
    ],
    [`      - conda: ${B}\n`, `- conda: ${B}\n  md5: ${MD5}\n`, /bzip2 1\.0\.8 has no complete sha256/],
    ['      - conda: ../my-pkg\n', `- conda: ../my-pkg\n${CONDA}`, /built from its source/],
  ] as const)
    assert.match(refusalOf(readLock(v7('- name: linux-64\n', `      linux-64:\n${selectors}`, packages))), detail)
})

const condaLock = (packages: string, platforms = '  - linux-64\n  - osx-64\n') =>
  `metadata:\n  channels:\n  - url: conda-forge\n    used_env_vars: []\n  content_hash:\n    linux-64: ${SHA}\n  platforms:\n${platforms}  sources:\n  - environment.yml\npackage:\n${packages}version: 1\n`

const condaPackage = (extra = '', hash = `md5: ${MD5}\n    sha256: ${SHA}`) =>
  `- category: main\n  dependencies:\n    __glibc: '>=2.17,<3.0.a0'\n  hash:\n    ${hash}\n  manager: conda\n  name: bzip2\n  optional: false\n  platform: linux-64\n  url: ${B}\n  version: 1.0.8\n${extra}`

const pipPackage = (source: string) =>
  `- category: main\n  dependencies: {}\n  hash:\n    sha256: ${SHA}\n  manager: pip\n  name: numpy\n  optional: false\n  platform: linux-64\n  source: ${source}\n  url: ${W}\n  version: 2.2.1\n`

test("conda-lock's own file is read for one platform: main packages of conda and pip, dependencies on virtual packages", () => {
  const dev = condaPackage().replace('category: main', 'category: dev').replace('optional: false', 'optional: true')
  const osx = condaPackage().replaceAll('linux-64', 'osx-64')
  const reading = readLock(condaLock(condaPackage() + osx + dev.replaceAll('bzip2', 'xz') + pipPackage('null')))
  const { lock } = taken(reading)
  assert.deepEqual(
    [lock.conda.map(one => one.name), lock.pip.map(one => one.name), lock.virtualPackages.map(one => one.requires)],
    [['bzip2'], ['numpy'], ['>=2.17,<3.0.a0']],
  )
  assert.match(reading.ok ? (reading.notes[0]?.detail ?? '') : '', /xz is left out: it is of the category dev/)
  assert.match(refusalOf(readLock(condaLock(condaPackage()), { platform: 'linux-aarch64' })), /is for linux-64, osx-64/)
  assert.match(refusalOf(readLock(condaLock(condaPackage('', `md5: ${MD5}`)))), /bzip2 1\.0\.8 has no complete sha256/)
  assert.match(
    refusalOf(readLock(condaLock(condaPackage() + pipPackage('{type: url, url: x}')))),
    /numpy of pip comes from an address/,
  )
})

test('@EXPLICIT of other tools: sha256 in three ways is not enough without md5, and lines that are no addresses are named', () => {
  for (const hash of [SHA, `sha256:${SHA}`, `sha256=${SHA.toUpperCase()}`])
    assert.match(refusalOf(readLock(`@EXPLICIT\n${B}#${hash}\n`)), /^bzip2 1\.0\.8 has no complete md5\.$/)
  const reading = readLock(`# platform: linux-64\n@EXPLICIT\n\n${B}#zz\nnumpy=1.0\n/srv/x-1-0.conda#${MD5}\n`)
  assert.deepEqual(reading.ok ? [] : reading.findings.map(one => one.line), [4])
  assert.match(refusalOf(readLock(`@EXPLICIT\nnumpy=1.0\n`)), /"numpy=1\.0" is no http or https address/)
  assert.match(refusalOf(readLock(`# platform: win-64\n@EXPLICIT\n${B}#${MD5}\n`)), /is for "win-64"/)
  assert.match(refusalOf(readLock(`${B}\n@EXPLICIT\n`)), /stands before @EXPLICIT/)
  assert.match(refusalOf(readLock('@EXPLICIT\n')), /names no package/)
})

test('a lock of Trotline is taken however it is spaced, and not from a newer one, nor cut off', () => {
  const { id, lock } = lockOf()
  assert.equal(taken(readLock(JSON.stringify(lock, null, 2))).id, id)
  assert.match(refusalOf(readLock(JSON.stringify({ ...lock, v: 2 }))), /which a newer Trotline wrote/)
  assert.match(refusalOf(readLock(JSON.stringify(lock).slice(0, 500))), /is not JSON/)
  assert.match(refusalOf(readLock('{}')), /no lock of Trotline/)
  assert.match(
    refusalOf(readLock(JSON.stringify(lock), { platform: 'linux-aarch64' })),
    /is for linux-64, not for linux-aarch64/,
  )
  assert.match(refusalOf(readLock(JSON.stringify({ ...lock, conda: undefined }))), /conda/)
  for (const text of ['', 'hello', 'numpy==1.0', 'dependencies:\n- numpy'])
    assert.match(refusalOf(readLock(text)), /This is no lock/)
})

test('secrets in a lock that somebody gives are left out, in every format', () => {
  const lock = lockOf()
  for (const format of ['explicit', 'conda-lock', 'pixi'] as const) {
    const text = writeLock(lock, format).text.replaceAll(
      '//conda.example.org/',
      '//me:secret@conda.example.org/t/secret/',
    )
    const reading = readLock(text)
    assert.ok(reading.ok, JSON.stringify(reading))
    assert.equal(reading.value.id, lock.id)
    assert.doesNotMatch(JSON.stringify(reading), /secret/)
  }
  assert.ok(makeLock(tutorialParts()).ok)
})
