import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffLocks, diffText } from '@trotline/environment'
import { lockOf, record, TORCHVIZ, tutorialRecords } from './records.ts'

const PYTORCH = 'https://conda.example.org/pytorch'
const before = lockOf().lock
const with_ = (replace: Record<string, ReturnType<typeof record> | null>, more: ReturnType<typeof record>[] = []) =>
  lockOf({
    records: [
      ...tutorialRecords().flatMap(
        one => replace[one.name ?? ''] ?? (one.name !== undefined && one.name in replace ? [] : one),
      ),
      ...more,
    ],
  }).lock

test('of one lock there is nothing to tell', () => {
  assert.deepEqual(diffLocks(before, lockOf().lock), { same: true, meaning: [], changes: [] })
  assert.deepEqual(diffText(diffLocks(before, before)), ['The two locks are the same.'])
})

test('a newer CUDA is told by what the nodes need, then frameworks, CUDA, Python and the rest in this order', () => {
  const after = with_(
    {
      pytorch: record('pytorch 1.3.0 py3.7_cuda10.1.243_cudnn7.6.3_0', { channel: PYTORCH }),
      torchvision: null,
      cudatoolkit: record('cudatoolkit 10.1.243 h6bb024c_0', { constrains: ['__cuda >=10.1'] }),
      python: record('python 3.7.4 h265db76_1', { depends: ['libgcc-ng'] }),
      'libgcc-ng': record('libgcc-ng 11.2.0 h1234567_1', { depends: ['__glibc >=2.28'] }),
      numpy: record('numpy 1.19.2 py37h54aff64_0'),
    },
    [record('zlib 1.2.11 h7b6447c_3')],
  )
  assert.deepEqual(diffText(diffLocks(before, after)), [
    'Nodes need a driver for CUDA 10.1 or newer now, because of cudatoolkit; before, CUDA 9.2 was enough.',
    'pytorch is built for CUDA 10.1 now, before for CUDA 9.2.',
    'Nodes need glibc 2.28 or newer now, before 2.17.',
    'Python is 3.7 now, before 3.6: compiled modules of your own have to be built anew.',
    '2 in another version, 2 in another build, 1 added, 1 removed:',
    '  pytorch 1.3.0, build only: py3.6_cuda9.2.148_cudnn7.6.3_0 → py3.7_cuda10.1.243_cudnn7.6.3_0',
    '  cudatoolkit 9.2 → 10.1.243 (build 0 → h6bb024c_0)',
    '  python 3.6.13 → 3.7.4 (build h12debd9_1 → h265db76_1)',
    '  - torchvision 0.4.1 py36_cu92',
    '  + zlib 1.2.11 h7b6447c_3',
    '  numpy 1.19.2, build only: py36h54aff64_0 → py37h54aff64_0',
  ])
})

test('back again the driver may be older, and what is gone is told as gone', () => {
  const newer = with_({ cudatoolkit: record('cudatoolkit 10.1.243 h6bb024c_0') })
  assert.equal(
    diffLocks(newer, before).meaning[0],
    'A driver for CUDA 9.2 is enough for the nodes now; before, CUDA 10.1 was needed, because of cudatoolkit.',
  )
  const cpu = with_({ cudatoolkit: null, pytorch: record('pytorch 1.3.0 py3.6_cpu_0', { channel: PYTORCH }) })
  assert.deepEqual(diffLocks(before, cpu).meaning, [
    'No package asks for a CUDA of the nodes any more; before, 9.2 was needed.',
    'pytorch is built for CPUs now, before for CUDA 9.2.',
  ])
  assert.match(
    diffLocks(cpu, before).meaning[0] ?? '',
    /for CUDA 9\.2 or newer now, because of cudatoolkit; before, none/,
  )
})

test('the same name with other contents comes first; another address comes last', () => {
  const after = lockOf({
    records: tutorialRecords().map(one =>
      one.name === 'six'
        ? record('six 1.16.0 pyhd3eb1b0_1', { subdir: 'noarch', depends: ['python'], salt: 'rebuilt' })
        : one.name === 'pytorch'
          ? { ...one, url: one.url.replace('conda.', 'mirror.') }
          : one,
    ),
    pip: [{ ...TORCHVIZ, version: '0.0.3' }],
  }).lock
  const diff = diffLocks(before, after)
  assert.deepEqual(
    diff.changes.map(one => [one.manager, one.name, one.kind]),
    [
      ['conda', 'six', 'archive'],
      ['pip', 'torchviz', 'version'],
      ['conda', 'pytorch', 'address'],
    ],
  )
  assert.match(
    diff.changes[0]?.detail ?? '',
    /six 1\.16\.0 pyhd3eb1b0_1 has other contents under the same name: sha256/,
  )
  assert.equal(diff.changes[1]?.detail, 'torchviz (pip) 0.0.2 → 0.0.3')
  assert.deepEqual([diff.same, diff.meaning], [false, []])
})

test('wheels tell their CUDA by the local version; more files of one release are no other release', () => {
  const wheels = (version: string, ...sha256: string[]) => lockOf({ pip: [{ name: 'torch', version, sha256 }] }).lock
  const [a, b, c] = ['a', 'b', 'c'].map(letter => letter.repeat(64)) as [string, string, string]
  assert.deepEqual(diffLocks(wheels('2.1.2+cu118', a), wheels('2.1.2+cu121', b)).changes[0]?.kind, 'version')
  assert.equal(diffLocks(wheels('2.1.2', a, b), wheels('2.1.2', b, c)).changes[0]?.kind, 'address')
  assert.equal(diffLocks(wheels('2.1.2', a), wheels('2.1.2', c)).changes[0]?.kind, 'archive')
})

test('other virtual packages and another platform are told', () => {
  const arch = with_({ six: record('six 1.16.0 h_0', { depends: ['__archspec 1 x86_64_v3'] }) })
  assert.deepEqual(diffLocks(before, arch).meaning, ['Nodes must offer __archspec 1 x86_64_v3 now.'])
  assert.deepEqual(diffLocks(arch, before).meaning, ['Nodes need not offer __archspec any more.'])
  const arm = lockOf({
    platform: 'linux-aarch64',
    records: tutorialRecords().map(one => ({
      ...one,
      url: one.url.replace('linux-64', 'linux-aarch64'),
      subdir: undefined,
    })),
  }).lock
  assert.match(diffLocks(before, arm).meaning[0] ?? '', /^The lock is for linux-aarch64, before for linux-64/)
})
