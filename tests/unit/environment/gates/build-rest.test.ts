import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { matrix } from '../cases.ts'

const rule = (question: CompatibilityQuestion) => judge({ driver: '580.159.03', gpu: 'A100', ...question }, matrix).rule
const verdict = (question: CompatibilityQuestion) =>
  judge({ driver: '580.159.03', gpu: 'A100', ...question }, matrix).verdict

const TORCH = { framework: 'pytorch', frameworkVersion: '2.6.0', wheelTag: 'cu124', channel: 'pip' }

test('glibc is asked of the node: too old is refused, disputed warns, unsaid is new enough', () => {
  assert.equal(rule({ ...TORCH, glibc: '2.12' }), 'glibc')
  assert.equal(rule({ ...TORCH, glibc: '2.17' }), 'sources-disagree')
  assert.equal(verdict({ ...TORCH, glibc: '2.28' }), 'compatible')
  assert.equal(verdict(TORCH), 'compatible')
})

test('Python: experimental warns, outside refuses, beyond what anybody looked at is unknown', () => {
  const torch = { framework: 'pytorch', frameworkVersion: '2.2.2', wheelTag: 'cu121' }
  assert.deepEqual(
    ['3.11', '3.12', '3.13', '3.7'].map(python => verdict({ ...torch, python })),
    ['compatible', 'compatible-with-warning', 'incompatible', 'incompatible'],
  )
  assert.equal(verdict({ framework: 'jax', frameworkVersion: '0.4.30', cuda: '12.3', python: '3.14' }), 'unknown')
  assert.equal(
    verdict({ framework: 'pytorch', frameworkVersion: '2.7.0', wheelTag: 'cu126', python: '3.13t' }),
    'unknown',
  )
})

test('a build string names its Python, and asking for another is refused', () => {
  const conda = {
    driver: '396.37',
    gpu: 'K80',
    framework: 'tensorflow',
    frameworkVersion: '1.12.0',
    package: 'tensorflow-gpu',
    channel: 'conda:defaults',
  }
  assert.match(rule({ ...conda, condaBuild: 'gpu_py36had579c0_0', python: '3.6' }), /^driver-native/)
  assert.equal(rule({ ...conda, condaBuild: 'gpu_py27had579c0_0', python: '3.6' }), 'python-range')
})

test('tfjs-node-gpu is for x86_64 only; of others it is not known what exists elsewhere', () => {
  const tfjs = { framework: 'tfjs-node-gpu', frameworkVersion: '4.22.0' }
  assert.match(rule({ ...tfjs, cpuArch: 'aarch64' }), /^cpu-arch$/)
  assert.match(rule({ ...tfjs, gpu: 'GH200' }), /cpu-arch/)
  assert.equal(
    rule({ framework: 'pytorch', frameworkVersion: '2.9.0', wheelTag: 'cu128', cpuArch: 'arm64' }),
    'cpu-arch',
  )
  assert.equal(
    verdict({ framework: 'pytorch', frameworkVersion: '2.9.0', wheelTag: 'cu128', cpuArch: 'arm64' }),
    'unknown',
  )
  assert.equal(
    verdict({
      framework: 'pytorch',
      frameworkVersion: '2.9.0',
      wheelTag: 'cu128',
      gpu: 'GB200',
      cpuArch: undefined as never,
    }),
    'unknown',
  )
})

test('Node-API only grows: a newer runtime loads an older binding, an older runtime none', () => {
  const tfjs = { framework: 'tfjs-node-gpu', frameworkVersion: '4.22.0' }
  assert.equal(verdict({ ...tfjs, napi: 9 }), 'compatible')
  assert.equal(rule({ ...tfjs, napi: 2 }), 'napi')
})

test('tfjs-node-gpu needs the CUDA of its libtensorflow, whatever its README says', () => {
  const tfjs = (frameworkVersion: string, cuda: string) =>
    judge({ driver: '580.159.03', gpu: 'V100', framework: 'tfjs-node-gpu', frameworkVersion, cuda }, matrix)
  assert.match(tfjs('3.4.0', '10.0').detail, /linked to CUDA 11\.0.*README says 10\.0, and is wrong/)
  assert.equal(tfjs('3.4.0', '11.0').verdict, 'compatible')
  assert.equal(tfjs('4.22.0', '11.8').verdict, 'compatible')
  assert.equal(tfjs('4.22.0', '12.2').rule, 'runtime-mismatch')
})

