import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeLock, judgeSpec } from '@trotline/environment'
import { matrix } from './cases.ts'

const BLUE_CRAB = { driver: '396.37', gpu: 'gpu:k80:4' }
const rules = (report: { findings: readonly { rule: string }[] }) => report.findings.map(({ rule }) => rule)

test("the tutorial's recipe runs on its cluster, and the report says that its TensorFlow is for CPUs", () => {
  const report = judgeSpec(
    {
      channels: ['defaults'],
      dependencies: ['python<3.7', 'pytorch::torchvision', 'pytorch::pytorch=1.3=*cuda9.2*', 'tensorflow==1.12'],
    },
    BLUE_CRAB,
    matrix,
  )
  assert.deepEqual([report.verdict, report.rule], ['compatible-with-warning', 'cpu-only'])
  assert.match(report.detail, /Plain "tensorflow" 1\.12 is a CPU build/)
  assert.ok(rules(report).includes('driver-native') && rules(report).includes('cubin'))
})

test('without the build string the solver takes the newest CUDA, and the same recipe is refused', () => {
  const report = judgeSpec(
    { channels: ['pytorch', 'defaults'], dependencies: ['python=3.6', 'pytorch=1.3'] },
    BLUE_CRAB,
    matrix,
  )
  assert.deepEqual([report.verdict, report.rule], ['incompatible', 'driver-too-old'])
  assert.match(report.detail, /CUDA 10\.1\.243 needs an NVIDIA driver of 418\.39/)
})

test('without a version the newest counts that the Python allows, with a build string the newest of such a build', () => {
  const spec = (dependency: string, python: string) =>
    judgeSpec({ channels: ['defaults'], dependencies: [`python=${python}`, dependency] }, BLUE_CRAB, matrix)
  assert.match(spec('pytorch::pytorch', '3.6').detail, /^PyTorch 1\.10\.2 for CUDA 11\.3/)
  assert.match(spec('pytorch::pytorch', '3.12').detail, /^PyTorch 2\.5\.1 for CUDA 12\.4/)
  assert.match(spec('pytorch::pytorch=*=*cuda9.2*', '3.6').detail, /^PyTorch 1\.7\.1 for CUDA 9\.2\.148/)
})

test('TensorFlow 1.12 alone is refused: a CPU build, and for Python up to 3.6', () => {
  const report = judgeSpec(
    { channels: ['defaults'], dependencies: ['python=3.7', 'tensorflow==1.12'] },
    BLUE_CRAB,
    matrix,
  )
  assert.equal(report.verdict, 'incompatible')
  assert.ok(rules(report).includes('cpu-only') && rules(report).includes('python-range'))
})

test('tensorflow-gpu with the cudatoolkit beside it is the build for that CUDA', () => {
  const spec = (cuda: string) => ({
    channels: ['defaults'],
    dependencies: ['python=3.6', 'tensorflow-gpu=1.13.1', `cudatoolkit=${cuda}`],
  })
  assert.equal(judgeSpec(spec('9.2'), BLUE_CRAB, matrix).verdict, 'compatible')
  assert.deepEqual(judgeSpec(spec('10.0'), BLUE_CRAB, matrix).rule, 'driver-too-old')
})

test('the index of a pip section names the CUDA of its wheels', () => {
  const spec = {
    channels: ['conda-forge'],
    dependencies: [
      'python=3.11',
      'pip',
      { pip: ['--index-url https://wheels.example.org/whl/cu118', 'torch==2.1.2', '# a remark'] },
    ],
  }
  const report = judgeSpec(spec, { driver: '470.82.01', gpu: 'A100' }, matrix)
  assert.deepEqual(
    [report.verdict, report.rule, report.understood.cuda],
    ['compatible-with-warning', 'minor-version', '11.8'],
  )
})

test('jax of pip has CUDA by its extra, its plugin or its local version, and is a CPU build without', () => {
  const verdict = (...pip: string[]) =>
    judgeSpec({ channels: [], dependencies: ['python=3.11', { pip }] }, { driver: '550.144.03', gpu: 'A100' }, matrix)
      .rule
  assert.match(verdict('jax[cuda12]==0.4.30'), /^driver-native/)
  assert.match(verdict('jax==0.4.30', 'jax-cuda12-plugin==0.4.30'), /^driver-native/)
  assert.match(verdict('jax==0.4.24', 'jaxlib==0.4.24+cuda12.cudnn89'), /^driver-native/)
  assert.equal(verdict('jax==0.4.30'), 'cpu-only')
  assert.match(verdict('jaxlib==0.1.60+cuda110'), /ptx-jit|no-kernel-image/)
  assert.equal(verdict('jax[cuda13]==0.8.0'), 'driver-too-old')
})

