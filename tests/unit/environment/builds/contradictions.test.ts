import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { matrix } from '../cases.ts'

const on = (question: CompatibilityQuestion) => judge({ driver: '396.37', gpu: 'K80', ...question }, matrix)

test('a question that says two things of one is unknown, and both fields are named', () => {
  const contradictory: [CompatibilityQuestion, string, string][] = [
    [{ framework: 'pytorch', frameworkVersion: '2.1+cu118', wheelTag: 'cu121' }, 'frameworkVersion', 'wheelTag'],
    [{ frameworkVersion: '1.3.1', condaSpec: 'pytorch::pytorch=1.4=*cuda10.1*' }, 'frameworkVersion', 'condaSpec'],
    [{ frameworkVersion: '1.3', condaSpec: 'pytorch>=1.4' }, 'frameworkVersion', 'condaSpec'],
    [{ channel: 'pip', condaSpec: 'pytorch::pytorch=1.3=*cuda9.2*' }, 'channel', 'condaSpec'],
    [{ framework: 'tensorflow', condaSpec: 'pytorch::pytorch=1.3' }, 'framework', 'condaSpec'],
    [{ condaBuild: 'py3.6_cuda9.2.148_cudnn7.6.3_0', condaSpec: 'pytorch=1.3=*cuda10.1*' }, 'condaBuild', 'condaSpec'],
  ]
  for (const [question, one, other] of contradictory) {
    const report = on(question)
    assert.deepEqual([report.verdict, report.rule], ['unknown', 'question-contradicts'], JSON.stringify(question))
    assert.equal(report.findings.filter(({ rule }) => rule === 'question-contradicts').length, 1)
    assert.match(report.detail, new RegExp(`${one} says .*${other} says`))
  }
})

test('to say the same twice is no contradiction', () => {
  for (const question of [
    { frameworkVersion: '1.3.1', channel: 'pytorch', condaSpec: 'conda-forge/label/x/pytorch::pytorch=1.3=*cuda9.2*' },
    {
      framework: 'torch',
      frameworkVersion: '1.3',
      channel: 'conda:pytorch',
      condaSpec: 'pytorch::pytorch>=1.3.0,<1.4',
    },
    {
      framework: 'pytorch',
      frameworkVersion: '==1.3.1',
      condaSpec: 'pytorch=1.3=*cuda9.2*',
      condaBuild: 'py3.6_cuda9.2.148_cudnn7.6.3_0',
    },
    { framework: 'pytorch', frameworkVersion: '2.1.2+cu121', wheelTag: '+CU121' },
  ])
    assert.ok(!on(question).rule.includes('question-contradicts'), JSON.stringify(question))
})

test('a tag beside a CUDA that exists is itself what does not', () => {
  const report = judge(
    {
      driver: '580.159.03',
      gpu: 'A100',
      framework: 'jax',
      frameworkVersion: '0.4.30',
      cuda: '12.3',
      wheelTag: 'cuda11',
    },
    matrix,
  )
  assert.equal(report.rule, 'build-not-published')
  assert.match(report.detail, /never published for the tag cuda11/)
})
