import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { matrix } from '../cases.ts'

const program = (driver: string, cuda: string, more: CompatibilityQuestion = {}) =>
  judge({ driver, gpu: 'T4', framework: 'cuda-runtime', cuda, ...more }, matrix)

const ladder = (cuda: string, steps: [driver: string, rule: RegExp][], more: CompatibilityQuestion = {}) => {
  for (const [driver, rule] of steps) assert.match(program(driver, cuda, more).rule, rule, `CUDA ${cuda} on ${driver}`)
}

test('a toolkit runs on its own driver and newer, then by minor-version compatibility, then not at all', () => {
  ladder('12.4.1', [
    ['550.54.15', /^driver-native/],
    ['550.54.14', /^minor-version$/],
    ['525.60.13', /^minor-version$/],
    ['525.60.12', /^driver-too-old$/],
  ])
  ladder('13.2.0', [
    ['595.45.04', /^driver-native/],
    ['580', /^minor-version$/],
    ['575.57.08', /^driver-too-old$/],
  ])
  ladder('11.0.1', [
    ['450.36.06', /^driver-native/],
    ['450.36.05', /^driver-too-old$/],
  ])
  ladder('11.0.3', [
    ['450.51.06', /^driver-native/],
    ['450.36.06', /^minor-version$/],
  ])
  ladder('11.1.0', [
    ['455.23', /^driver-native/],
    ['450.80.02', /^minor-version$/],
    ['450.80.01', /^driver-too-old$/],
  ])
})

test('before CUDA 11 there is no minor-version compatibility', () => {
  ladder('10.2.89', [
    ['440.33.01', /^driver-native/],
    ['440.33', /^driver-native/],
    ['440.32', /^driver-too-old$/],
  ])
  ladder('10.1.243', [
    ['418.39', /^driver-native/],
    ['418.38', /^driver-too-old$/],
  ])
})

test('a minor without a patch is its first release from CUDA 11 on, and its last before', () => {
  ladder('12.4', [['550.54.14', /^driver-native/]])
  ladder('11.0', [
    ['450.51.05', /^driver-native/],
    ['450.36.06', /^minor-version$/],
  ])
  ladder(
    '9.2',
    [
      ['396.37', /^driver-native/],
      ['396.26', /^sources-disagree$/],
      ['396.25', /^driver-too-old$/],
    ],
    { gpu: 'K80' },
  )
})

test('numbers of builds and patches without a row of their own fall to the release they belong to', () => {
  ladder('11.0.221', [
    ['450.51.06', /^driver-native/],
    ['450.51.05', /^minor-version$/],
  ])
  ladder('12.8.2', [
    ['570.124.06', /^driver-native/],
    ['570.86.10', /^minor-version$/],
  ])
})

test('CUDA 12.7 is told apart from a release that the matrix does not know yet', () => {
  assert.deepEqual(
    [program('565.57.01', '12.7').rule, program('615.31', '13.9').rule],
    ['build-not-published', 'cuda-unknown'],
  )
  assert.match(program('565.57.01', '12.7').detail, /R565 drivers print it/)
})

test('cuda-compat libraries run a newer CUDA on listed branches and data-center GPUs only', () => {
  const torch = {
    framework: 'pytorch',
    frameworkVersion: '2.9.0',
    wheelTag: 'cu130',
    forwardCompatPackage: 'cuda-compat-13-0',
  }
  const rule = (driver: string, gpu: string, more: CompatibilityQuestion = {}) =>
    judge({ ...torch, driver, gpu, ...more }, matrix).rule
  assert.equal(rule('535.104.05', 'A100'), 'forward-compat')
  assert.match(rule('550.144.03', 'A100'), /^forward-compat-branch/)
  assert.match(rule('545.23.08', 'A100'), /^forward-compat-branch/)
  assert.equal(rule('535.104.05', 'RTX 4090'), 'forward-compat-not-eligible')
  assert.equal(rule('535.104.05', 'RTX A6000'), 'forward-compat-unknown')
  assert.equal(rule('535.104.05', 'V100'), 'arch-dropped+no-kernel-image')
  assert.match(rule('595.58.03', 'A100'), /^driver-native\+driver-backward/)
  assert.match(
    rule('535.104.05', 'A100', { forwardCompatPackage: 'cuda-compat-12-8' }),
    /driver-too-old\+forward-compat-too-old/,
  )
  assert.equal(rule('535.104.05', 'A100', { forwardCompatPackage: 'libcuda' }), 'forward-compat-unknown')
})

