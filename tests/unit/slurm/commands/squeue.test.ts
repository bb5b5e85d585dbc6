import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSqueue, type SlurmJob, squeueCommand } from '../../../../packages/slurm/src/commands/squeue.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { fixturesOf, recorded } from './fixtures.ts'

// squeue ends with 0 for a user that does not exist, with an error on stderr; seen on 22.05.
// Of the questions about waiting jobs (squeue-pending.test.ts) there are other columns.
const answered = () =>
  fixturesOf('squeue').filter(
    ({ name, exitCode, stderr }) => exitCode === 0 && stderr === '' && !name.startsWith('squeue-pending-'),
  )
const jobsIn = (name: string): SlurmJob[][] => recorded(name).map(fixture => parseSqueue(resultOf(fixture)))
const oneIn = (name: string): SlurmJob[] => jobsIn(name).flatMap(jobs => jobs.slice(0, 1))

test('what is asked is what was recorded, for all jobs of the user in any state', () => {
  const command = squeueCommand({ user: 'researcher' })
  for (const { argv } of recorded('squeue-odd-name')) assert.deepEqual(argv, command)
  assert.ok(command.includes('--states=all'))
})

test('every recorded answer is read, and every word in it is a known state', () => {
  assert.ok(answered().length > 20)
  for (const fixture of answered()) {
    for (const job of parseSqueue(resultOf(fixture))) {
      assert.notEqual(job.state.phase, 'unknown', fixture.name)
      assert.match(job.submitAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }
  }
})

test('each way to wait, live and end is told apart', () => {
  const expected = {
    'begin-time': ['PENDING', 'BeginTime', 'waiting', null],
    'bad-constraints': ['FAILED', 'BadConstraints', 'over', 'failed'],
    'cancelled-waiting': ['CANCELLED', 'JobHeldUser', 'over', 'cancelled'],
    cancelled: ['CANCELLED', null, 'over', 'cancelled'],
    completed: ['COMPLETED', null, 'over', 'completed'],
    completing: ['COMPLETING', null, 'live', null],
    dependency: ['PENDING', 'Dependency', 'waiting', null],
    'dependency-never': ['PENDING', 'DependencyNeverSatisfied', 'waiting', null],
    'exit-code': ['FAILED', 'NonZeroExitCode', 'over', 'failed'],
    held: ['PENDING', 'JobHeldUser', 'waiting', null],
    'node-fail': ['NODE_FAIL', 'NodeDown', 'over', 'node-fail'],
    preempted: ['PREEMPTED', null, 'over', 'preempted'],
    'preempted-requeued': ['PENDING', 'BeginTime', 'waiting', null],
    priority: ['PENDING', 'Priority', 'waiting', null],
    resources: ['PENDING', 'Resources', 'waiting', null],
    running: ['RUNNING', null, 'live', null],
    suspended: ['SUSPENDED', null, 'live', null],
    'time-limit': ['TIMEOUT', 'TimeLimit', 'over', 'time-limit'],
  } as const
  for (const [name, meaning] of Object.entries(expected)) {
    for (const { state, reason } of oneIn(`squeue-${name}`)) {
      assert.deepEqual([state.word, reason, state.phase, state.ending], meaning, name)
    }
  }
})

test('a requeued job keeps its id, counts its restarts and has a new submit time', () => {
  for (const [at, before] of oneIn('squeue-requeued').entries()) {
    const again = oneIn('squeue-requeued-runs-again')[at]
    assert.deepEqual(
      [before.state.word, before.restarts, again?.state.word, again?.restarts],
      ['PENDING', 1, 'RUNNING', 1],
    )
    assert.equal(before.slurmJobId, again?.slurmJobId)
  }
  for (const job of oneIn('squeue-running')) assert.equal(job.restarts, 0)
})

test('a job that is requeued in special exit state is not over', () => {
  for (const { state } of oneIn('squeue-special-exit')) assert.equal(state.phase, 'waiting')
})

test('array tasks have their own ids and tell their array', () => {
  for (const jobs of jobsIn('squeue-array-runs')) {
    assert.deepEqual(jobs.map(job => job.array?.tasks).sort(), ['1', '2', '3'])
    assert.equal(new Set(jobs.map(job => job.slurmJobId)).size, 3)
    assert.equal(new Set(jobs.map(job => job.array?.jobId)).size, 1)
  }
  for (const jobs of jobsIn('squeue-array-waits'))
    assert.deepEqual(
      jobs.map(job => job.array?.tasks),
      ['2-5,8%2'],
    )
})

test('a name may hold separators, quotes and a line end', () => {
  for (const jobs of jobsIn('squeue-odd-name')) {
    assert.ok(jobs.some(({ name }) => name === 'odd|name "with" \'quotes\', ünïcödé and\na line end'))
    assert.ok(jobs.length >= 7)
  }
})

test('a name that nobody has is an empty answer; a user that nobody is, and a controller that is away, are none', () => {
  for (const jobs of jobsIn('squeue-absent')) assert.deepEqual(jobs, [])
  for (const fixture of [...recorded('squeue-unknown-user'), ...recorded('squeue-no-slurmctld')]) {
    assert.throws(() => parseSqueue(resultOf(fixture)), { code: 'SLURM_UNREACHABLE', transient: true })
  }
})

test('an answer that is cut anywhere is an error, or ends where a row ends', () => {
  for (const fixture of recorded('squeue-odd-name')) {
    const whole = parseSqueue(resultOf(fixture))
    for (let length = 1; length < fixture.stdout.length; length++) {
      const cut = { ...resultOf(fixture), stdout: fixture.stdout.slice(0, length) }
      if (cut.stdout.endsWith('\x1e\n')) assert.ok(parseSqueue(cut).length < whole.length)
      else assert.throws(() => parseSqueue(cut), { code: 'SLURM_UNREADABLE' })
    }
  }
})
