import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EXIT,
  EXIT_MEANINGS,
  exitOfJob,
  exitOfProblem,
  exitOfStatus,
  exitOfVerdict,
} from '../../../apps/cli/src/exit-codes.ts'
import { createProgram } from '../../../apps/cli/src/program.ts'
import { JOB_STATES, VERDICTS } from '../../../packages/contracts/src/index.ts'

test('the table is the documented one, and every code has its meaning', () => {
  assert.deepEqual(Object.values(EXIT), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 130])
  assert.deepEqual(Object.keys(EXIT_MEANINGS).map(Number), Object.values(EXIT))
})

test('--help shows the whole table', () => {
  let help = ''
  const program = createProgram(
    () => async () => {},
    text => {
      help += text
    },
  )
  program.outputHelp()
  for (const [code, meaning] of Object.entries(EXIT_MEANINGS))
    assert.ok(help.includes(`${code.padStart(3)}  ${meaning}`))
})

test('only a completed job is 0; a hold is 12 unless the job is over', () => {
  const codes = JOB_STATES.map(state => exitOfJob({ state, hold: null }))
  assert.deepEqual(codes, [8, 8, 8, 8, 8, 0, 10, 11])
  assert.equal(exitOfJob({ state: 'pending', hold: {} }), 12)
  assert.equal(exitOfJob({ state: 'failed', hold: {} }), 10)
})

test('an unreachable server, a full one and a gateway are "could not ask", never an answer', () => {
  for (const status of [429, 502, 503, 504]) assert.equal(exitOfStatus(status), 6)
  assert.deepEqual([400, 401, 403, 404, 409, 413, 422, 500].map(exitOfStatus), [2, 4, 4, 3, 7, 2, 5, 1])
})

test('what does not run is 5, what nobody can tell is 9, and a warning is no refusal', () => {
  assert.deepEqual(VERDICTS.map(exitOfVerdict), [0, 0, 5, 9])
  const refused = ['incompatible', 'request-refused', 'compatibility-unknown']
  assert.deepEqual(
    refused.map(code => exitOfProblem({ status: 422, code })),
    [5, 5, 9],
  )
})