test('a cuda-compat package on a branch that is no base leaves what the driver runs by itself', () => {
  const question = {
    framework: 'pytorch',
    frameworkVersion: '2.8.0',
    wheelTag: 'cu128',
    forwardCompatPackage: 'cuda-compat-12-8',
    driver: '550.144.03',
    gpu: 'A100',
  }
  const report = judge(question, matrix)
  assert.equal(report.verdict, 'compatible-with-warning')
  assert.match(report.rule, /minor-version/)
  assert.match(report.findings.map(({ hint }) => hint).join(' '), /Leave it out/)
})

test("the tutorial's K80s could have used cuda-compat-10-2", () => {
  const report = judge(
    {
      driver: '396.37',
      gpu: 'K80',
      framework: 'pytorch',
      frameworkVersion: '1.5.0',
      wheelTag: 'cu102',
      forwardCompatPackage: 'cuda-compat-10-2',
    },
    matrix,
  )
  assert.deepEqual([report.verdict, report.rule], ['compatible-with-warning', 'forward-compat'])
})

test('cuda-compat libraries left in LD_LIBRARY_PATH on a newer driver are refused, the package alone is not', () => {
  const more = { forwardCompatPackage: 'cuda-compat-12-4' }
  const report = program('580.95.05', '12.4', {
    ...more,
    env: { LD_LIBRARY_PATH: '/opt/lib:/usr/local/cuda-12.4/compat' },
  })
  assert.deepEqual([report.verdict, report.rule], ['incompatible', 'forward-compat-stale'])
  assert.match(report.detail, /580\.95\.05.*error 803/)
  assert.equal(program('580.95.05', '12.4', more).verdict, 'compatible')
})

test('only a folder of CUDA makes compat libraries of its name', () => {
  const rule = (path: string) =>
    judge(
      { driver: '580.159.03', gpu: 'A100', framework: 'cuda-runtime', cuda: '12.4', env: { LD_LIBRARY_PATH: path } },
      matrix,
    ).rule
  for (const path of [
    '/usr/local/cuda-12.4/compat',
    '/apps/CUDA/12.4/compat/lib',
    '/opt/cuda-compat-12-4',
    '/x:/sw/CUDAcompat/12',
  ])
    assert.equal(rule(path), 'forward-compat-stale', path)
  for (const path of ['/usr/lib64/compat-openssl10', '/opt/compat', '/usr/local/cuda-12.4/lib64:/opt/compat-gcc'])
    assert.match(rule(path), /driver-native/, path)
})

test('of a branch alone the verdict stands where the whole branch is above or below, and is unknown within', () => {
  const torch = (driver: string, wheelTag: string, frameworkVersion: string, gpu = 'A100') =>
    judge({ driver, gpu, framework: 'pytorch', frameworkVersion, wheelTag, channel: 'pip' }, matrix)
  for (const driver of ['525', 'R525'])
    assert.deepEqual(
      [torch(driver, 'cu121', '2.1.2').verdict, torch(driver, 'cu121', '2.1.2').rule],
      ['unknown', 'driver-branch'],
    )
  assert.equal(torch('520', 'cu121', '2.1.2').rule, 'driver-too-old')
  assert.equal(torch('535', 'cu121', '2.1.2').verdict, 'compatible')
  assert.equal(torch('525', 'cu118', '2.1.2').verdict, 'compatible')
  assert.equal(torch('550', 'cu124', '2.5.1').rule, 'minor-version')
  assert.deepEqual(
    [torch('520', 'cu118', '2.1.2', 'H100').verdict, torch('410', 'cu92', '1.3.1', 'T4').verdict],
    ['unknown', 'unknown'],
  )
})
