// What the worker makes of Slurm's signals.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { listenForSignals } from '../../../apps/worker/src/signals.ts'

function setUp() {
  const source = new EventEmitter()
  const left: string[] = []
  const clock = { ms: 0 }
  const stop = listenForSignals(
    source,
    name => void left.push(name),
    () => clock.ms,
  )
  const send = (name: string): void => void source.emit(name, name)
  return { stop, send, left, clock }
}

test('TERM and INT stop the training and name themselves', () => {
  for (const name of ['SIGTERM', 'SIGINT']) {
    const { stop, send, left } = setUp()
    send(name)
    assert.equal(stop.signal.aborted, true)
    assert.equal(stop.signal.reason, name)
    assert.deepEqual(left, [])
  }
})

test('the TERM that slurmd sends twice for a time limit is one wish; a later second one leaves at once', () => {
  const { send, left, clock } = setUp()
  send('SIGTERM')
  clock.ms = 5
  send('SIGTERM')
  assert.deepEqual(left, [])
  clock.ms = 1500
  send('SIGTERM')
  assert.deepEqual(left, ['SIGTERM'])
})

test('a USR2 that came before anybody listened is told to whoever listens later', () => {
  const { stop, send } = setUp()
  send('SIGUSR2')
  let warnings = 0
  stop.onWarning(() => {
    warnings += 1
  })
  assert.equal(warnings, 1)
  send('SIGUSR2')
  assert.equal(warnings, 2)
})

test('USR2 warns and stops nothing', () => {
  const { stop, send } = setUp()
  let warnings = 0
  stop.onWarning(() => {
    warnings += 1
  })
  send('SIGUSR2')
  send('SIGUSR2')
  assert.equal(warnings, 2)
  assert.equal(stop.signal.aborted, false)
})
