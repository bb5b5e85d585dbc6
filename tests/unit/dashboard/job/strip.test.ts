import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobEvent, JobState } from '@trotline/contracts'
import { stripOf } from '../../../../apps/dashboard/src/job/strip.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const moved = (second: number, to: JobState): JobEvent => ({
  type: 'state',
  at: at(second),
  from: null,
  to,
  detail: `is ${to}`,
  evidence: [],
})
const JOB = { state: 'running' as JobState, hold: null, createdAt: at(0) }

test('each state that a job was in is a part, from when it came to it until it left', () => {
  const parts = stripOf(JOB, [moved(0, 'accepted'), moved(2, 'prepared'), moved(3, 'pending'), moved(60, 'running')])
  assert.deepEqual(
    parts.map(({ name, from, to, look }) => [name, from, to, look]),
    [
      ['Preparing', at(0), at(2), 'past'],
      ['Submitting', at(2), at(3), 'past'],
      ['Waiting in Slurm', at(3), at(60), 'past'],
      ['Running', at(60), null, 'present'],
    ],
  )
})

test('a requeue shows as what it was: waiting again after running', () => {
  const parts = stripOf(JOB, [moved(0, 'accepted'), moved(1, 'running'), moved(9, 'pending'), moved(20, 'running')])
  assert.deepEqual(
    parts.map(part => part.state),
    ['accepted', 'running', 'pending', 'running'],
  )
})

test('ended is not succeeded: a failed and a cancelled end look like neither success nor each other', () => {
  const look = (state: JobState) => stripOf({ ...JOB, state }, [moved(0, 'accepted'), moved(1, state)]).at(-1)?.look
  assert.deepEqual([look('completed'), look('failed'), look('cancelled')], ['past', 'bad', 'cancelled'])
})

test('a held job is held where it stands', () => {
  const hold = { stage: 'submit' as const, code: 'SLURM_REJECTED', detail: 'no', since: at(5) }
  assert.equal(
    stripOf({ ...JOB, state: 'prepared', hold }, [moved(0, 'accepted'), moved(1, 'prepared')]).at(-1)?.look,
    'held',
  )
})

test('before its events are read a job shows the state that it is in', () => {
  assert.deepEqual(
    stripOf(JOB, []).map(part => [part.state, part.to]),
    [['running', null]],
  )
})
