import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityQuestion } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { casesOf, matrix } from './cases.ts'

const CASES: CompatibilityQuestion[] = [...casesOf('examples'), ...casesOf('derived')].map(({ given }) => given)

test('a finding names at most three sources, each of them once', () => {
  for (const question of CASES)
    for (const { source, rule } of judge(question, matrix).findings) {
      const sources = source?.split(/;\s+(?![^()]*\))/) ?? []
      assert.ok(sources.length <= 3, `${rule}: ${source}`)
      assert.equal(new Set(sources).size, sources.length, `${rule}: ${source}`)
    }
})

test('a GPU that is known by its compute capability alone has it told once', () => {
  for (const given of CASES) {
    const { gpu, slurmFeatures, ...question } = given
    for (const computeCapability of ['3.7', '7.0', '8.6', '12.0'])
      for (const { detail } of judge({ ...question, computeCapability }, matrix).findings)
        assert.doesNotMatch(detail, /compute capability (\d+\.\d)[^.]* \((?:compute capability )?\1\)/)
  }
})