test('a version of tfjs-node-gpu between two that are alike is like them, and between two that differ it is not known', () => {
  const tfjs = (frameworkVersion: string) =>
    judge({ driver: '396.37', gpu: 'K80', framework: 'tfjs-node-gpu', frameworkVersion }, matrix)
  assert.deepEqual([tfjs('0.3.1').verdict, tfjs('0.3.1').understood.cuda], ['compatible', '9.0'])
  assert.equal(tfjs('1.2.0').rule, 'driver-too-old')
  assert.equal(tfjs('1.0.0').rule, 'release-unknown')
  assert.equal(tfjs('4.22.1').rule, 'release-unknown')
})

test('PyTorch brings its own CUDA: a loaded module makes no difference', () => {
  const report = judge(
    {
      driver: '580.159.03',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.5.1',
      wheelTag: 'cu124',
      cuda: '11.8',
      librariesFrom: 'module',
    },
    matrix,
  )
  assert.equal(report.verdict, 'compatible')
  assert.ok(report.findings.some(one => one.rule === 'libraries-bundled'))
})

test('cuDNN is refused for a CUDA or a GPU it was not made for, and for another major than the build has', () => {
  const own = { framework: 'custom-cuda', kernels: { sass: ['7.0'], ptx: [] }, gpu: 'V100' }
  assert.equal(rule({ ...own, cuda: '11.8.0', cudnn: '9.17.0' }), 'cudnn-mismatch')
  assert.equal(rule({ ...own, cuda: '12.8.1', cudnn: '9.17.0' }), 'cudnn-arch')
  assert.equal(rule({ ...own, cuda: '9.1.85', cudnn: '7.6.5' }), 'cudnn-mismatch')
  assert.equal(verdict({ ...own, cuda: '12.8.1', cudnn: '9.12.0' }), 'unknown')
  assert.equal(verdict({ ...own, cuda: '12.8.1', cudnn: '9.10.2' }), 'compatible')
  assert.equal(verdict({ ...own, cuda: '12.8.1', cudnn: '11.0' }), 'unknown')
  assert.equal(
    rule({ framework: 'tensorflow', frameworkVersion: '2.18.0', cudnn: '8.9', librariesFrom: 'module', cuda: '12.5' }),
    'cudnn-mismatch',
  )
})

test("PyTorch's cu118 wheels from 2.4 on hold code for K80, and their cuDNN does not run on it", () => {
  const k80 = (frameworkVersion: string) =>
    rule({ driver: '470.256.02', gpu: 'K80', framework: 'pytorch', frameworkVersion, wheelTag: 'cu118' })
  assert.deepEqual([k80('2.3.1'), k80('2.4.0')], ['minor-version', 'cudnn-arch'])
})

test('a solver without a driver takes the CPU build from conda-forge, and whatever is newest from old channels', () => {
  const forge = { framework: 'pytorch', frameworkVersion: '2.10.0', channel: 'conda:conda-forge' }
  assert.equal(rule({ ...forge, solveHost: 'login-node-without-gpu', virtualPackages: {} }), 'cpu-only')
  assert.match(
    rule({ ...forge, solveHost: 'login-node-without-gpu', virtualPackages: {}, env: { CONDA_OVERRIDE_CUDA: '13.0' } }),
    /^driver-native/,
  )
  assert.equal(rule({ ...forge, cuda: '13.0', virtualPackages: { __cuda: '12.8' } }), 'cuda-guard')
  assert.match(
    rule({
      framework: 'pytorch',
      frameworkVersion: '2.5.1',
      channel: 'conda:pytorch',
      solveHost: 'login-node-without-gpu',
    }),
    /^driver-native/,
  )
})

