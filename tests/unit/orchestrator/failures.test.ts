import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FAILURE_REASONS, Failure, type FailureReason } from '@trotline/contracts'
import { explain, explainedBySlurm, failure } from '../../../apps/orchestrator/src/lifecycle/failures.ts'
import type { Ending } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, runResult } from '../../support/job-records.ts'

const ending = (state: string, exitCode: string | null = null): Ending => ({
  state,
  exitCode,
  evidence: [`sacct: 17 ${state} ${exitCode}`],
  at: AT,
})

/** As Slurm 22.05 was seen to put it (state, exit code), without a result of the worker's. */
const SEEN: [what: string, state: string, exitCode: string | null, reason: FailureReason, explained: boolean][] = [
  ['exit 3', 'FAILED', '3:0', 'exit-code', true],
  ['command not found', 'FAILED', '127:0', 'exit-code', true],
  ['killed by signal 9', 'FAILED', '0:9', 'signal', true],
  ['killed by signal 11', 'FAILED', '0:11', 'signal', true],
  ['bad --output folder or bad --chdir', 'FAILED', '0:53', 'launch-failed', true],
  ['over memory, cgroup', 'OUT_OF_MEMORY', '0:125', 'out-of-memory', true],
  ['time limit', 'TIMEOUT', '0:0', 'time-limit', true],
  ['preempted and not requeued', 'PREEMPTED', '0:0', 'preempted', true],
  ['slurmd killed', 'NODE_FAIL', '0:0', 'node-fail', true],
  ['node did not boot', 'BOOT_FAIL', '0:0', 'boot-fail', true],
  ['past its deadline', 'DEADLINE', '0:0', 'deadline', true],
  ['taken by a sibling cluster', 'REVOKED', '0:0', 'lost', true],
  ['nobody knows it any more', 'LOST', null, 'lost', true],
  ['taken out of Slurm, which held it after a failed start', 'LAUNCH_FAILED', null, 'launch-failed', true],
  ['the worker found no usable description', 'FAILED', '13:0', 'launch-failed', true],
  ['the worker could not write its files', 'FAILED', '14:0', 'environment', true],
  ['the worker met another’s fence', 'FAILED', '11:0', 'exit-code', false],
  ['the worker failed and its result is missing', 'FAILED', '10:0', 'exit-code', false],
  ['the worker was stopped and its result is missing', 'FAILED', '143:0', 'exit-code', false],
  ['ended well and its result is missing', 'COMPLETED', '0:0', 'no-result', false],
  ['squeue alone says FAILED', 'FAILED', null, 'no-result', false],
  ['squeue alone says COMPLETED', 'COMPLETED', null, 'no-result', false],
]

describe('why a job failed', () => {
  for (const [what, state, exitCode, reason, explained] of SEEN) {
    const wait = explained ? 'nothing is waited for' : 'the result is waited for'
    test(`${what} (${state} ${exitCode}) is ${reason}, and ${wait}`, () => {
      const told = explain(ending(state, exitCode), null, 'the log')
      assert.equal(told.reason, reason)
      assert.equal(told.logTail, 'the log')
      assert.deepEqual(told.evidence, [`sacct: 17 ${state} ${exitCode}`])
      assert.equal(explainedBySlurm(ending(state, exitCode)), explained)
      Failure.parse(told)
    })
  }

  test('a run that was stopped and whose job Slurm forgot then is lost', () => {
    const told = explain(ending('RESULT'), runResult({ outcome: 'stopped', training: null }), '')
    assert.equal(told.reason, 'lost')
    assert.match(told.detail, /stopped before its last epoch/)
  })

  test('a cancelled job is explained without a result, whoever cancelled it', () => {
    assert.ok(explainedBySlurm(ending('CANCELLED by 1001', '0:15')))
    assert.ok(explainedBySlurm(ending('CANCELLED', '0:0')))
  })

  test('the sentence has this job’s figures', () => {
    assert.match(explain(ending('FAILED', '3:0'), null, '').detail, /exit code 3/)
    assert.match(explain(ending('FAILED', '0:9'), null, '').detail, /signal 9/)
  })

  test('the worker’s own reason wins over Slurm’s word', () => {
    const result = runResult({
      outcome: 'failed',
      failure: { reason: 'training', code: 'TRAIN_NAN_LOSS', detail: 'The loss became NaN in epoch 3.' },
    })
    for (const [state, exitCode] of [
      ['FAILED', '10:0'],
      ['TIMEOUT', '0:0'],
      ['RESULT', null],
    ] as const) {
      const told = explain(ending(state, exitCode), result, '')
      assert.equal(told.reason, 'training')
      assert.equal(told.detail, 'The loss became NaN in epoch 3.')
      assert.deepEqual(told.evidence.at(-1), 'result.json of run 1-0: failed')
    }
  })

  test('a command’s own exit code or signal is the reason where Slurm knows of no other', () => {
    const of = (reason: 'exit-code' | 'signal', state: string): string =>
      explain(
        ending(state, '10:0'),
        runResult({
          outcome: 'failed',
          failure: { reason, code: reason, detail: 'The command ended with exit code 137.' },
        }),
        '',
      ).reason
    assert.equal(of('exit-code', 'FAILED'), 'exit-code')
    assert.equal(of('signal', 'FAILED'), 'signal')
    assert.equal(of('exit-code', 'OUT_OF_MEMORY'), 'out-of-memory')
    assert.equal(of('signal', 'TIMEOUT'), 'time-limit')
  })

  test('what the worker concluded it from stands behind Slurm’s words', () => {
    const evidence = ['node a01: driver 396.37', 'driver-too-old: required 450.80.02 or newer; found 396.37']
    const found = {
      reason: 'incompatible-node',
      code: 'INCOMPATIBLE_NODE',
      detail: 'It does not fit.',
      evidence,
    } as const
    const told = explain(ending('FAILED', '10:0'), runResult({ outcome: 'failed', training: null, failure: found }), '')
    assert.equal(told.reason, 'incompatible-node')
    assert.deepEqual(told.evidence.slice(-2), evidence)
    Failure.parse(told)
  })

  test('a worker that stopped in good order does not hide the time limit', () => {
    const stopped = runResult({ outcome: 'stopped', signal: 'SIGTERM' })
    assert.equal(explain(ending('TIMEOUT', '0:0'), stopped, '').reason, 'time-limit')
  })

  test('a completed run whose epochs are missing is not said to have left no result', () => {
    const told = explain(ending('COMPLETED', '0:0'), runResult(), '')
    assert.equal(told.reason, 'no-result')
    assert.doesNotMatch(told.detail, /left no result/)
    assert.match(told.detail, /epochs/)
  })

  test('every reason has one thing to do, as a sentence', () => {
    for (const reason of FAILURE_REASONS) {
      const { action } = failure(reason, 'x', [])
      assert.match(action, /^[A-Z].*\.$/)
    }
  })

  test('evidence is cut to what the contract carries', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`)
    Failure.parse(failure('lost', 'x', lines))
    assert.equal(failure('lost', 'x', lines).evidence[0], 'line 0')
  })
})
