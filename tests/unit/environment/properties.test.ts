import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CompatibilityQuestion, CompatibilityReport, VERDICTS } from '@trotline/contracts'
import { type Build, buildsOf, judge, LISTED_FRAMEWORKS, type ListedFramework, softwareOf } from '@trotline/environment'
import { casesOf, matrix, seeded } from './cases.ts'

const cases = [...casesOf('examples'), ...casesOf('derived')]

test('a newer driver of the same branch never turns compatible into incompatible', () => {
  for (const { id, given } of cases) {
    const branch = /^(\d{3})\./.exec(given.driver ?? '')?.[1]
    if (branch === undefined || given.forwardCompatPackage !== undefined) continue
    const drivers = [given.driver ?? '', `${branch}.100.01`, `${branch}.200`, `${branch}.999.99`]
    const newer = drivers.filter(
      (driver, i) => i === 0 || Number(driver.split('.')[1]) > Number(given.driver?.split('.')[1]),
    )
    const verdicts = newer.map(driver => judge({ ...given, driver }, matrix).verdict)
    for (const [i, verdict] of verdicts.entries())
      if (i > 0 && verdicts[i - 1]?.startsWith('compatible'))
        assert.match(verdict, /^compatible/, `${id} on ${newer[i]}`)
  }
})

test('across branches a newer driver refuses what an older one ran only because it dropped the GPU', () => {
  const branches = matrix.tables.driverBranches.map(row => `${row.branch.slice(1)}.999`)
  for (const framework of LISTED_FRAMEWORKS)
    for (const build of newestOfEachCuda(framework))
      for (const gpu of ['K80', 'M60', 'P100', 'V100', 'T4', 'A100', 'H100', 'B200']) {
        let ran = false
        for (const driver of branches) {
          const report = judge({ ...softwareOf(build), driver, gpu }, matrix)
          const refuses = report.findings.filter(({ verdict }) => verdict === 'incompatible')
          if (ran && refuses.length > 0)
            assert.deepEqual(
              refuses.map(({ rule }) => rule),
              ['gpu-dropped-by-driver'],
              `${build.framework} ${build.version} on ${gpu}, ${driver}`,
            )
          if (report.verdict.startsWith('compatible')) ran = true
        }
      }
})

/** Of each channel too: builds of one CUDA ask the same of a driver. */
function newestOfEachCuda(framework: ListedFramework): Build[] {
  const byCuda = new Map<string, Build>()
  for (const build of buildsOf(framework, matrix)) {
    const key = `${build.channel} ${build.cuda}`
    if (!byCuda.has(key)) byCuda.set(key, build)
  }
  return [...byCuda.values()]
}

test('the order in which a question names its fields makes no difference', () => {
  for (const { id, given } of cases) {
    const reversed = Object.fromEntries(Object.entries(given).reverse()) as CompatibilityQuestion
    assert.deepEqual(judge(reversed, matrix), judge(given, matrix), id)
  }
})

const SPELLINGS: [field: 'gpu' | 'cuda' | 'driver' | 'channel' | 'framework' | 'python', spellings: string[]][] = [
  [
    'gpu',
    [
      'K80',
      'k80',
      'tesla_k80',
      'Tesla K80',
      'NVIDIA Tesla K80',
      'gpu:k80:4',
      'gpu:tesla_k80:2(S:0-1)',
      'gres/gpu:k80=4',
      'TESLA-K80',
    ],
  ],
  ['cuda', ['9.2', '9.2.148', 'cuda9.2', '09.2']],
  ['driver', ['396.37', '396.37.00', '0396.37', 'R396.37', ' 396.37 ']],
  ['channel', ['conda:pytorch', 'pytorch', 'CONDA:PyTorch']],
  ['framework', ['pytorch', 'PyTorch', 'torch']],
  ['python', ['3.6', '3.6.13', '3.6.*', '<3.7', '>=3.6,<3.7']],
]

