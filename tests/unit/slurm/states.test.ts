import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endingOf, isSlurmState, parseJobState, phaseOf, SLURM_STATES } from '../../../packages/slurm/src/states.ts'

// man squeue, "JOB STATE CODES" of 20.11, 22.05 and 24.11, and the state flags of slurm.h up to 25.11.
const MANUAL =
  `BOOT_FAIL CANCELLED COMPLETED CONFIGURING COMPLETING DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PENDING PREEMPTED
RUNNING RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING REVOKED SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED SUSPENDED
TIMEOUT LAUNCH_FAILED POWER_UP_NODE RECONFIG_FAIL UPDATE_DB EXPEDITING`.split(/\s+/)

test('the table has every state that Slurm knows, and no other', () => {
  assert.deepEqual([...SLURM_STATES].sort(), MANUAL.sort())
})

test('exactly the states that are over have an ending, and each ending is its own', () => {
  for (const word of SLURM_STATES) assert.equal(phaseOf(word) === 'over', endingOf(word) !== null, word)
  const endings = SLURM_STATES.map(endingOf).filter(ending => ending !== null)
  assert.equal(new Set(endings).size, endings.length)
})

test('a job that completes, or is stopped or requeued, is not over', () => {
  for (const word of ['COMPLETING', 'STOPPED', 'SUSPENDED', 'STAGE_OUT']) assert.equal(phaseOf(word), 'live')
  for (const word of ['REQUEUED', 'REQUEUE_HOLD', 'SPECIAL_EXIT', 'CONFIGURING']) assert.equal(phaseOf(word), 'waiting')
})

test('a word never seen is unknown, not over', () => {
  assert.equal(phaseOf('HIBERNATING'), 'unknown')
  assert.equal(phaseOf('constructor'), 'unknown')
  assert.equal(isSlurmState('toString'), false)
  assert.deepEqual(parseJobState('HIBERNATING'), {
    word: 'HIBERNATING',
    decoration: null,
    phase: 'unknown',
    ending: null,
    raw: 'HIBERNATING',
  })
})

test('what decorates a state is kept beside it', () => {
  const state = parseJobState('CANCELLED by 1001')
  assert.deepEqual(
    [state?.word, state?.decoration, state?.phase, state?.ending],
    ['CANCELLED', 'by 1001', 'over', 'cancelled'],
  )
  assert.equal(state?.raw, 'CANCELLED by 1001')
})

test('a text that is no state is no state', () => {
  for (const text of ['', ' ', 'running', '12', 'by 1001']) assert.equal(parseJobState(text), null)
})
