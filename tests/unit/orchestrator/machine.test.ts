import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isTerminal, JOB_STATES, JobEvent, type JobState } from '@trotline/contracts'
import { failure } from '../../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../../apps/orchestrator/src/lifecycle/machine.ts'
import { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, later, record, runResult, slurmView } from '../../support/job-records.ts'

const NOW = later(1_000)
const LOCK = 'e'.repeat(64)
const ending = { state: 'COMPLETED', exitCode: '0:0', evidence: ['sacct: 17 COMPLETED 0:0'], at: NOW }
const training = runResult().training ?? assert.fail('the sample result has a training report')

/** Every way to change the state, by where it leads. */
const MOVES: Record<string, { to: JobState; from: readonly JobState[]; make(job: JobRecord): machine.Move | null }> = {
  prepared: {
    to: 'prepared',
    from: ['accepted', 'pending', 'running', 'finishing'],
    make: job => machine.prepared(job, NOW, { release: 'r' }),
  },
  submitted: {
    to: 'pending',
    from: ['prepared', 'running', 'finishing'],
    make: job => machine.submitted(job, NOW, { slurmJobId: '17', name: 'tl-x-1', how: 'new' }),
  },
  'seen running': {
    to: 'running',
    from: ['pending', 'finishing'],
    make: job => machine.seen(job, NOW, 'running', slurmView({ state: 'RUNNING' }), '17 RUNNING'),
  },
  'seen pending': {
    to: 'pending',
    from: ['prepared', 'running', 'finishing'],
    make: job => machine.seen(job, NOW, 'pending', slurmView(), '17 PENDING'),
  },
  over: { to: 'finishing', from: ['pending', 'running'], make: job => machine.over(job, NOW, ending, null) },
  submitAgain: {
    to: 'prepared',
    from: ['accepted', 'pending', 'running', 'finishing'],
    make: job => machine.submitAgain(job, NOW, 'Slurm has forgotten it.', ['squeue: does not list it']),
  },
  completed: {
    to: 'completed',
    from: ['finishing'],
    make: job => machine.completed(job, NOW, training, ending.evidence),
  },
  failed: {
    to: 'failed',
    from: ['accepted', 'prepared', 'pending', 'running', 'finishing'],
    make: job => machine.failed(job, NOW, failure('lost', 'x', ['squeue: does not list it']), null),
  },
  cancelled: {
    to: 'cancelled',
    from: ['accepted', 'prepared', 'pending', 'running', 'finishing'],
    make: job => machine.cancelled(job, NOW, 'x', ['no intent']),
  },
}

const moved = (move: machine.Move | null): machine.Move => move ?? assert.fail('nothing moved')
const told = (move: machine.Move | null): string[] => moved(move).events.map(event => event.type)

