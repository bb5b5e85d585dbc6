import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EnvironmentSpec, judgeLock, judgeSpec, softwareOfSpec } from '@trotline/environment'
import { processorMsOf } from '../../support/processor-time.ts'
import { matrix } from './cases.ts'

const K80 = { driver: '396.37', gpu: 'K80' }
const A100 = { driver: '580.159.03', gpu: 'A100' }
const OLD_A100 = { driver: '470.82.01', gpu: 'A100' }

const spec = (channel: string, ...dependencies: EnvironmentSpec['dependencies'][number][]): EnvironmentSpec => ({
  channels: [channel],
  dependencies,
})
const on = (node: { driver: string; gpu: string }, ...written: Parameters<typeof spec>) =>
  judgeSpec(spec(...written), node, matrix)

test('CUDA that conda installs is judged though no framework is there', () => {
  for (const [line, name] of [
    ['cudatoolkit=11.8', 'cudatoolkit 11.8'],
    ['cuda-version=12.1', 'cuda-version 12.1'],
    ['nvidia::cuda-toolkit=12.1', 'cuda-toolkit 12.1'],
    ['cuda-version>=11.8,<12', 'cuda-version >=11.8,<12'],
    ['cuda-version=12', 'cuda-version 12'],
  ] as const) {
    const report = on(K80, 'conda-forge', 'python=3.10', line, 'cupy', 'numba')
    assert.deepEqual([report.verdict, report.rule], ['incompatible', 'driver-too-old'], line)
    assert.ok(report.detail.startsWith(`${name} needs an NVIDIA driver`), report.detail)
    assert.equal(on(A100, 'conda-forge', 'python=3.10', line, 'cupy').verdict, 'compatible', line)
  }
  assert.match(
    on({ driver: '535.104.05', gpu: 'K80' }, 'conda-forge', 'cuda-version=11.8').rule,
    /gpu-dropped-by-driver/,
  )
  assert.equal(judgeSpec(spec('conda-forge', 'cuda-version=12.1'), {}, matrix).verdict, 'unknown')
})

test('a name that ends in a CUDA means that CUDA', () => {
  for (const line of [
    'cupy-cuda12x',
    'nvidia-cudnn-cu12',
    'nvidia-cuda-runtime-cu12==12.1.105',
    'cupy-cuda112',
    'jax-cuda12-plugin',
  ]) {
    assert.equal(on(K80, 'conda-forge', { pip: [line] }).rule, 'driver-too-old', line)
    assert.equal(on(A100, 'conda-forge', { pip: [line] }).verdict, 'compatible', line)
  }
  const lock = [{ name: 'nvidia-cuda-runtime-cu12', version: '12.1.105' }]
  assert.equal(judgeLock(lock, K80, matrix).rule, 'driver-too-old')
})

test('what brings a framework or a CUDA of an unnamed version is unknown, and never compatible', () => {
  for (const [line, says] of [
    ['torchvision=0.5', /torchvision brings PyTorch along/],
    ['keras-gpu', /keras-gpu brings TensorFlow along/],
    ['cupy', /cupy needs CUDA, and which one is not said/],
    ['pytorch-nightly=2.1', /no final release/],
  ] as const) {
    const report = on(K80, 'pytorch', line, 'python=3.6')
    assert.equal(report.verdict, 'unknown', line)
    assert.match(report.detail, says)
  }
  assert.equal(on(A100, 'pytorch-nightly', 'pytorch=2.1').rule, 'release-unknown')
  assert.equal(on(A100, 'defaults', { pip: ['onnxruntime-gpu==1.17'] }).verdict, 'unknown')
  assert.equal(
    on(A100, 'defaults', { pip: ['--index-url https://w.example.org/whl/nightly/cu121', 'torch'] }).verdict,
    'unknown',
  )
  assert.equal(on(A100, 'pytorch', 'pytorch=2.1.2', 'pytorch-cuda=12.1', 'torchvision').verdict, 'compatible')
})

test('the name of a wheel says its version and its CUDA; other addresses and files are told as unread', () => {
  const wheel = 'https://w.example.org/whl/cu118/torch-2.1.2%2Bcu118-cp311-cp311-linux_x86_64.whl'
  for (const line of [`torch @ ${wheel}`, wheel]) {
    const report = on(OLD_A100, 'defaults', 'python=3.11', { pip: [line] })
    assert.deepEqual([report.rule, report.understood.cuda], ['minor-version', '11.8'], line)
  }
  for (const line of [
    'git+https://g.example.org/x.git',
    '-r more.txt',
    'torch @ git+https://g.example.org/t',
    '--what',
  ])
    assert.equal(on(A100, 'defaults', { pip: [line] }).rule, 'spec-unreadable', line)
  assert.equal(on(A100, 'defaults', { pip: ['-e .'] }).rule, 'spec-unreadable')
  assert.equal(on(A100, 'defaults', { pip: ['-e .', 'torch==2.1.2'] }).verdict, 'compatible')
  assert.equal(on(A100, 'defaults', { pip: ['requests @ https://g.example.org/r.tar.gz'] }).verdict, 'compatible')
  assert.equal(on(A100, 'defaults', 'https://c.example.org/linux-64/pytorch-1.3.1-py3.6_0.tar.bz2').verdict, 'unknown')
})

