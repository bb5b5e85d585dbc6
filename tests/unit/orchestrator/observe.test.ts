import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Conclusion,
  conclude,
  type Doubt,
  LEAST_DOUBT_MS,
  type Sacct,
  type Squeue,
  TICKS_TO_FORGET,
  TICKS_TO_SETTLE,
} from '../../../apps/orchestrator/src/lifecycle/observe.ts'

const SQUEUE: Squeue[] = ['waiting', 'stuck', 'live', 'over', 'strange', 'absent', 'could-not-ask']
const SACCT: Sacct[] = ['live', 'over', 'absent', 'could-not-ask', 'off']
const RUN = ['none', 'fenced', 'heartbeat', 'result'] as const
type Run = (typeof RUN)[number]
const CONCLUSIONS: Conclusion[] = [
  'nothing',
  'pending',
  'running',
  'over',
  'over-by-result',
  'doubt',
  'submit-again',
  'give-up',
  'hold',
  'lost',
]

const FILES_HIDE_MS = 60_000
const DOUBTS: Doubt[] = [0, 1, TICKS_TO_FORGET - 1, TICKS_TO_SETTLE - 1, 1_000].flatMap(ticks =>
  [false, true].flatMap(timeLimitPassed =>
    [false, true].flatMap(squeueForgets =>
      [0, LEAST_DOUBT_MS - 1, LEAST_DOUBT_MS, FILES_HIDE_MS].flatMap(forMs =>
        [0, FILES_HIDE_MS].map(filesHideMs => ({ ticks, forMs, timeLimitPassed, squeueForgets, filesHideMs })),
      ),
    ),
  ),
)
/** Enough answers in a row, over enough time. */
const sure = (doubt: Doubt, ticks: number): boolean => doubt.ticks + 1 >= ticks && doubt.forMs >= LEAST_DOUBT_MS
/** And long enough for a fence to become visible. */
const forgotten = (doubt: Doubt): boolean => sure(doubt, TICKS_TO_FORGET) && doubt.forMs >= doubt.filesHideMs

interface Case {
  squeue: Squeue
  sacct: Sacct
  run: Run
  doubt: Doubt
}
const ALL: Case[] = SQUEUE.flatMap(squeue =>
  SACCT.flatMap(sacct => RUN.flatMap(run => DOUBTS.map(doubt => ({ squeue, sacct, run, doubt })))),
)
const concluded = ({ doubt, ...sighting }: Case): Conclusion => conclude(sighting, doubt)
/** Every case that fits, with its conclusion; fails where none fits. */
function every(fits: (one: Case) => boolean, promise: (conclusion: Conclusion, one: Case) => boolean): void {
  const cases = ALL.filter(fits)
  assert.ok(cases.length > 0)
  for (const one of cases) {
    const conclusion = concluded(one)
    assert.ok(promise(conclusion, one), `${JSON.stringify(one)} is ${conclusion}`)
  }
}
const is =
  (...wanted: Conclusion[]) =>
  (conclusion: Conclusion) =>
    wanted.includes(conclusion)

