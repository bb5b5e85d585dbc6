import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mustHaveAnswered, nobodyAnswered } from '../../../../packages/slurm/src/commands/could-not-ask.ts'
import { fixturesOf, recorded } from './fixtures.ts'

const result = (exitCode: number | null, stderr: string) => ({
  exitCode,
  signal: null,
  stdout: '',
  stderr,
  durationMs: 0,
})
const ask = (exitCode: number | null, stderr: string) => mustHaveAnswered(result(exitCode, stderr), ['squeue', '--x'])

test('an exit code of 0 is an answer, also beside warnings and the noise of login scripts', () => {
  for (const stderr of ['', 'bash: warning: setlocale\n', 'stty: standard input: Inappropriate ioctl for device\n']) {
    assert.equal(ask(0, stderr).exitCode, 0)
  }
})

test('an exit code of 0 beside a complaint of Slurm is no answer', () => {
  for (const stderr of [
    'slurm_load_jobs error: Socket timed out on send/recv operation\n',
    'noise\nsqueue: error: something new\n',
    'sacct: fatal: x\n',
    'slurm_load_partitions: Unable to contact slurm controller (connect failure)\n',
  ]) {
    assert.throws(() => ask(0, stderr), { code: 'SLURM_UNREACHABLE', transient: true }, stderr)
  }
})

test('any other exit is no answer, and tells why', () => {
  assert.throws(() => ask(1, 'squeue: error: Invalid user: x\n'), /Invalid user/)
  assert.throws(() => ask(124, ''), /did not answer in time/)
  assert.throws(() => ask(127, 'bash: squeue: command not found\n'), /not on the PATH/)
  assert.throws(() => ask(null, ''), { code: 'SLURM_UNREACHABLE' })
})

test('what sbatch says when it refuses is not taken for silence, and its silence not for a refusal', () => {
  const refusals = ['bad-constraints', 'bad-partition', 'no-interpreter', 'unknown-option'].flatMap(name =>
    recorded(`sbatch-${name}`),
  )
  for (const { stderr, exitCode, name } of refusals) {
    assert.ok(exitCode === 1 || exitCode === 255, `${name}: ${exitCode}`)
    assert.equal(nobodyAnswered(stderr), false, stderr)
  }
  const silences = fixturesOf('sbatch').filter(({ name }) => name.includes('no-slurmctld'))
  assert.ok(silences.length > 0)
  for (const { stderr } of silences) assert.equal(nobodyAnswered(stderr), true, stderr)
})
