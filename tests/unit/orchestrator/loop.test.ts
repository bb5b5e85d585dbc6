import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { loop } from '../../../apps/orchestrator/src/lifecycle/loop.ts'

const AN_HOUR_MS = 3_600_000
const silent = pino({ level: 'silent' })

test('a round that failed is done again after its own pause, not after the usual one', {
  timeout: 10_000,
}, async () => {
  let rounds = 0
  let stop = async (): Promise<void> => {}
  await new Promise<void>(done => {
    const round = async (): Promise<void> => {
      rounds += 1
      if (rounds === 1) throw new Error('not yet')
      done()
    }
    stop = loop('facts', AN_HOUR_MS, silent, round, { retryMs: 1 })
  })
  await stop()
  assert.equal(rounds, 2, 'after a round that went well the usual pause is kept')
})
