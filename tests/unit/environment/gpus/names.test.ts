import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '@trotline/environment'
import { gpuTypes } from '../../../../packages/environment/src/gpus/gres.ts'
import { findGpu, isAmbiguous } from '../../../../packages/environment/src/gpus/names.ts'
import { matrix } from '../cases.ts'

const capability = (name: string): string | null => {
  const found = findGpu(name, matrix.gpuNames)
  return found === null ? null : isAmbiguous(found) ? 'ambiguous' : found.capability
}

const NAMES: [capability: string, names: string[]][] = [
  ['3.5', ['Tesla K40m', 'tesla_k40m', 'k20x', 'Tesla K20Xm']],
  ['3.7', ['K80', 'tesla_k80', 'Tesla K80', 'NVIDIA Tesla K80']],
  ['5.2', ['M60', 'tesla_m40', 'GeForce GTX 980 Ti', 'GeForce GTX TITAN X']],
  ['6.0', ['P100', 'Tesla P100-PCIE-16GB', 'tesla_p100-sxm2-16gb']],
  ['6.1', ['gtx1080ti', 'NVIDIA GeForce GTX 1080 Ti', 'TITAN X (Pascal)', 'TITAN Xp', 'P40']],
  ['7.0', ['V100', 'Tesla V100-SXM2-16GB', 'tesla_v100-pcie-32gb', 'v100s', 'TITAN V']],
  [
    '7.5',
    ['T4', 'Tesla T4', 'quadro_rtx_6000', 'Quadro RTX 8000', 'rtx2080ti', 'NVIDIA TITAN RTX', 'GeForce GTX 1660 SUPER'],
  ],
  ['8.0', ['A100', 'NVIDIA A100-SXM4-80GB', 'nvidia_a100_80gb_pcie', 'nvidia_a100-pcie-40gb', 'a100_80', 'A30']],
  [
    '8.6',
    [
      'A40',
      'rtx_a6000',
      'NVIDIA RTX A6000',
      'rtx3090',
      'NVIDIA GeForce RTX 3080 Ti',
      'NVIDIA GeForce RTX 3060 Laptop GPU',
      'A2',
    ],
  ],
  [
    '8.9',
    [
      'L4',
      'NVIDIA_L40S',
      'nvidia_l40',
      'nvidia_rtx_6000_ada_generation',
      'rtx6000ada',
      'NVIDIA GeForce RTX 4070 Ti SUPER',
    ],
  ],
  [
    '9.0',
    [
      'H100',
      'nvidia_h100_nvl',
      'NVIDIA H100 80GB HBM3',
      'nvidia_h100_80gb_hbm3_1g.10gb',
      'NVIDIA H100 80GB HBM3 MIG 3g.40gb',
      'H200',
      'GH200 480GB',
    ],
  ],
  ['10.0', ['B200', 'nvidia_b200_3g.90gb', 'GB200']],
  ['10.3', ['B300', 'gb300']],
  ['12.0', ['RTX 5090', 'nvidia_geforce_rtx_5090', 'rtxpro6000', 'NVIDIA RTX PRO 6000 Blackwell Server Edition']],
  ['12.1', ['GB10']],
  ['ambiguous', ['rtx6000', 'RTX 6000', 'nvidia_rtx_6000', 'titanx', 'TITAN X', 'rtx_5000', 'rtx4000', 'titan']],
]

for (const [expected, names] of NAMES)
  test(`${names[0]} and its like are ${expected}, however they are written`, () => {
    for (const name of names) assert.equal(capability(name), expected, name)
  })

test('a name that no table has is no GPU, and none is taken for a similar one', () => {
  for (const name of [
    '',
    'gpu',
    '1g.33gb',
    'frobnicator',
    'K81',
    'A1000000',
    'rtx',
    'constructor',
    '__proto__',
    'tesla',
    'nvidia',
    'RTX 3000',
    '80gb',
  ])
    assert.equal(capability(name), null, name)
})