test('an unpinned conda-forge build is the newest whose CUDA the nodes have, not the one that solves', () => {
  const report = judgeSpec(
    { channels: ['conda-forge'], dependencies: ['python=3.12', 'pytorch=2.10'] },
    { driver: '550.144.03', gpu: 'A100' },
    matrix,
  )
  assert.deepEqual([report.verdict, report.understood.cuda], ['compatible-with-warning', '12.9'])
})

test('a line that is no package makes the answer unknown, and packages without a GPU make it compatible', () => {
  assert.equal(judgeSpec({ channels: [], dependencies: ['???'] }, BLUE_CRAB, matrix).rule, 'spec-unreadable')
  assert.deepEqual(
    judgeSpec({ channels: ['conda-forge'], dependencies: ['numpy', 'python=3.12'] }, BLUE_CRAB, matrix).rule,
    'no-gpu-package',
  )
})

const PYTHON = { name: 'python', version: '3.6.13', build: 'h12debd9_1' }

test('a lock is judged by the build strings in it', () => {
  const lock = (build: string) => [PYTHON, { name: 'pytorch', version: '1.3.1', build, channel: 'pytorch' }]
  assert.equal(judgeLock(lock('py3.6_cuda9.2.148_cudnn7.6.3_0'), BLUE_CRAB, matrix).verdict, 'compatible')
  assert.equal(judgeLock(lock('py3.6_cuda10.1.243_cudnn7.6.3_0'), BLUE_CRAB, matrix).rule, 'driver-too-old')
  assert.equal(judgeLock(lock('py3.6_cpu_0'), BLUE_CRAB, matrix).rule, 'cpu-only')
  assert.equal(judgeLock(lock('py3.7_cuda9.2.148_cudnn7.6.3_0'), BLUE_CRAB, matrix).rule, 'python-range')
})

test('of TensorFlow in a lock, tensorflow-base has the hash that tells its CUDA', () => {
  const lock = (hash: string) => [
    PYTHON,
    { name: 'tensorflow', version: '1.13.1', build: 'gpu_py36h3991807_0', channel: 'pkgs/main' },
    {
      name: 'tensorflow-base',
      version: '1.13.1',
      build: `gpu_py36${hash}_0`,
      url: 'https://example.org/pkgs/main/linux-64/tensorflow-base-1.13.1.conda',
    },
  ]
  assert.equal(judgeLock(lock('h611c6d2'), BLUE_CRAB, matrix).verdict, 'compatible')
  assert.equal(judgeLock(lock('h8d69cac'), BLUE_CRAB, matrix).rule, 'driver-too-old')
})

test('a cudatoolkit in a lock is judged though no framework is there', () => {
  const report = judgeLock(
    [{ name: 'cudatoolkit', version: '10.1.243', build: 'h6bb024c_0', channel: 'defaults' }],
    BLUE_CRAB,
    matrix,
  )
  assert.equal(report.rule, 'driver-too-old')
  assert.match(report.detail, /^cudatoolkit 10\.1\.243 needs an NVIDIA driver of 418\.39/)
})

test('what packages ask of __cuda and __glibc is compared with the node', () => {
  const lock = [
    {
      name: 'cuda-version',
      version: '12.9',
      build: 'h4f385c5_3',
      channel: 'conda-forge',
      constrains: ['__cuda >=12', 'cudatoolkit 12.9|12.9.*'],
    },
    { name: 'libfoo', version: '1.0', build: '0', channel: 'conda-forge', depends: ['__glibc >=2.28,<3.0.a0'] },
  ]
  const refused = judgeLock(lock, { driver: '470.82.01', gpu: 'A100', glibc: '2.17' }, matrix)
  assert.deepEqual([refused.verdict, refused.rule], ['incompatible', 'driver-too-old+cuda-guard+glibc'])
  assert.equal(judgeLock(lock, { driver: '580.159.03', gpu: 'A100', glibc: '2.34' }, matrix).verdict, 'compatible')
})

test('a wheel in a lock is judged by its local version', () => {
  const report = judgeLock([{ name: 'torch', version: '2.1.2+cu121' }], { driver: '470.82.01', gpu: 'A100' }, matrix)
  assert.deepEqual([report.rule, report.understood.cuda], ['driver-too-old', '12.1'])
})
