// Every example again, with another driver, GPU or version: a verdict changes only where a cited row says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompatibilityFinding, CompatibilityQuestion, CompatibilityReport } from '@trotline/contracts'
import { buildsOf, isListed, judge } from '@trotline/environment'
import { compareDotted, dotted, showDotted } from '../../../packages/environment/src/versions/dotted.ts'
import { casesOf, matrix } from './cases.ts'

const DRIVERS = [
  ...new Set([
    ...matrix.tables.toolkits.map(row => row.minDriver),
    ...matrix.tables.toolkits.map(row => `${Number(row.minDriver.split('.')[0]) - 1}.99.99`),
    '390.157',
    '418.226.00',
    '450.248.02',
    '470.256.02',
    '525.147.05',
    '535.261.03',
    '550.163.01',
    '580.159.03',
    '616.05',
  ]),
]
const GPUS = matrix.tables.gpus.map(row => row.product)

test('with another driver, a verdict changes only where a row with a source and figures says so', () => {
  for (const { id, given } of casesOf('examples'))
    assertExplained(
      id,
      given,
      DRIVERS.map(driver => ({ driver })),
    )
})

test('with another GPU, a verdict changes only where a row with a source and figures says so', () => {
  for (const { id, given } of casesOf('examples')) {
    const { computeCapability: _, ...named } = given
    assertExplained(
      id,
      named,
      GPUS.map(gpu => ({ gpu })),
    )
  }
})

test('with another version, a verdict changes only where a row with a source and figures says so', () => {
  for (const { id, given } of casesOf('examples')) assertExplained(id, given, versionsFor(given))
})

test('a GPU by its product and the same by its compute capability get one verdict, where no cuda-compat package asks for the product', () => {
  for (const { id, given } of casesOf('examples')) {
    if (given.forwardCompatPackage !== undefined) continue
    for (const row of matrix.tables.gpus) {
      if (row.host !== undefined || row.minDriver !== undefined) continue
      const { gpu: _, ...rest } = given
      const named = judge({ ...given, gpu: row.product, computeCapability: row.capability }, matrix)
      const measured = judge({ ...rest, computeCapability: row.capability }, matrix)
      assert.equal(named.verdict, measured.verdict, `${id} on ${row.product}`)
    }
  }
})

function versionsFor(given: CompatibilityQuestion): Partial<CompatibilityQuestion>[] {
  const framework = given.framework ?? ''
  if (!isListed(framework)) return matrix.tables.toolkits.map(row => ({ cuda: row.cuda, frameworkVersion: row.cuda }))
  const releases = buildsOf(framework, matrix).flatMap(build => [showDotted(build.from), showDotted(build.to)])
  return [...new Set(releases)].map(frameworkVersion => ({ frameworkVersion }))
}

function assertExplained(
  id: string,
  given: CompatibilityQuestion,
  mutations: readonly Partial<CompatibilityQuestion>[],
): void {
  const before = judge(given, matrix)
  for (const mutation of mutations) {
    const after = judge({ ...given, ...mutation }, matrix)
    if (after.verdict === before.verdict) continue
    const place = `${id} with ${JSON.stringify(mutation)}: ${before.verdict} became ${after.verdict}`
    const deciding = after.findings.filter(({ verdict }) => verdict === after.verdict)
    assert.notEqual(deciding.length, 0, place)
    for (const finding of deciding) assertReasoned(finding, after, place)
  }
}

function assertReasoned(finding: CompatibilityFinding, report: CompatibilityReport, place: string): void {
  const told = `${place} by ${finding.rule} (${finding.detail})`
  if (finding.verdict !== 'unknown') assert.notEqual(finding.source, null, `${told}: no source`)
  else assert.notEqual(finding.required, null, `${told}: does not say what is missing`)
  if (finding.verdict === 'compatible') return
  assert.notEqual(finding.required ?? finding.found, null, `${told}: no figures`)
  const driver = report.understood.driver === null ? null : dotted(report.understood.driver)
  const [figure, floor] = [...(finding.required ?? '').matchAll(/\d+(?:\.\d+)+|(?<=^|, or )\d{3}/g)].map(match =>
    dotted(match[0]),
  )
  if (driver === null || figure === undefined) return
  if (finding.rule === 'driver-too-old' || finding.rule === 'gpu-newer-than-driver')
    assert.ok(compareDotted(driver, figure) < 0, `${told}: the figures do not explain it`)
  if (finding.rule === 'minor-version') {
    assert.ok(compareDotted(driver, figure) < 0, `${told}: the driver is new enough by itself`)
    assert.ok(floor !== undefined && compareDotted(driver, floor) >= 0, `${told}: the driver is below the floor`)
  }
}
