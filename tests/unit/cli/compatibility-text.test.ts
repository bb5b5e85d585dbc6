import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityFinding, CompatibilityReport, Suggestion } from '@trotline/contracts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { factsInShort, reportText, suggestText } from '../../../apps/cli/src/text/compatibility-text.ts'
import { errorText } from '../../../apps/cli/src/text/error-text.ts'
import { checkedText } from '../../../apps/cli/src/text/job-text.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'

const plain = createStyle({ colour: false, utf8: true })
const AT = '2030-01-02T03:04:05.000Z'
const NOW = Date.parse(AT) + 2 * 3_600_000

const finding = (over: Partial<CompatibilityFinding>): CompatibilityFinding => ({
  gate: 'driver-cuda',
  rule: 'driver-too-old',
  verdict: 'incompatible',
  detail: 'CUDA 12.1 needs driver 525.60.13 or newer, and there is 396.37.',
  required: '525.60.13',
  found: '396.37',
  hint: null,
  source: 'CUDA toolkit release notes',
  confidence: 'high',
  ...over,
})
const suggestion = (over: Partial<Suggestion> = {}): Suggestion => ({
  software: { framework: 'pytorch', frameworkVersion: '1.3.1', cuda: '9.2.148', python: '3.6' },
  partition: null,
  verdict: 'compatible',
  changes: [{ field: 'frameworkVersion', from: '2.1.2', to: '1.3.1' }],
  detail: 'The newest release with a build for CUDA 9.2.',
  install: 'pytorch::pytorch=1.3.1=*cuda9.2*',
  warnings: [],
  ...over,
})
const fact = (value: string, source: 'probe' | 'declared' = 'probe') => ({
  value,
  source,
  from: `${source} of k01`,
  at: AT,
})
const report: CompatibilityReport = {
  verdict: 'incompatible',
  rule: 'driver-too-old',
  detail: finding({}).detail,
  findings: [
    finding({}),
    finding({ gate: 'driver-gpu', rule: 'ok', verdict: 'compatible', detail: 'R396 drives a Tesla K80.' }),
  ],
  understood: { gpu: 'Tesla K80', computeCapability: '3.7', driver: '396.37', cuda: '12.1', cudnn: null },
  nearest: [suggestion()],
  facts: {
    cluster: 'local',
    partition: 'gpuk80',
    gpuType: null,
    nodes: ['k01'],
    driver: fact('396.37'),
    gpu: fact('Tesla K80', 'declared'),
    computeCapability: null,
    glibc: null,
    cpuArch: null,
    node: null,
  },
}

test('a report begins with its verdict, says what decides with both figures, and ends with what would run instead', () => {
  assert.deepEqual(reportText(report, NOW, plain, 100), [
    '✕ incompatible  driver-too-old',
    '  CUDA 12.1 needs driver 525.60.13 or newer, and there is 396.37.',
    '',
    '  ✕ driver × CUDA  driver-too-old',
    '      required  525.60.13',
    '      found     396.37',
    '      source    CUDA toolkit release notes',
    '  ✓ driver × GPU  ok  R396 drives a Tesla K80.',
    '',
    'Known of local / gpuk80:',
    '  driver 396.37 (probe of k01, 2 h ago)',
    '  GPU Tesla K80 (declared of k01)',
    '',
    'What would run instead:',
    '  ✓ frameworkVersion 2.1.2 -> 1.3.1',
    '    The newest release with a build for CUDA 9.2.',
    '    pytorch::pytorch=1.3.1=*cuda9.2*',
  ])
})

test('where nothing would run instead it is said, and nothing is said of what runs', () => {
  assert.equal(
    reportText({ ...report, nearest: [] }, NOW, plain, 100).at(-1),
    'Nothing is known that would run there instead.',
  )
  const runs = reportText({ ...report, verdict: 'compatible', findings: [], nearest: [] }, NOW, plain, 100)
  assert.match(runs[0] ?? '', /^✓ compatible/)
  assert.ok(!runs.some(line => line.includes('instead')))
})

test('a verdict is never a colour alone, and plain ASCII where the terminal has no more', () => {
  const ascii = createStyle({ colour: false, utf8: false })
  const heads = (['compatible', 'compatible-with-warning', 'incompatible', 'unknown'] as const).map(
    verdict => reportText({ ...report, verdict }, NOW, ascii, 100)[0],
  )
  assert.deepEqual(
    heads.map(head => head?.slice(0, 4)),
    ['+ co', '! co', 'x in', '? un'],
  )
})

test('a list of the newest names software and build, its warnings, and why there is none', () => {
  const slow = finding({
    rule: 'ptx-jit',
    verdict: 'compatible-with-warning',
    detail: 'The first start takes minutes.',
  })
  const answer = {
    hardware: {},
    frameworks: [
      { framework: 'pytorch', newest: [suggestion({ changes: [], warnings: [slow] })], detail: '' },
      { framework: 'jax', newest: [], detail: 'JAX wants compute capability 5.2.' },
    ],
  }
  assert.deepEqual(suggestText(answer, NOW, plain, 100), [
    'pytorch',
    '  ✓ pytorch 1.3.1  CUDA 9.2.148  Python 3.6',
    '    The newest release with a build for CUDA 9.2.',
    '    pytorch::pytorch=1.3.1=*cuda9.2*',
    '    ! The first start takes minutes.',
    'jax',
    '  JAX wants compute capability 5.2.',
  ])
})

const short = {
  partition: 'gpuk80',
  driver: '396.37',
  gpu: 'Tesla K80',
  computeCapability: '3.7',
  source: 'probe',
  at: AT,
} as const

test('a refused job shows the facts and what would run before the thing to do', () => {
  const error = new CliError('PROBLEM', '', {
    failed: 'Not submitted',
    problem: {
      type: 'about:blank',
      status: 422,
      code: 'incompatible',
      title: 'It cannot run on the chosen partition',
      detail: 'CUDA 11.2 needs driver 450.80.02 or newer.',
      instance: '01JD',
      findings: [{ pointer: '/resources/partition', detail: 'Too old.', hint: 'Set resources.partition to gpup100' }],
      compatibility: { verdict: 'incompatible', rule: 'driver-too-old', detail: '', findings: [], facts: short },
      nearest: [suggestion({ changes: [{ field: 'partition', from: 'gpuk80', to: 'gpup100' }], install: null })],
    },
  })
  const lines = errorText(error, plain).split('\n')
  const at = (text: string): number => lines.findIndex(line => line.includes(text))
  assert.equal(error.exit, 5)
  assert.equal(at(factsInShort(short)) > at('Too old.'), true)
  assert.equal(at('partition gpuk80 -> gpup100') > at('driver 396.37'), true)
  assert.equal(at('To do: Set resources.partition to gpup100') > at('partition gpuk80 -> gpup100'), true)
})

test('a job tells what it was checked by, where that was anything', () => {
  const of = (facts: typeof short | null): string =>
    checkedText({ compatibility: { verdict: 'compatible', rule: 'cubin', detail: 'It runs.', findings: [], facts } })
  assert.equal(of(null), 'compatible: It runs.')
  assert.equal(of(short), `compatible: It runs. (${factsInShort(short)})`)
})