describe('moves', () => {
  for (const [name, { to, from, make }] of Object.entries(MOVES)) {
    test(`${name} leads to ${to} from ${from.join(', ')} and is refused everywhere else`, () => {
      for (const state of JOB_STATES) {
        // A look that shows the state the job is in already is no move.
        if (state === to && name.startsWith('seen')) continue
        const job = record({ state })
        if (!from.includes(state)) {
          assert.throws(() => make(job), TypeError, `${name} in ${state}`)
          continue
        }
        const { next, events } = moved(make(job))
        assert.equal(next.state, to)
        assert.deepEqual(
          events.map(event => event.type === 'state' && [event.from, event.to]),
          [[state, to]],
        )
        JobRecord.parse(next)
        for (const event of events) JobEvent.parse(event)
      }
    })
  }

  test('every move tells what it was concluded from', () => {
    for (const [name, { from, make }] of Object.entries(MOVES)) {
      const [state = assert.fail()] = from
      for (const event of moved(make(record({ state }))).events)
        assert.ok(event.type === 'state' && event.evidence.length > 0, name)
    }
  })

  test('an ended job never moves again', () => {
    for (const state of JOB_STATES.filter(isTerminal)) {
      for (const { make } of Object.values(MOVES)) assert.throws(() => make(record({ state })), TypeError)
    }
  })

  test('a move tells when it was made and ends only where the state is an end', () => {
    const preparedJob = moved(MOVES.prepared?.make(record()) ?? null).next
    assert.deepEqual([preparedJob.updatedAt, preparedJob.endedAt], [NOW, null])
    const done = machine.completed(record({ state: 'finishing' }), NOW, training, []).next
    assert.deepEqual([done.updatedAt, done.endedAt, done.result], [NOW, NOW, training])
  })

  test('a move forgets earlier tries, holds and doubts', () => {
    const troubled = record(
      {
        state: 'pending',
        trying: { stage: 'cancel', tries: 3, nextAt: AT, code: 'X', detail: 'x' },
        hold: { stage: 'watch', code: 'Y', detail: 'y', since: AT },
      },
      { doubt: { ticks: 2, since: AT } },
    )
    const { next } = machine.over(troubled, NOW, ending, null)
    assert.deepEqual([next.trying, next.hold, next.inner.doubt], [null, null, null])
  })

  test('stages are due as soon as their state is entered, and watched states are not due', () => {
    const due = (move: machine.Move | null): number | null => moved(move).next.inner.dueAt
    const now = Date.parse(NOW)
    assert.equal(due(machine.prepared(record(), NOW, { release: 'r' })), now)
    assert.equal(due(machine.over(record({ state: 'running' }), NOW, ending, null)), now)
    assert.equal(due(MOVES.submitted?.make(record({ state: 'prepared' })) ?? null), null)
    assert.equal(due(MOVES['seen running']?.make(record({ state: 'pending' })) ?? null), null)
  })

  test('an ended job stays due until what only live jobs need is put away', () => {
    for (const state of ['pending', 'running', 'finishing'] as const) {
      assert.equal(machine.cancelled(record({ state }), NOW, 'x', []).next.inner.dueAt, Date.parse(NOW))
    }
  })
})

describe('what Slurm shows', () => {
  const view = slurmView({ state: 'PENDING', reason: 'Priority' })

  test('a look that shows nothing new writes nothing', () => {
    const job = record({ state: 'pending', slurm: { ...view, seenAt: AT } })
    assert.equal(machine.seen(job, NOW, 'pending', { ...view, seenAt: NOW }, '17 PENDING'), null)
  })

  test('another reason is kept and is no event', () => {
    const job = record({ state: 'pending', slurm: view })
    const { next, events } = moved(machine.seen(job, NOW, 'pending', { ...view, reason: 'Resources' }, ''))
    assert.equal(next.slurm?.reason, 'Resources')
    assert.deepEqual(events, [])
  })

  test('a job that squeue lists again is doubted no more', () => {
    const doubted = machine.doubted(record({ state: 'pending', slurm: view }), NOW)
    assert.deepEqual(doubted.inner.doubt, { ticks: 1, since: NOW })
    assert.equal(moved(machine.seen(doubted, NOW, 'pending', view, '')).next.inner.doubt, null)
  })

  test('a job that was given up and runs after all is given up no more', () => {
    const givenUp = { at: AT, evidence: ['squeue: 17 PENDING launch failed requeued held'] }
    const job = record({ state: 'pending', slurm: view }, { givenUp })
    assert.equal(moved(machine.seen(job, NOW, 'pending', view, '')).next.inner.givenUp, null)
    const running = moved(machine.seen(job, NOW, 'running', slurmView({ state: 'RUNNING' }), '17 RUNNING'))
    assert.equal(running.next.inner.givenUp, null)
  })

  test('a job held because Slurm had forgotten it is held no more when squeue lists it again', () => {
    const hold = { stage: 'watch', code: 'JOB_UNACCOUNTED', detail: 'x', since: AT } as const
    const job = record({ state: 'pending', slurm: view, hold })
    assert.equal(moved(machine.seen(job, NOW, 'pending', view, '')).next.hold, null)
  })

  test('a job whose cancel is held stays held while Slurm lists it', () => {
    const hold = { stage: 'cancel', code: 'SLURM_REJECTED', detail: 'x', since: AT } as const
    assert.equal(machine.seen(record({ state: 'pending', slurm: view, hold }), NOW, 'pending', view, ''), null)
  })

  test('a requeue shows as pending again and keeps the runs', () => {
    const running = moved(
      machine.runSeen(record({ state: 'running' }), NOW, {
        run: '1-0',
        slurmJobId: '17',
        node: 'c01',
        resumed: null,
        startedAt: AT,
        endedAt: null,
        ending: null,
      }),
    ).next
    const { next } = moved(machine.seen(running, NOW, 'pending', view, '17 PENDING BeginTime'))
    assert.deepEqual([next.state, next.runs.length], ['pending', 1])
  })

  test('the end says whose word it is', () => {
    const detail = (state: string): string => {
      const [event] = machine.over(record({ state: 'running' }), NOW, { ...ending, state }, null).events
      return event?.type === 'state' ? event.detail : ''
    }
    assert.match(detail('TIMEOUT'), /^Slurm says TIMEOUT/)
    assert.match(detail('RESULT'), /own result says/)
    assert.doesNotMatch(detail('RESULT'), /Slurm/)
    assert.match(detail('LOST'), /Slurm no longer knows it/)
  })
})

