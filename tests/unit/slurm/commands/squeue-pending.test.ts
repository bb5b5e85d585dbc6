import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseSqueuePending,
  squeueLineCommand,
  squeuePendingCommand,
} from '../../../../packages/slurm/src/commands/squeue-pending.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

const own = recorded('squeue-pending-own')
const line = recorded('squeue-pending-line')
const result = (stdout: string) => ({ exitCode: 0, signal: null, stdout, stderr: '', durationMs: 0 })
const rows = (...cells: (string | number)[][]) => result(cells.map(row => `${row.join('\x1f')}\x1e\n`).join(''))

test('what is asked is what was recorded', () => {
  for (const { argv } of own) assert.deepEqual(argv, squeuePendingCommand({ user: 'researcher' }))
  for (const { argv } of line) assert.deepEqual(argv, squeueLineCommand())
})

test('every job that waits is there with its reason; who waits for room has a place and an expected start', () => {
  own.forEach((fixture, at) => {
    const others = resultOf(line[at] ?? assert.fail())
    const jobs = new Map(parseSqueuePending(resultOf(fixture), others).map(job => [job.name, job]))
    assert.deepEqual([jobs.get('resources')?.reason, jobs.get('resources')?.ahead], ['Resources', 0])
    assert.deepEqual([jobs.get('priority')?.reason, jobs.get('priority')?.ahead], ['Priority', 1])
    assert.match(jobs.get('resources')?.expectedStartAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.ok((jobs.get('resources')?.priority ?? 0) > (jobs.get('priority')?.priority ?? 0))
    for (const [name, reason] of [
      ['parent', 'JobHeldUser'],
      ['begin-time', 'BeginTime'],
      ['dependency', 'Dependency'],
      ['dependency-never', 'DependencyNeverSatisfied'],
    ] as const) {
      assert.deepEqual([jobs.get(name)?.reason, jobs.get(name)?.ahead], [reason, null])
    }
    assert.equal(jobs.get('parent')?.priority, 0)
    assert.ok(
      [...jobs.keys()].some(name => name.includes('\n')),
      'a name may hold a line end',
    )
    assert.equal(jobs.has('array-waits'), false, 'an array is none of ours')
  })
})

test('where other users’ jobs are hidden, how many are ahead cannot be known', () => {
  for (const fixture of own) {
    for (const { ahead } of parseSqueuePending(resultOf(fixture), null)) assert.equal(ahead, null)
  }
})

test('ahead are jobs of its partitions that could start, by priority, and by id among equals', () => {
  const mine = rows([20, 20, 'a,b', 50, 'N/A', 'Priority', 'mine'], [21, 21, 'c', 50, 'N/A', 'None', 'alone'])
  const everybody = rows(
    [1, 'a', 60, 'Resources'],
    [2, 'b,x', 51, 'None'],
    [3, 'a', 50, 'Priority'],
    [4, 'x', 99, 'Priority'],
    [5, 'a', 99, 'BeginTime'],
    [6, 'a', 99, 'Dependency'],
    [7, 'a', 0, 'JobHeldAdmin'],
    [8, 'a', 99, 'launch failed requeued held'],
    [9, 'b', 49, 'Priority'],
    [20, 'a,b', 50, 'Priority'],
    [30, 'a', 50, 'Priority'],
  )
  const jobs = parseSqueuePending(mine, everybody)
  assert.deepEqual(
    jobs.map(({ name, ahead, reason }) => [name, ahead, reason]),
    [
      ['mine', 3, 'Priority'],
      ['alone', 0, null],
    ],
  )
})

test('a row that cannot be read is an error, and so is a controller that is away', () => {
  const fine = rows([1, 1, 'a', 5, 'N/A', 'Priority', 'x'])
  for (const cells of [
    ['x', 1, 'a', 5, 'N/A', 'Priority', 'x'],
    [1, 'x', 'a', 5, 'N/A', 'Priority', 'x'],
    [1, 1, 'a', '0.5', 'N/A', 'Priority', 'x'],
    [1, 1, 'a', 5, 'soon', 'Priority', 'x'],
    [1, 1, 'a', 5],
  ]) {
    assert.throws(() => parseSqueuePending(rows(cells), null), { code: 'SLURM_UNREADABLE' })
  }
  assert.throws(() => parseSqueuePending(fine, rows([1, 'a', 'high', 'None'])), { code: 'SLURM_UNREADABLE' })
  for (const fixture of recorded('squeue-no-slurmctld')) {
    assert.throws(() => parseSqueuePending(fine, resultOf(fixture)), { code: 'SLURM_UNREACHABLE' })
  }
})
