import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompatibilityCheck } from '@trotline/contracts'
import {
  GRID_FRAMEWORKS,
  GRID_GPUS,
  type MatrixTables,
  releasesOf,
  tableText,
} from '../../../../apps/dashboard/src/compatibility/releases.ts'
import { shippedCompatibility } from '../../../support/compatibility.ts'

const { document, judge } = shippedCompatibility()
const { tables } = JSON.parse(document.text) as { tables: MatrixTables }

for (const framework of GRID_FRAMEWORKS)
  test(`every release of ${framework} in the grid is one that the matrix knows, on every GPU that it names`, () => {
    const releases = releasesOf(tables, framework)
    assert.ok(releases.length > 5)
    for (const { label, software, source } of releases) {
      assert.ok(source.length > 5, label)
      for (const gpu of GRID_GPUS) {
        const report = judge(CompatibilityCheck.parse({ ...software, gpu, driver: '580.65.06' }))
        assert.ok(
          !report.findings.some(({ rule }) => ['release-unknown', 'build-unknown', 'gpu-unknown'].includes(rule)),
          `${framework} ${label} on ${gpu}: ${report.detail}`,
        )
      }
    }
  })

test('the newest release stands first', () => {
  const [first] = releasesOf(tables, 'pytorch')
  assert.match(first?.label ?? '', /^2\.\d+(\.\d+)? cu1[3-9]\d$/)
})

test('each of the tables is shown whole, with its source in the last column, and words choose rows', () => {
  for (const [name, rows] of Object.entries(tables)) {
    const { columns, rows: shown } = tableText(rows, '')
    assert.equal(shown.length, rows.length, name)
    assert.equal(columns.at(-1), 'source', name)
  }
  const { rows } = tableText(tables.gpus ?? [], 'v100 7.0')
  assert.ok(rows.length >= 1 && rows.every(row => row.includes('7.0')))
})