test('hashes and markers of a requirement change nothing, and what is for another system is left out', () => {
  const hash = `--hash=sha256:${'a'.repeat(64)}`
  assert.equal(on(OLD_A100, 'defaults', { pip: [`torch==2.1.2+cu121 ${hash} ${hash} ${hash}`] }).rule, 'driver-too-old')
  assert.equal(on(OLD_A100, 'defaults', { pip: ['torch==2.1.2 ; python_version < "3.12"'] }).rule, 'driver-too-old')
  assert.equal(on(OLD_A100, 'defaults', { pip: ['torch==2.1.2 ; sys_platform == "darwin"'] }).rule, 'no-gpu-package')
})

test('cpuonly asks for the build without CUDA, also of a PyTorch that comes along', () => {
  assert.equal(on(A100, 'pytorch', 'pytorch=2.1', 'cpuonly', 'python=3.9').rule, 'cpu-only')
  assert.equal(on(A100, 'pytorch', 'torchvision', 'cpuonly').rule, 'cpu-only')
  assert.equal(on(A100, 'pytorch', 'pytorch=2.1=*cpu*').rule, 'cpu-only')
  const both = on(A100, 'pytorch', 'pytorch=2.1=*cuda12.1*', 'cpuonly')
  assert.ok(both.findings.some(({ rule }) => rule === 'question-contradicts'))
})

test('a major and a range of CUDA choose the build, however they are written', () => {
  for (const line of ['pytorch-cuda=11', 'pytorch-cuda=11.*', 'pytorch-cuda = 11.8', 'cudatoolkit>=11.8,<12'])
    assert.equal(on(OLD_A100, 'pytorch', 'python = 3', 'pytorch = 2.1.2', line).understood.cuda, '11.8', line)
  for (const [build, cuda] of [
    ['*cuda11*', '11.8'],
    ['*cuda12*', '12.0'],
    ['cuda112*', '11.2'],
  ] as const)
    assert.equal(on(A100, 'conda-forge', `pytorch=2.1.2=${build}`).understood.cuda, cuda, build)
})

test('python=3 is a range, and two lines about Python are one', () => {
  assert.equal(on(A100, 'pytorch', 'python=3', 'pytorch=2.1.2', 'pytorch-cuda=12.1').verdict, 'compatible')
  const narrow = on(A100, 'pytorch', 'python>=3.12', 'python<3.13', 'pytorch=2.1.2', 'pytorch-cuda=12.1')
  assert.equal(narrow.rule, 'python-range')
})

test('a channel that has no builds of the framework is named as it was asked for', () => {
  const report = on(A100, 'conda-forge', 'jaxlib=0.4.23=*cuda*', 'python=3.11')
  assert.match(report.detail, /no builds of JAX from conda:conda-forge/)
})

test("a cuDNN beside PyTorch's own builds is not theirs, one beside TensorFlow's is", () => {
  const torch = on(K80, 'defaults', 'pytorch::pytorch=1.7.1', 'cudatoolkit=9.2', 'cudnn=8.0', 'python=3.7')
  assert.equal(torch.verdict, 'compatible')
  const tensorflow = on(A100, 'conda-forge', 'tensorflow=2.14', 'cudnn=7.6', 'cudatoolkit=11.8')
  assert.match(on(K80, 'defaults', 'tensorflow-gpu=1.12', 'cudatoolkit=9.2', 'cudnn=8.0').rule, /cudnn-mismatch/)
  assert.notEqual(tensorflow.verdict, 'compatible')
})

test('a thousand lines and a hundred channels are read once, and judged again without being read', () => {
  const long = {
    channels: Array.from({ length: 100 }, (_, i) => `x/y${i}`),
    dependencies: ['pytorch::pytorch=2.1.2', ...Array.from({ length: 990 }, () => 'pytorch')],
  }
  const wide = {
    channels: ['conda-forge'],
    dependencies: [
      ...Array.from({ length: 4000 }, (_, i) => `pytorch=2.${i}`),
      { pip: Array.from({ length: 4000 }, (_, i) => `torch==2.${i}`) },
    ],
  }
  const heavy = {
    channels: ['x'],
    dependencies: [{ pip: [`torch${' '.repeat(60_000)}x`, `${';'.repeat(60_000)}a==`] }],
  }
  for (const written of [long, wide, heavy]) {
    const took = [0, 1, 2, 3, 4].map(() => processorMsOf(() => judgeSpec(written, K80, matrix)))
    assert.ok(Math.min(...took) < 100, `took ${took.map(ms => ms.toFixed(1)).join(', ')} ms`)
  }
  const software = softwareOfSpec(long, matrix)
  assert.equal(software.asked.length, 1)
  assert.deepEqual(judgeSpec(software, K80, matrix), judgeSpec(long, K80, matrix))
  assert.equal(judgeSpec(wide, K80, matrix).findings.filter(({ rule }) => rule === 'spec-unreadable').length, 1)
})