test('the types are found in what Slurm prints', () => {
  assert.deepEqual(gpuTypes('gpu:nvidia_h100_nvl:1(S:2),VramPerGpu:no_consume:94G'), ['nvidia_h100_nvl'])
  assert.deepEqual(gpuTypes('gpu:a100:no_consume:4'), ['a100'])
  assert.deepEqual(gpuTypes('gpu:tesla_k40m:2,gpu:tesla_k80:1'), ['tesla_k40m', 'tesla_k80'])
  assert.deepEqual(gpuTypes('gres/gpu:nvidia_h200_nvl=1'), ['nvidia_h200_nvl'])
  assert.deepEqual(gpuTypes('gpu:1g.33gb:4,gpu:1g.16gb:7'), ['1g.33gb', '1g.16gb'])
  assert.deepEqual(gpuTypes('gpu:2'), [null])
  assert.deepEqual(gpuTypes('gpu:0(IDX:0-3)'), [null])
  assert.deepEqual(gpuTypes('(null)'), [])
  assert.deepEqual(gpuTypes('NVIDIA A100-SXM4-80GB'), ['NVIDIA A100-SXM4-80GB'])
})

const asked = { driver: '470.82.01', framework: 'cuda-runtime', cuda: '11.4.4' }

test('of two types on a node the weakest counts, and the report says so', () => {
  const report = judge({ ...asked, gpu: 'gpu:a100:2,gpu:tesla_k80:1' }, matrix)
  assert.equal(report.understood.computeCapability, '3.7')
  assert.ok(report.findings.some(({ rule, detail }) => rule === 'gpu-weakest' && detail.includes('Tesla K80')))
})

test('a measured compute capability counts more than a name, a name more than a tag, and each is told', () => {
  const measured = judge({ ...asked, gpu: 'rtx6000', computeCapability: '7.5' }, matrix)
  assert.deepEqual([measured.verdict, measured.understood.computeCapability], ['compatible', '7.5'])
  const contradiction = judge({ ...asked, gpu: 'V100', computeCapability: '8.0' }, matrix)
  assert.equal(contradiction.understood.computeCapability, '8.0')
  assert.ok(contradiction.findings.some(({ rule }) => rule === 'gpu-contradiction'))
  const tagged = judge(
    { ...asked, gpu: 'nvidia_geforce_rtx_3080', slurmFeatures: ['V5', 'COMPUTE_CAPABILITY_7_0'] },
    matrix,
  )
  assert.equal(tagged.understood.computeCapability, '8.6')
  assert.ok(tagged.findings.some(({ rule }) => rule === 'feature-tag'))
  const onlyTag = judge({ ...asked, slurmFeatures: ['COMPUTE_CAPABILITY_7_0'] }, matrix)
  assert.deepEqual([onlyTag.verdict, onlyTag.rule], ['compatible-with-warning', 'feature-tag'])
})

test("what a login node's virtual packages say of the GPU and of glibc never counts for the compute node", () => {
  const question = {
    driver: '580.159.03',
    framework: 'pytorch',
    frameworkVersion: '2.8.0',
    wheelTag: 'cu126',
    virtualPackages: { __cuda_arch: '8.0', __glibc: '2.17' },
  }
  const login = judge({ ...question, solveHost: 'login-node-without-gpu' }, matrix)
  assert.deepEqual([login.verdict, login.rule], ['unknown', 'gpu-unknown'])
  const node = judge({ ...question, solveHost: 'compute-node' }, matrix)
  assert.deepEqual([node.verdict, node.rule, node.understood.computeCapability], ['incompatible', 'glibc', '8.0'])
})

test('TITAN X alone is two cards, and as the newer card’s driver prints it one', () => {
  const capability = (gpu: string) =>
    judge({ driver: '580.159.03', framework: 'pytorch', frameworkVersion: '2.5.1', gpu }, matrix).understood
      .computeCapability
  assert.equal(capability('titanx'), null)
  assert.equal(capability('nvidia_titan_x'), '6.1')
  assert.equal(capability('GeForce GTX TITAN X'), '5.2')
})