describe('the decision table', () => {
  test('every sighting has an answer under every doubt', () => {
    assert.equal(ALL.length, 7 * 5 * 4 * DOUBTS.length)
    every(
      () => true,
      conclusion => CONCLUSIONS.includes(conclusion),
    )
  })

  test('every answer is the answer to something', () => {
    assert.deepEqual(new Set(ALL.map(concluded)), new Set(CONCLUSIONS))
  })

  test('a squeue that could not be asked never changes a record', () => {
    every(one => one.squeue === 'could-not-ask', is('nothing'))
  })

  test('a state word that nobody has seen before never ends a job', () => {
    every(one => one.squeue === 'strange', is('nothing'))
  })

  test('squeue alone tells that a job waits or runs', () => {
    every(one => one.squeue === 'waiting', is('pending'))
    every(one => one.squeue === 'live', is('running'))
  })

  test('a job that squeue and sacct both call over is over at once', () => {
    every(one => one.squeue === 'over' && one.sacct === 'over', is('over'))
  })

  test('a job that sacct calls over and squeue no longer lists is over at once', () => {
    every(one => one.squeue === 'absent' && one.sacct === 'over', is('over'))
  })

  test('without accounting squeue’s word ends a job', () => {
    every(one => one.squeue === 'over' && one.sacct === 'off', is('over'))
  })

  test('a job that squeue calls over waits some ticks for sacct’s exit code and then ends on squeue’s word', () => {
    const lagging = (one: Case): boolean =>
      one.squeue === 'over' &&
      (one.sacct === 'live' || one.sacct === 'absent' || (one.sacct === 'could-not-ask' && one.run !== 'result'))
    every(lagging, (conclusion, { doubt }) => conclusion === (sure(doubt, TICKS_TO_SETTLE) ? 'over' : 'doubt'))
  })

  test('a result ends a job that squeue calls over while sacct cannot be asked', () => {
    every(one => one.squeue === 'over' && one.sacct === 'could-not-ask' && one.run === 'result', is('over'))
  })

  test('a job that left a result and that squeue no longer lists is over by its own word', () => {
    every(one => one.squeue === 'absent' && one.run === 'result' && one.sacct !== 'over', is('over-by-result'))
  })

  test('a sacct that could not be asked never ends, doubts or repeats a job that squeue does not list', () => {
    every(one => one.squeue === 'absent' && one.sacct === 'could-not-ask' && one.run !== 'result', is('nothing'))
  })

  test('a job that only sacct remembers is submitted again only if it never passed its fence', () => {
    const remembered = (one: Case): boolean => one.squeue === 'absent' && one.sacct === 'live'
    every(
      one => remembered(one) && one.run === 'none',
      (conclusion, { doubt }) => conclusion === (forgotten(doubt) ? 'submit-again' : 'doubt'),
    )
    every(
      one => remembered(one) && one.run !== 'none' && !one.doubt.timeLimitPassed,
      conclusion => conclusion !== 'submit-again',
    )
  })

  test('a fenced run is waited for until its time limit has passed, however long it is doubted', () => {
    const fenced = (one: Case): boolean =>
      one.squeue === 'absent' && one.sacct !== 'over' && (one.run === 'fenced' || one.run === 'heartbeat')
    every(one => fenced(one) && !one.doubt.timeLimitPassed, is('doubt', 'nothing'))
  })

  test('a fenced run that only sacct remembers is submitted again after its time limit', () => {
    every(
      one =>
        one.squeue === 'absent' &&
        one.sacct === 'live' &&
        (one.run === 'fenced' || one.run === 'heartbeat') &&
        one.doubt.timeLimitPassed,
      is('submit-again'),
    )
  })

  test('a fenced run that nobody remembers is lost after its time limit, and never before', () => {
    every(
      one =>
        one.squeue === 'absent' &&
        (one.sacct === 'absent' || one.sacct === 'off') &&
        (one.run === 'fenced' || one.run === 'heartbeat'),
      (conclusion, { doubt }) => conclusion === (doubt.timeLimitPassed ? 'lost' : 'doubt'),
    )
    every(
      one => concluded(one) === 'lost',
      (_, one) => one.doubt.timeLimitPassed && one.run !== 'none',
    )
  })

  test('a job that nobody remembers and that never passed its fence is submitted again after three answers over five seconds', () => {
    every(
      one => one.squeue === 'absent' && one.sacct === 'absent' && one.run === 'none',
      (conclusion, { doubt }) => conclusion === (forgotten(doubt) ? 'submit-again' : 'doubt'),
    )
  })

  test('without accounting a job that squeue may rightly have dropped is held, never submitted again', () => {
    every(
      one => one.squeue === 'absent' && one.sacct === 'off' && one.run === 'none' && forgotten(one.doubt),
      (conclusion, { doubt }) => conclusion === (doubt.squeueForgets ? 'hold' : 'submit-again'),
    )
    every(
      one => concluded(one) === 'hold',
      (_, one) => one.sacct === 'off' && one.run === 'none',
    )
  })

  test('no single answer of a single source repeats, holds or loses a job', () => {
    every(
      one => one.doubt.ticks === 0 && !one.doubt.timeLimitPassed,
      conclusion => !['submit-again', 'hold', 'lost'].includes(conclusion),
    )
  })

  test('however fast squeue is asked, nothing is repeated or held in less than five seconds of doubt', () => {
    every(
      one => one.doubt.forMs < LEAST_DOUBT_MS && !one.doubt.timeLimitPassed,
      conclusion => !['submit-again', 'hold', 'lost'].includes(conclusion),
    )
  })

  test('a job that Slurm holds after a failed start is given up once no fence can be hidden any more', () => {
    every(
      one => one.squeue === 'stuck' && (one.run === 'none' || one.run === 'result'),
      (conclusion, { doubt }) => conclusion === (forgotten(doubt) ? 'give-up' : 'doubt'),
    )
  })

  test('a stuck job whose run passed its fence is not given up while the run’s time lasts', () => {
    every(
      one => one.squeue === 'stuck' && (one.run === 'fenced' || one.run === 'heartbeat'),
      (conclusion, { doubt }) => conclusion === (doubt.timeLimitPassed ? 'give-up' : 'doubt'),
    )
  })

  test('nothing else is ever given up', () => {
    every(
      one => concluded(one) === 'give-up',
      (_, one) => one.squeue === 'stuck',
    )
  })

  test('a job that squeue lists is never submitted again, held or lost', () => {
    every(
      one => one.squeue !== 'absent',
      conclusion => !['submit-again', 'hold', 'lost'].includes(conclusion),
    )
  })
})