describe('what a run says of itself', () => {
  const pending = record({ state: 'pending', slurm: slurmView() }, { dueAt: null })

  test('its first report makes a pending job running, with the report as evidence', () => {
    const move = machine.reported(pending, NOW, { run: '1-0', node: 'c01' })
    assert.equal(move?.next.state, 'running')
    assert.deepEqual(move.next.slurm, pending.slurm, 'what Slurm said last stays as Slurm said it')
    assert.match(JSON.stringify(move.events), /report of run 1-0/)
  })

  test('a run that was requeued since says nothing of the present one', () => {
    const requeued = { ...pending, slurm: slurmView({ restarts: 1 }) }
    assert.equal(machine.reported(requeued, NOW, { run: '1-0', node: 'c01' }), null)
    assert.equal(machine.reported(requeued, NOW, { run: '1-1', node: 'c01' })?.next.state, 'running')
  })

  test('a run that is known already, or of another submission, moves nothing', () => {
    const run = { run: '1-0', slurmJobId: '17', node: 'c01', resumed: null, startedAt: AT, endedAt: null, ending: null }
    const known = machine.runSeen(pending, NOW, run)?.next ?? assert.fail('the run is new')
    assert.equal(machine.reported(known, NOW, { run: '1-0', node: 'c01' }), null)
    assert.equal(machine.reported({ ...pending, submission: 2 }, NOW, { run: '1-0', node: 'c01' }), null)
  })

  test('a job that ended or is being collected is not brought back by a late report', () => {
    for (const state of ['finishing', 'completed', 'failed', 'cancelled'] as const)
      assert.equal(machine.reported({ ...pending, state }, NOW, { run: '1-0', node: 'c01' }), null, state)
  })

  test('a wished cancel is due when the job is found running', () => {
    const wished = { ...pending, cancelRequestedAt: AT }
    assert.equal(machine.reported(wished, NOW, { run: '1-0', node: null })?.next.inner.dueAt, Date.parse(NOW))
  })
})

describe('submissions', () => {
  test('the intent to submit is durable, names its script and moves nothing', () => {
    const next = machine.submitting(record({ state: 'prepared' }), NOW, '#!/bin/bash\n')
    assert.deepEqual([next.state, next.inner.submitIntentAt, next.inner.script], ['prepared', NOW, '#!/bin/bash\n'])
  })

  test('submitting again raises the number and clears the intent', () => {
    const job = record(
      { state: 'pending', submission: 1 },
      { submitIntentAt: AT, cancelSentAt: null, doubt: { ticks: 2, since: AT } },
    )
    const { next } = machine.submitAgain(job, NOW, 'Forgotten.', [])
    assert.deepEqual(
      [next.state, next.submission, next.inner.submitIntentAt, next.inner.dueAt, next.inner.doubt],
      ['prepared', 2, null, Date.parse(NOW), null],
    )
  })

  test('a job whose cancel was wished is not submitted again', () => {
    const { next } = machine.submitAgain(record({ state: 'pending', cancelRequestedAt: AT }), NOW, 'Forgotten.', [])
    assert.deepEqual([next.state, next.submission], ['cancelled', 1])
  })

  test('a wished cancel is due at once when Slurm takes the job all the same', () => {
    const job = record({ state: 'prepared', cancelRequestedAt: AT })
    const { next } = machine.submitted(job, NOW, { slurmJobId: '17', name: 'tl-x-1', how: 'known' })
    assert.equal(next.inner.dueAt, Date.parse(NOW))
  })
})

