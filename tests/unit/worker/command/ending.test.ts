import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EpochLine } from '@trotline/contracts'
import { commandText, failureOf, reportOf } from '../../../../apps/worker/src/command/ending.ts'

const AT = '2030-01-02T03:04:05.000Z'
const end = { exitCode: 0, signal: null, seconds: 12.34, unstarted: null, told: false }
const detail = (over: Partial<Parameters<typeof failureOf>[1]>): string =>
  failureOf(['python', 'train.py'], { ...end, ...over })?.detail ?? 'none'

describe('the end of a command', () => {
  test('is no failure where it exits 0', () => assert.equal(failureOf(['true'], end), null))

  test('is told with its exit code and what a shell means by it', () => {
    assert.equal(detail({ exitCode: 3 }), 'The command python train.py ended with exit code 3 after 12.3 s.')
    assert.match(detail({ exitCode: 127 }), /exit code 127 after 12.3 s, by which a shell means that there is no such/)
    assert.match(detail({ exitCode: 137 }), /by which a shell means that SIGKILL ended a program of it/)
    assert.equal(failureOf(['x'], { ...end, exitCode: 3 })?.reason, 'exit-code')
  })

  test('is told with its signal', () => {
    assert.equal(
      detail({ exitCode: null, signal: 'SIGSEGV' }),
      'The command python train.py was ended by SIGSEGV after 12.3 s.',
    )
    assert.equal(failureOf(['x'], { ...end, exitCode: null, signal: 'SIGSEGV' })?.reason, 'signal')
  })

  test('that had no beginning says why', () =>
    assert.match(
      detail({ exitCode: 127, unstarted: 'there is no such program on PATH' }),
      /could not be started: there is no/,
    ))

  test('names a long command by its beginning, and words with room in them in quotes', () => {
    assert.equal(commandText(['sh', '-c', 'echo a b']), 'sh -c "echo a b"')
    assert.equal(commandText(['x'.repeat(500)]).length, 120)
  })
})

test('the report of a command counts the epochs on record and ends with the last one’s values', () => {
  const line = (epoch: number): EpochLine => ({ epoch, at: AT, seconds: 1, values: { loss: 1 / (epoch + 1) } })
  const report = reportOf(['python'], [4, 0, 9, 1, 2, 3].map(line), 5)
  assert.deepEqual([report.epochs, report.metrics, report.fitSeconds], [6, { loss: 0.1 }, 5])
  assert.deepEqual(
    report.history.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 9],
  )
  assert.deepEqual(reportOf(['python'], [], 1).metrics, {})
})
