// exit-code.ts, slurm-time.ts, array-id.ts
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArrayId, taskOf } from '../../../../packages/slurm/src/formats/array-id.ts'
import { parseExitCode } from '../../../../packages/slurm/src/formats/exit-code.ts'
import { parseSlurmTime } from '../../../../packages/slurm/src/formats/slurm-time.ts'

test('an exit code has a code and a signal', () => {
  assert.deepEqual(parseExitCode('3:0'), { code: 3, signal: 0 })
  assert.deepEqual(parseExitCode('0:125'), { code: 0, signal: 125 })
  for (const text of ['3', '', 'a:b', '1:2:3']) assert.equal(parseExitCode(text), null, text)
})

test('a time is in UTC, or there is none yet, or it is no time', () => {
  assert.equal(parseSlurmTime('2026-11-22T13:40:31'), '2026-11-22T13:40:31Z')
  for (const text of ['N/A', 'Unknown', 'None', '']) assert.equal(parseSlurmTime(text), null)
  for (const text of ['13:40:31', 'Tomorr 12:00', '2026-11-22', '1763818831'])
    assert.equal(parseSlurmTime(text), undefined, text)
})

test('array tasks are told from plain jobs', () => {
  assert.deepEqual(parseArrayId('17'), { jobId: '17', tasks: null })
  assert.deepEqual(parseArrayId('17_4'), { jobId: '17', tasks: '4' })
  assert.deepEqual(parseArrayId('17_[2-5,8%2]'), { jobId: '17', tasks: '2-5,8%2' })
  assert.deepEqual(parseArrayId('17_[1-3,...]'), { jobId: '17', tasks: '1-3,...' })
  for (const text of ['', 'x', '17_', '17_[', '17.batch']) assert.equal(parseArrayId(text), null, text)
  assert.equal(taskOf({ jobId: '17', tasks: null }), null)
  assert.deepEqual(taskOf({ jobId: '17', tasks: '4' }), { jobId: '17', tasks: '4' })
})
