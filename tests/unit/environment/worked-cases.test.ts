import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompatibilityQuestion, CompatibilityReport } from '@trotline/contracts'
import { judge } from '@trotline/environment'
import { type Case, casesOf, matrix, rulesOf } from './cases.ts'

function assertCase({ id, given, expect, alsoAccept = [], rule, why }: Case): void {
  const report = judge(given, matrix)
  const seen = `${id}: ${report.verdict} by ${report.rule}. ${report.detail} (${why})`
  assert.ok([expect, ...alsoAccept].includes(report.verdict), `expected ${expect}: ${seen}`)
  // Of an accepted second opinion the rule is another one; `unknown` and `ok` name no rule.
  if (report.verdict !== expect || rule === 'unknown') return
  if (rule === 'ok') assert.notEqual(report.verdict, 'incompatible', seen)
  else for (const part of rule.split('+')) assert.ok(rulesOf(report).has(part), `rule ${part}: ${seen}`)
}

for (const one of casesOf('examples')) test(`worked example ${one.id}: ${one.why}`, () => assertCase(one))

test('every worked example is a question that the contract accepts', () => {
  for (const { id, given } of casesOf('examples'))
    assert.equal(CompatibilityQuestion.safeParse(given).success, true, `${id} is refused by the schema`)
})

test('the cases that somebody else derived from the same facts are judged as they expect', () => {
  const wrong: string[] = []
  for (const one of casesOf('derived')) {
    try {
      assertCase(one)
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error))
    }
  }
  assert.deepEqual(wrong, [])
})

test('a report is what the contract says, and whatever refuses or warns says why and by which source', () => {
  for (const { id, given } of [...casesOf('examples'), ...casesOf('derived')]) {
    const report = judge(given, matrix)
    assert.deepEqual(CompatibilityReport.parse(report), report, id)
    assert.equal(
      report.findings.find(({ verdict }) => verdict === report.verdict)?.verdict,
      report.findings[0]?.verdict,
    )
    for (const finding of report.findings)
      if (finding.verdict === 'incompatible' || finding.verdict === 'compatible-with-warning') {
        assert.notEqual(finding.source, null, `${id}: ${finding.rule} has no source`)
        assert.notEqual(finding.required ?? finding.found, null, `${id}: ${finding.rule} has no figures`)
        assert.match(finding.detail, /^\S.*[.?]$/u, `${id}: ${finding.rule} is no sentence`)
      }
  }
})

test('a sentence for a researcher names what is needed and what the node has', () => {
  const report = judge(
    {
      driver: '470.82.01',
      gpu: 'A100',
      framework: 'pytorch',
      frameworkVersion: '2.1.2',
      channel: 'pip',
      wheelTag: 'cu121',
    },
    matrix,
  )
  assert.equal(
    report.detail,
    'PyTorch 2.1.2 for CUDA 12.1 needs an NVIDIA driver of 525.60.13 or newer; this node has 470.82.01.',
  )
  assert.match(report.findings[0]?.hint ?? '', /CUDA 11\.4 or older/)
  assert.match(report.findings[0]?.source ?? '', /docs\.nvidia\.com/)
})
