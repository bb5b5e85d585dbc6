import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDurationSeconds } from '../../../../packages/slurm/src/formats/duration.ts'

test('durations are read in every form that Slurm prints', () => {
  const forms = {
    '0:00': 0,
    '5:00': 300,
    '30:00': 1800,
    '1:00:00': 3600,
    '12:00:00': 43_200,
    '3-00:00:00': 259_200,
    '1-02:03:04': 93_784,
    '00:01': 1,
  }
  for (const [text, seconds] of Object.entries(forms)) assert.equal(parseDurationSeconds(text), seconds, text)
})

test('unlimited and unset are answers', () => {
  assert.equal(parseDurationSeconds('UNLIMITED'), 'unlimited')
  assert.equal(parseDurationSeconds('infinite'), 'unlimited')
  for (const text of ['INVALID', 'NOT_SET', 'n/a', 'Partition_Limit', ''])
    assert.equal(parseDurationSeconds(text), 'unset')
})

test('anything else is no duration', () => {
  for (const text of ['5', '1-', '1:2:3:4', '-1:00', '1:0', 'soon', '1-00'])
    assert.equal(parseDurationSeconds(text), null, text)
})
