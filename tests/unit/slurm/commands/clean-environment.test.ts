import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWER_MARK, answerOf, cleanCommand } from '../../../../packages/slurm/src/commands/clean-environment.ts'

const result = (stdout: string) => ({ exitCode: 0, signal: null, stdout, stderr: '', durationMs: 0 })

test('the command stands whole at the end of a fixed text', () => {
  const argv = ['squeue', '--name=$(id)']
  const one = cleanCommand(argv, { slurmBinDirectory: '/opt/slurm/bin', limitSeconds: 30 })
  const other = cleanCommand(['sinfo'], { limitSeconds: 30 })
  assert.deepEqual(one.slice(-4), ['30', '/opt/slurm/bin', ...argv])
  assert.deepEqual(one.slice(0, 5), other.slice(0, 5))
})

test('what a login script prints is not part of the answer', () => {
  assert.equal(answerOf(result(`Welcome!\n1\x1f2\n${ANSWER_MARK}rows\n`)).stdout, 'rows\n')
  assert.equal(answerOf(result(ANSWER_MARK)).stdout, '')
})

test('without its mark there was no answer', () => {
  assert.throws(() => answerOf(result('Welcome!\n')), { code: 'SLURM_UNREACHABLE', transient: true })
})