test('never published is said only where the matrix has all of a channel', () => {
  assert.equal(
    rule({ framework: 'pytorch', frameworkVersion: '2.6.0', channel: 'conda:pytorch' }),
    'build-not-published',
  )
  assert.equal(rule({ framework: 'pytorch', frameworkVersion: '1.14.0', channel: 'pip' }), 'build-not-published')
  assert.equal(
    rule({ framework: 'tensorflow', frameworkVersion: '1.16.0', package: 'tensorflow-gpu', channel: 'pip' }),
    'build-not-published',
  )
  assert.equal(
    rule({ framework: 'pytorch', frameworkVersion: '2.2.0', channel: 'conda:conda-forge' }),
    'release-unknown',
  )
  assert.equal(rule({ framework: 'pytorch', frameworkVersion: '1.8.2', channel: 'pip' }), 'release-unknown')
  assert.equal(rule({ framework: 'pytorch', frameworkVersion: '2.5.1', wheelTag: 'cu126' }), 'build-not-published')
  assert.equal(
    rule({ framework: 'pytorch', frameworkVersion: '2.5.1', wheelTag: 'cu121', cuda: '12.4' }),
    'build-not-published',
  )
})

test('without a CUDA pip takes its default wheel', () => {
  assert.equal(
    judge({ driver: '580.159.03', gpu: 'A100', framework: 'pytorch', frameworkVersion: '1.12.1' }, matrix).understood
      .cuda,
    '10.2',
  )
  assert.equal(
    judge({ driver: '580.159.03', gpu: 'A100', framework: 'pytorch', frameworkVersion: '2.7.0' }, matrix).understood
      .cuda,
    '12.6.3',
  )
})

test('a build string of the channel is found whatever its Python and its rebuild, and an unknown hash is not called unpublished', () => {
  const torch = {
    driver: '396.37',
    gpu: 'K80',
    framework: 'pytorch',
    frameworkVersion: '1.3.1',
    channel: 'conda:pytorch',
  }
  for (const condaBuild of [
    'py3.6_cuda9.2.148_cudnn7.6.3_0',
    'py2.7_cuda9.2.148_cudnn7.6.3_1',
    '*cuda9.2*',
    'py3.6_cuda9.2*',
  ])
    assert.match(rule({ ...torch, condaBuild }), /^driver-native/, condaBuild)
  const tensorflow = { ...torch, framework: 'tensorflow', frameworkVersion: '1.13.1', channel: 'conda:defaults' }
  assert.equal(rule({ ...tensorflow, condaBuild: 'gpu_py36h0123456_0' }), 'build-unknown')
})

test('a tag that names no CUDA is not taken for one', () => {
  const torch = { framework: 'pytorch', frameworkVersion: '2.1.0' }
  assert.equal(rule({ ...torch, wheelTag: 'rocm5.6' }), 'wheelTag-unreadable')
  assert.equal(rule({ ...torch, wheelTag: 'cpu' }), 'cpu-only')
  assert.match(rule({ ...torch, frameworkVersion: '2.1.0+cu121.with.pypi.cudnn' }), /^driver-native/)
})

test('an override above the driver is told beside what refuses', () => {
  const report = judge(
    {
      driver: '470.82.01',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.5.1',
      cuda: '12.6',
      channel: 'conda:conda-forge',
      env: { CONDA_OVERRIDE_CUDA: '12.8' },
    },
    matrix,
  )
  assert.equal(report.rule, 'driver-too-old')
  assert.match(
    report.findings.find(one => one.rule === 'cuda-override')?.detail ?? '',
    /told CUDA 12\.8; driver 470\.82\.01 supports 11\.4/,
  )
})

test('1.3 is 1.3.0, as pip and conda’s == have it: a K40 runs it and does not run 1.3.1', () => {
  const torch = {
    driver: '396.37',
    gpu: 'K40',
    framework: 'pytorch',
    channel: 'conda:pytorch',
    cuda: '9.2',
    python: '3.6',
  }
  assert.deepEqual(
    ['1.3', '1.3.0', '1.3.1'].map(frameworkVersion => verdict({ ...torch, frameworkVersion })),
    ['compatible', 'compatible', 'incompatible'],
  )
})

test('a major alone is any CUDA of that major, for builds that the matrix lists; a program has to name a release', () => {
  const jax = { framework: 'jax', frameworkVersion: '0.8.0', python: '3.12' }
  assert.equal(verdict({ ...jax, gpu: 'V100', cuda: '12' }), 'compatible')
  assert.equal(verdict({ ...jax, gpu: 'V100', cuda: '13' }), 'incompatible')
  assert.equal(verdict({ framework: 'cuda-runtime', cuda: '12' }), 'unknown')
})