test('the verdict does not depend on how a version or a name is spelled', () => {
  const given: CompatibilityQuestion = {
    driver: '396.37',
    gpu: 'K80',
    framework: 'pytorch',
    frameworkVersion: '1.3.1',
    cuda: '9.2',
    python: '3.6',
    channel: 'conda:pytorch',
  }
  for (const [field, spellings] of SPELLINGS)
    for (const spelling of spellings) {
      const { verdict, rule, understood } = judge({ ...given, [field]: spelling }, matrix)
      assert.deepEqual(
        [verdict, rule, understood.computeCapability],
        ['compatible', 'driver-native+cubin', '3.7'],
        `${field} ${spelling}`,
      )
    }
})

test('one build asked for by number, tag, version or match spec is one build', () => {
  const node = { driver: '470.82.01', gpu: 'A100' }
  const ways: CompatibilityQuestion[] = [
    { ...node, framework: 'pytorch', frameworkVersion: '2.1.2', cuda: '12.1' },
    { ...node, framework: 'pytorch', frameworkVersion: '2.1.2', wheelTag: 'cu121' },
    { ...node, framework: 'pytorch', frameworkVersion: '2.1.2+cu121' },
    { ...node, framework: 'torch', frameworkVersion: '==2.1.2', channel: 'pip' },
    { ...node, condaSpec: 'pytorch::pytorch=2.1.2=*cuda12.1*' },
    {
      ...node,
      framework: 'pytorch',
      frameworkVersion: '2.1.2',
      condaBuild: 'py3.10_cuda12.1_cudnn8.9.2_0',
      channel: 'pytorch',
    },
  ]
  for (const way of ways) {
    const { verdict, detail } = judge(way, matrix)
    assert.equal(verdict, 'incompatible')
    assert.match(detail, /^PyTorch 2\.1\.2 for CUDA 12\.1 needs an NVIDIA driver of 525\.60\.13/, JSON.stringify(way))
  }
})

test('every build of the matrix, asked for as softwareOf names it, is found', () => {
  for (const framework of LISTED_FRAMEWORKS)
    for (const build of buildsOf(framework, matrix)) {
      const { findings } = judge({ ...softwareOf(build), driver: '580.159.03', gpu: 'A100' }, matrix)
      assert.ok(
        findings.some(({ rule }) => rule === 'build-published'),
        `${framework} ${build.version} for CUDA ${build.cuda} from ${build.channel}`,
      )
    }
})

const UNKNOWN: [what: string, change: Partial<CompatibilityQuestion>, missing: RegExp][] = [
  ['no driver', { driver: undefined as never }, /driver of the node is not known/],
  ['a driver that is an error message', { driver: 'Failed to initialize NVML' }, /not the version of an NVIDIA driver/],
  ['CUDA where the driver should be', { driver: '12.4' }, /not the version of an NVIDIA driver/],
  ['a driver of the future', { driver: '999.10' }, /newer than the matrix/],
  ['a GPU that nobody knows', { gpu: 'gpu:frobnicator:2' }, /knows no GPU called "frobnicator"/],
  ['a GPU name that four products share', { gpu: 'rtx6000' }, /different compute capabilities/],
  ['a slice of a GPU without the GPU', { gpu: 'gpu:1g.33gb:4' }, /does not say of which/],
  ['GPUs without a type', { gpu: 'gpu:2' }, /names no type/],
  [
    'a compute capability of the future',
    { gpu: undefined as never, computeCapability: '19.0' },
    /knows no GPU with compute capability 19\.0/,
  ],
  ['an unknown framework', { framework: 'mxnet' }, /knows no framework called "mxnet"/],
  ['a word for a version', { frameworkVersion: 'latest' }, /cannot be read/],
  ['a release of the future', { frameworkVersion: '9.9.0' }, /newer than the matrix/],
  ['a candidate', { frameworkVersion: '2.5.0rc1' }, /no final release/],
  ['a channel nobody knows', { channel: 'conda:bioconda' }, /cannot be read as channel/],
  ['a word for CUDA', { cuda: 'twelve' }, /cannot be read as cuda/],
  ['a word for Python', { python: 'three' }, /cannot be read as python/],
  ['a word for glibc', { glibc: 'musl' }, /not a version of glibc/],
]

