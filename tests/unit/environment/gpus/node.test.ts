import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { matrix } from '../cases.ts'

const on = (question: CompatibilityQuestion) =>
  judge({ driver: '580.159.03', framework: 'pytorch', frameworkVersion: '2.11.0', channel: 'pip', ...question }, matrix)

test('a GPU that only a feature names is told as such', () => {
  const report = on({ slurmFeatures: ['a100', 'ib'], wheelTag: 'cu128' })
  assert.deepEqual([report.verdict, report.rule], ['compatible-with-warning', 'feature-tag'])
  assert.deepEqual([report.understood.gpu, report.understood.computeCapability], ['A100', '8.0'])
  assert.match(report.detail, /Only a feature of the node says that its GPU is A100/)
})

test('of several GPUs among the features the weakest is shown, and all are judged', () => {
  for (const slurmFeatures of [['a100', 'v100'], 'v100,a100']) {
    const report = on({ slurmFeatures, wheelTag: 'cu128' })
    assert.deepEqual([report.verdict, report.understood.computeCapability], ['incompatible', '7.0'])
    assert.ok(report.findings.some(({ rule, detail }) => rule === 'feature-tag' && /A100 or|or A100/.test(detail)))
  }
})

test('a short name is a GPU only where something beside it says so', () => {
  const rule = (...slurmFeatures: string[]) => on({ slurmFeatures, wheelTag: 'cu128' }).rule
  assert.equal(rule('rack7', 'l4', 'ib'), 'gpu-unknown')
  assert.equal(rule('a16', 'amd'), 'gpu-unknown')
  for (const features of [['l4'], ['rack7', 'nvidia_l4'], ['gpu', 'l4'], ['l4', 'CC89'], ['ampere', 'a16']])
    assert.equal(rule(...features), 'feature-tag', features.join())
  assert.equal(rule('rtx6000', 'a100'), 'gpu-unknown')
})

test('every type of a node is judged, and the one that refuses is named', () => {
  const report = on({ gpu: 'gpu:v100:2,gpu:b200:2', wheelTag: 'cu126', python: '3.11' })
  assert.deepEqual([report.verdict, report.rule], ['incompatible', 'no-kernel-image'])
  assert.match(report.detail, /no machine code for B200/)
  assert.deepEqual([report.understood.gpu, report.understood.computeCapability], ['Tesla V100', '7.0'])
  assert.equal(on({ gpu: 'gpu:v100:2', wheelTag: 'cu126' }).verdict, 'compatible')
  const older = judge({ driver: '396.37', gpu: 'gpu:k80:2,gpu:a100:2', framework: 'cuda-runtime', cuda: '9.2' }, matrix)
  assert.equal(older.rule, 'gpu-newer-than-driver')
})

test('a GPU that is soldered to a processor is judged with the builds for it, unless the node says otherwise', () => {
  const gh200 = { gpu: 'GH200', frameworkVersion: '2.3.1', wheelTag: 'cu121', python: '3.11' }
  assert.deepEqual([on(gh200).verdict, on(gh200).rule], ['unknown', 'cpu-arch'])
  assert.equal(on({ ...gh200, cpuArch: 'x86_64' }).verdict, 'compatible')
  assert.equal(on({ gpu: 'GB200', frameworkVersion: '2.8.0', wheelTag: 'cu128' }).rule, 'cpu-arch')
  const own = on({ ...gh200, frameworkVersion: '2.5.1', wheelTag: 'cu124' })
  assert.equal(own.verdict, 'compatible')
  assert.ok(own.findings.some(({ rule, found }) => rule === 'cpu-arch' && found === 'aarch64'))
})