describe('runs', () => {
  const found = (run: string, over: object = {}) => ({
    run,
    slurmJobId: '17',
    node: null,
    resumed: null,
    startedAt: null,
    endedAt: null,
    ending: null,
    ...over,
  })
  const shown = (job: JobRecord) => job.runs.map(({ run, attempt, ending }) => [run, attempt, ending])

  test('a restart that nobody reported gets its number too', () => {
    const { next, events } = moved(machine.runSeen(record({ state: 'running' }), NOW, found('1-2')))
    assert.deepEqual(shown(next), [
      ['1-0', 1, 'requeued'],
      ['1-1', 2, 'requeued'],
      ['1-2', 3, null],
    ])
    assert.deepEqual(
      events.map(event => event.type === 'run' && [event.run, event.attempt]),
      [
        ['1-0', 1],
        ['1-1', 2],
        ['1-2', 3],
      ],
    )
  })

  test('the next submission goes on with the numbers', () => {
    const first = moved(machine.runSeen(record({ state: 'running' }), NOW, found('1-1'))).next
    assert.deepEqual(shown(moved(machine.runSeen(first, NOW, found('2-0'))).next).at(-1), ['2-0', 3, null])
  })

  test('what is known of a run is added to and never overwritten', () => {
    const first = moved(machine.runSeen(record({ state: 'running' }), NOW, found('1-0', { node: 'c01' }))).next
    const move = moved(machine.runSeen(first, NOW, found('1-0', { node: 'c02', resumed: null, startedAt: AT })))
    assert.deepEqual([move.next.runs[0]?.node, move.next.runs[0]?.startedAt, move.events], ['c01', AT, []])
    assert.equal(machine.runSeen(move.next, NOW, found('1-0')), null)
  })

  test('an older run that is heard of late does not become the latest', () => {
    const second = moved(machine.runSeen(record({ state: 'running', submission: 2 }), NOW, found('2-0'))).next
    const late = moved(machine.runSeen(second, NOW, found('1-0'))).next
    assert.deepEqual(shown(late), [
      ['1-0', 2, null],
      ['2-0', 1, null],
    ])
  })

  test('a run number out of all proportion fills no record', () => {
    assert.equal(machine.runSeen(record({ state: 'running' }), NOW, found('1-999999')), null)
    const full = moved(machine.runSeen(record({ state: 'running' }), NOW, found('1-999'))).next
    JobRecord.parse(full)
    assert.equal(machine.runSeen(full, NOW, found('2-0')), null)
  })
})

