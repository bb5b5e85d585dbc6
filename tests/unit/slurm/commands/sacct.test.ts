import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccountedJob, parseSacct, sacctCommands } from '../../../../packages/slurm/src/commands/sacct.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { fixturesOf, recorded } from './fixtures.ts'

function jobsIn(name: string): AccountedJob[][] {
  return recorded(name).map(fixture => {
    const accounting = parseSacct(resultOf(fixture))
    assert.ok(accounting.kind === 'answered')
    return [...accounting.jobs]
  })
}
const oneIn = (name: string): AccountedJob[] => jobsIn(name).flatMap(jobs => jobs.slice(0, 1))

test('what is asked is what was recorded', () => {
  const common = { user: 'researcher' }
  const [byName] = sacctCommands({ names: ['requeued'], since: '2026-01-01T00:00:00.000Z', ...common })
  for (const { argv } of recorded('sacct-requeued')) assert.deepEqual(argv, byName)
  for (const { argv } of recorded('sacct-requeued-every-run')) {
    const ids = argv.find(word => word.startsWith('--jobs='))?.slice(7) ?? ''
    assert.deepEqual(argv, sacctCommands({ ids: [ids], everyRun: true, ...common })[0])
  }
})

test('no question is asked about nobody, and never more than 1,000 in one', () => {
  assert.deepEqual(sacctCommands({ ids: [], user: 'u' }), [])
  assert.deepEqual(sacctCommands({ names: [], since: '2026-01-01T00:00:00Z', user: 'u' }), [])
  const ids = Array.from({ length: 2001 }, (_, n) => String(n + 1))
  const asked = sacctCommands({ ids, user: 'u' }).map(argv =>
    argv
      .find(word => word.startsWith('--jobs='))
      ?.slice(7)
      .split(','),
  )
  assert.deepEqual(
    asked.map(list => list?.length),
    [1000, 1000, 1],
  )
  assert.deepEqual(asked.flat(), ids)
})

test('each ending has its word, its exit code and its signal', () => {
  const expected = {
    completed: ['completed', 0, 0],
    'exit-code': ['failed', 3, 0],
    signal: ['failed', 0, 9],
    cancelled: ['cancelled', 0, 0],
    'time-limit': ['time-limit', 0, 0],
    preempted: ['preempted', 0, 0],
    running: [null, 0, 0],
  } as const
  for (const [name, meaning] of Object.entries(expected)) {
    for (const { state, exitCode } of oneIn(`sacct-${name}`)) {
      assert.deepEqual([state.ending, exitCode.code, exitCode.signal], meaning, name)
    }
  }
})

test('a node that failed says so, whatever exit code the version gives it', () => {
  for (const { state } of oneIn('sacct-node-fail')) assert.equal(state.ending, 'node-fail')
})

test('a batch script without an output file ends as 0:53 up to 22.05, and as 1:0 on 24.11', () => {
  for (const { state, exitCode } of oneIn('sacct-no-output-file')) {
    assert.equal(state.ending, 'failed')
    assert.match(`${exitCode.code}:${exitCode.signal}`, /^(0:53|1:0)$/)
  }
})

test('who cancelled a job stands beside the state', () => {
  for (const { state } of oneIn('sacct-cancelled'))
    assert.deepEqual([state.word, state.decoration], ['CANCELLED', 'by 1001'])
})

test('a step that failed shows in the derived exit code of a job that completed', () => {
  for (const { state, exitCode, derivedExitCode } of oneIn('sacct-step-failed')) {
    assert.deepEqual([state.ending, exitCode.code, derivedExitCode.code], ['completed', 0, 7])
  }
})

test('a job that was cancelled while it was held is found by its name', () => {
  for (const { state, name } of oneIn('sacct-cancelled-waiting'))
    assert.deepEqual([state.ending, name], ['cancelled', 'held'])
})

test('every run of a requeued job is a row of its own, oldest first; without asking for them only the last is', () => {
  for (const jobs of jobsIn('sacct-requeued-every-run')) {
    assert.deepEqual(
      jobs.map(({ state }) => state.word),
      ['REQUEUED', 'RUNNING'],
    )
    assert.equal(new Set(jobs.map(({ slurmJobId }) => slurmJobId)).size, 1)
  }
  for (const jobs of jobsIn('sacct-requeued'))
    assert.deepEqual(
      jobs.map(({ state }) => state.word),
      ['RUNNING'],
    )
})

test('a job that Slurm refused failed without ever having a node', () => {
  for (const { state, nodeList } of oneIn('sacct-bad-constraints'))
    assert.deepEqual([state.word, nodeList], ['FAILED', ''])
})

test('ids that accounting does not know are left out', () => {
  for (const jobs of jobsIn('sacct-some-ids-unknown'))
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ['completed'],
    )
})

test('a cluster without accounting says so; a database that is away is no answer', () => {
  for (const fixture of recorded('sacct-accounting-off'))
    assert.deepEqual(parseSacct(resultOf(fixture)), { kind: 'off' })
  for (const fixture of recorded('sacct-no-slurmdbd')) {
    assert.throws(() => parseSacct(resultOf(fixture)), { code: 'SLURM_UNREACHABLE', transient: true })
  }
})

test('accounting answers while slurmctld is away', () => {
  assert.ok(jobsIn('sacct-no-slurmctld').some(jobs => jobs.length === 1))
})

test('every recorded answer is read', () => {
  const answers = fixturesOf('sacct').filter(({ exitCode }) => exitCode === 0)
  assert.ok(answers.length > 10)
  for (const fixture of answers) assert.doesNotThrow(() => parseSacct(resultOf(fixture)), fixture.name)
})
