import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JobRecord, recordText, shownOf, shownText } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, record } from '../../support/job-records.ts'

const job = record({ notes: [{ at: AT, text: 'é "inner":{ quoted' }] }, { script: '#!/bin/bash\n# "id": }{ ü\n' })

test('a record is written whole', () => {
  assert.deepEqual(JobRecord.parse(JSON.parse(recordText(job))), job)
})

test('what is shown of a record is the same whether it is cut out of its text or not, and nothing of the inner side is in it', () => {
  const shown = shownOf(job)
  assert.deepEqual(
    Object.keys(shown).filter(field => ['schemaVersion', 'inner'].includes(field)),
    [],
  )
  assert.equal(shownText(job, recordText(job)), JSON.stringify(shown))
  for (const text of [
    JSON.stringify(job),
    JSON.stringify(JobRecord.parse(job)),
    recordText({ ...job, inner: record().inner }),
  ])
    assert.deepEqual(JSON.parse(shownText(job, text)), shown)
})