describe('tries, holds and cancels', () => {
  const busy = { code: 'SLURM_STEP_BUSY', detail: 'busy' }
  const away = { code: 'SSH_UNREACHABLE', detail: 'away' }
  const nextAt = Date.parse(NOW) + 5_000

  test('tries are counted per stage', () => {
    const once = machine.tried(record(), NOW, 'prepare', busy, nextAt).next
    const twice = machine.tried(once, NOW, 'prepare', busy, nextAt).next
    assert.deepEqual([once.trying?.tries, twice.trying?.tries, twice.inner.dueAt], [1, 2, nextAt])
    assert.equal(machine.tried(twice, NOW, 'submit', busy, nextAt).next.trying?.tries, 1)
  })

  test('the same trouble is told once, another trouble again', () => {
    const first = machine.tried(record(), NOW, 'prepare', busy, nextAt)
    const same = machine.tried(first.next, NOW, 'prepare', busy, nextAt)
    const other = machine.tried(same.next, NOW, 'prepare', away, nextAt)
    assert.deepEqual([told(first), told(same), told(other)], [['trying'], [], ['trying']])
  })

  test('a cluster that was away does not use up the tries of a fault of the job', () => {
    let job = record()
    for (let i = 0; i < 50; i++) job = machine.tried(job, NOW, 'prepare', away, nextAt).next
    assert.equal(job.trying?.tries, 50)
    assert.equal(machine.tried(job, NOW, 'prepare', busy, nextAt).next.trying?.tries, 1)
  })

  test('the end of the ladder holds the job with its reason, and nothing is due', () => {
    const { next, events } = machine.tried(record(), NOW, 'submit', busy, null)
    assert.deepEqual(next.hold, { stage: 'submit', code: busy.code, detail: busy.detail, since: NOW })
    assert.deepEqual([next.trying, next.inner.dueAt, next.state], [null, null, 'accepted'])
    assert.deepEqual(
      events.map(event => event.type),
      ['held'],
    )
  })

  test('a release clears the hold and makes the stage due', () => {
    const held = machine.tried(record(), NOW, 'submit', busy, null).next
    const { next, events } = machine.released(held, NOW, 'ada')
    assert.deepEqual([next.hold, next.trying, next.inner.dueAt], [null, null, Date.parse(NOW)])
    assert.deepEqual(events, [{ type: 'released', at: NOW, by: 'ada' }])
  })

  test('a release makes a watched job due only where its cancel is wished: every tick looks at it anyway', () => {
    for (const state of ['pending', 'running'] as const) {
      const held = machine.tried(record({ state }), NOW, 'watch', busy, null).next
      assert.equal(machine.released(held, NOW, 'ada').next.inner.dueAt, null)
      const wished = { ...held, cancelRequestedAt: AT }
      assert.equal(machine.released(wished, NOW, 'ada').next.inner.dueAt, Date.parse(NOW))
    }
  })

  test('a cancel of a held job makes it due at once', () => {
    const held = machine.tried(record({ state: 'prepared' }), NOW, 'submit', busy, null).next
    const { next, events } = machine.cancelRequested(held, NOW, 'ada')
    assert.deepEqual(
      [next.hold, next.cancelRequestedAt, next.inner.dueAt, next.state],
      [null, NOW, Date.parse(NOW), 'prepared'],
    )
    assert.deepEqual(events, [{ type: 'cancel-requested', at: NOW, by: 'ada' }])
  })

  test('a wished cancel stays due while the job starts to run', () => {
    const wished = machine.cancelRequested(record({ state: 'pending', slurm: slurmView() }), NOW, 'ada').next
    const { next } = moved(machine.seen(wished, later(5_000), 'running', slurmView({ state: 'RUNNING' }), ''))
    assert.deepEqual([next.cancelRequestedAt, next.inner.dueAt], [NOW, Date.parse(NOW)])
  })

  test('notes are kept to the last fifty', () => {
    let job = record()
    for (let i = 1; i <= 60; i++) job = machine.noted(job, NOW, `note ${i}`).next
    assert.deepEqual([job.notes.length, job.notes[0]?.text, job.notes.at(-1)?.text], [50, 'note 11', 'note 60'])
  })
})

describe('what a run says that it ran with', () => {
  const look = { lockId: LOCK, depth: 'times', looked: 9, of: 9, seconds: 0.1, drift: null } as const
  const data = [{ path: '/data/x.csv', bytes: 8, sha256: LOCK }]
  const job = record({
    environment: { lock: LOCK, name: 'ml@3', look: null },
    worker: { release: LOCK, runtime: null },
  })

  test('stands in its record: Node.js, the look at its environment, its data', () => {
    const next = machine.ranWith(job, runResult({ runtime: 'v22.1.0', environment: look, data }))
    assert.deepEqual(next.environment, { lock: LOCK, name: 'ml@3', look })
    assert.deepEqual([next.data, next.worker?.runtime], [data, 'v22.1.0'])
    JobRecord.parse(next)
    assert.equal(machine.ranWith(next, runResult({ runtime: 'v22.1.0', environment: look, data })), next)
  })

  test('takes nothing away that an earlier run said', () => {
    const known = machine.ranWith(job, runResult({ environment: look, data }))
    const next = machine.ranWith(known, runResult())
    assert.deepEqual([next.environment?.look, next.data], [look, data])
  })

  test('is no environment where the job has none', () => {
    assert.equal(machine.ranWith(record(), runResult({ environment: look })).environment, null)
  })
})