for (const [what, change, missing] of UNKNOWN)
  test(`${what} makes the answer unknown, with what is missing`, () => {
    const given = {
      driver: '550.144.03',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.5.1',
      cuda: '12.4',
      channel: 'pip',
    }
    const question = Object.fromEntries(
      Object.entries({ ...given, ...change }).filter(([, value]) => value !== undefined),
    )
    const report = judge(question as CompatibilityQuestion, matrix)
    assert.equal(report.verdict, 'unknown', report.detail)
    assert.match(report.detail, missing)
  })

const FIELDS = [
  'driver',
  'gpu',
  'computeCapability',
  'framework',
  'frameworkVersion',
  'cuda',
  'cudnn',
  'python',
  'channel',
  'package',
  'wheelTag',
  'condaBuild',
  'condaSpec',
  'glibc',
  'cpuArch',
  'forwardCompatPackage',
  'solveHost',
] as const
const JUNK = [
  '',
  ' ',
  '.',
  '..',
  '-1',
  '1',
  '1.',
  '.1',
  '1e9',
  '999999999999999999999',
  '9'.repeat(200),
  '1.2.3.4.5.6.7.8',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '*',
  '**',
  '=',
  '==',
  '>=',
  '<3.7',
  '>=3.6,<',
  '|',
  ',',
  ':',
  '::',
  'a::b::c',
  'gpu:',
  'gpu::',
  'gpu:=',
  '(S:',
  '(null)',
  'sm_90a',
  '1g.10gb',
  'cu',
  'cu1',
  'cu12345',
  'cuda',
  'cuda-compat-',
  'cuda-compat-13-0',
  'pytorch=1.3=',
  'pytorch[version=]',
  '😀',
  'ﬁ',
  '\u202e380',
  'x'.repeat(200),
  '2.5.1+',
  '2.5.1+cu124',
  '1!2.0',
  'v2',
  'R',
  'R535',
  '12.4',
  '535.104.05',
  'A100',
  'pytorch',
  'tensorflow',
  'jax',
  'custom-cuda',
  'cuda-runtime',
  'pip',
  'conda:',
  'conda:conda-forge',
]

test('whatever is asked, the judge answers and never throws', () => {
  const random = seeded(20261127)
  const pick = <Value>(from: readonly Value[]): Value => from[Math.floor(random() * from.length)] as Value
  for (let round = 0; round < 4000; round++) {
    const question: Record<string, unknown> = { ...pick(cases).given }
    for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--)
      question[pick(FIELDS)] = random() < 0.5 ? pick(JUNK) : `${pick(JUNK)}${pick(JUNK)}`.slice(0, 200)
    if (random() < 0.1) question.kernels = { sass: [pick(JUNK)], ptx: [pick(JUNK), pick(JUNK)] }
    if (random() < 0.1) question.virtualPackages = { __cuda: pick(JUNK), __glibc: pick(JUNK), __cuda_arch: pick(JUNK) }
    if (random() < 0.1) question.slurmFeatures = [pick(JUNK), pick(JUNK)]
    if (random() < 0.1) question.env = { CONDA_OVERRIDE_CUDA: pick(JUNK), LD_LIBRARY_PATH: pick(JUNK) }
    const report = judge(question as CompatibilityQuestion, matrix)
    assert.ok(VERDICTS.includes(report.verdict) && report.detail !== '' && report.rule !== '', JSON.stringify(question))
    if (round % 50 === 0) CompatibilityReport.parse(report)
  }
})
