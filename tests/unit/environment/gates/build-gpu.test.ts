import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { matrix } from '../cases.ts'

const own = (computeCapability: string, sass: string[], ptx: string[], more: CompatibilityQuestion = {}) =>
  judge(
    {
      driver: '580.159.03',
      computeCapability,
      framework: 'custom-cuda',
      cuda: '12.4.1',
      kernels: { sass, ptx },
      ...more,
    },
    matrix,
  )

const torch = (gpu: string, frameworkVersion: string, wheelTag: string, driver = '580.159.03') =>
  judge({ driver, gpu, framework: 'pytorch', frameworkVersion, wheelTag, channel: 'pip' }, matrix)

test('machine code runs on the same major and the same or a higher minor, and nowhere else', () => {
  for (const [gpu, sass] of [
    ['8.6', '8.0'],
    ['8.9', '8.6'],
    ['6.1', '6.0'],
    ['7.5', '7.0'],
    ['10.3', '10.0'],
    ['12.1', '12.0'],
  ] as const)
    assert.match(
      own(gpu, [sass], [], gpu === '6.1' ? { cuda: '11.8' } : { cuda: '12.9' }).rule,
      /cubin$/,
      `${sass} on ${gpu}`,
    )
  for (const [gpu, sass] of [
    ['8.0', '8.6'],
    ['9.0', '8.9'],
    ['12.0', '10.0'],
    ['7.0', '6.1'],
  ] as const)
    assert.equal(own(gpu, [sass], [], { cuda: '12.9' }).rule, 'no-kernel-image', `${sass} on ${gpu}`)
})

test('PTX runs on every newer GPU with a warning, and machine code goes first', () => {
  assert.equal(own('9.0', ['8.0'], ['8.0']).rule, 'ptx-jit')
  assert.match(own('8.6', ['8.0'], ['8.0']).rule, /cubin$/)
  assert.equal(own('7.0', ['8.0'], ['8.0']).rule, 'no-kernel-image')
})

test('PTX and minor-version compatibility, each only a warning, fail together', () => {
  const report = own('9.0', ['8.0'], ['8.0'], { driver: '535.104.05' })
  assert.deepEqual([report.verdict, report.rule], ['incompatible', 'minor-version+ptx-jit'])
  assert.match(report.detail, /error 222/)
  assert.equal(own('8.0', ['8.0'], ['8.0'], { driver: '535.104.05' }).rule, 'minor-version')
})

test('an older CUDA loaded beside a build does not make its PTX older', () => {
  const jax = (cuda: string) =>
    judge(
      { driver: '530.30.02', gpu: 'H100', framework: 'jax', frameworkVersion: '0.4.30', cuda, channel: 'pip' },
      matrix,
    )
  assert.deepEqual(
    ['12.1', '12.3'].map(cuda => jax(cuda).rule),
    ['minor-version+ptx-jit', 'minor-version+ptx-jit'],
  )
})

test('machine code for one GPU only (sm_90a) is no help to others', () => {
  assert.equal(own('9.0', ['sm_90a'], []).rule, 'no-kernel-image')
})

test('Volta is in cu128 of PyTorch 2.8 to 2.10, and neither before nor after', () => {
  assert.deepEqual(
    ['2.7.1', '2.8.0', '2.9.1', '2.10.0', '2.11.0'].map(version => torch('V100', version, 'cu128').verdict),
    ['incompatible', 'compatible', 'compatible', 'compatible', 'incompatible'],
  )
  assert.equal(torch('V100', '2.14.0', 'cu126').verdict, 'compatible')
})

test('K40 lost its machine code in PyTorch 1.3.1, K80 did not', () => {
  const conda = (gpu: string, frameworkVersion: string) =>
    judge(
      {
        driver: '396.37',
        gpu,
        framework: 'pytorch',
        frameworkVersion,
        cuda: '9.2',
        python: '3.6',
        channel: 'conda:pytorch',
      },
      matrix,
    ).rule
  assert.deepEqual(
    [conda('K40', '1.3.0'), conda('K40', '1.3.1'), conda('K80', '1.3.1')],
    ['driver-native+cubin', 'no-kernel-image', 'driver-native+cubin'],
  )
})

test('where sources differ on what a wheel holds, the answer is a warning and not a guess', () => {
  assert.deepEqual(
    ['P100', 'T4'].map(gpu => torch(gpu, '1.8.0', 'cu111').rule),
    ['sources-disagree', 'sources-disagree'],
  )
  assert.match(torch('A100', '1.8.0', 'cu111').rule, /cubin$/)
})

test('a list that nobody published is judged by the least that the project asks for, and by what its CUDA knows', () => {
  const tensorflow = (gpu: string, driver: string) =>
    judge(
      { driver, gpu, framework: 'tensorflow', frameworkVersion: '2.1.0', cuda: '10.1', python: '3.7', channel: 'pip' },
      matrix,
    )
  assert.match(tensorflow('V100', '418.87.00').rule, /cubin$/)
  assert.equal(tensorflow('A100', '450.80.02').rule, 'ptx-jit+cudnn-arch')
  assert.equal(tensorflow('K10', '418.87.00').rule, 'compute-capability')
})

test('a GPU that the CUDA of the build dropped is told by that, before the missing machine code', () => {
  assert.equal(torch('P100', '2.14.0', 'cu130').rule, 'arch-dropped+no-kernel-image')
  assert.equal(
    torch('K80', '2.1.2', 'cu121', '470.256.02').rule,
    'driver-too-old+arch-dropped+no-kernel-image+cudnn-arch',
  )
})
