import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog } from '../../apps/worker/src/environment/build-log.ts'
import { openState } from '../../apps/worker/src/environment/state.ts'
import { eventually } from '../support/eventually.ts'

const HANG_MS = 60_000

describe('environment-build-files', () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-build-'))
  after(() => rmSync(home, { recursive: true, force: true }))
  const stateAt = (): { at: string; attempt: number; outcome: string | null } | null => {
    try {
      return JSON.parse(readFileSync(join(home, 'state.json'), 'utf8'))
    } catch {
      return null
    }
  }

  test('however often a build gets on, its state is written at most twice a second, and its end is in it', async () => {
    const state = openState(home, { attempt: 3 })
    const seen = new Set<string>()
    const endMs = performance.now() + HANG_MS
    for (let done = 0; seen.size < 5; done++) {
      assert.ok(performance.now() < endMs, `${seen.size} states in ${HANG_MS} ms`)
      state.step('install', { done, of: null, unit: 'packages' })
      const found = stateAt()
      if (found !== null) seen.add(found.at)
      await sleep(5)
    }
    const atMs = [...seen].map(at => Date.parse(at))
    for (const [i, ms] of atMs.slice(1).entries()) {
      const apartMs = ms - (atMs[i] ?? 0)
      // The clock that it is told by counts whole milliseconds.
      assert.ok(apartMs >= 499, `${apartMs} ms between two states`)
    }
    await state.end('made', null)
    assert.equal(stateAt()?.outcome, 'made')
    assert.deepEqual(readdirSync(home), ['state.json'])
  })

  test('a build on which nothing moves shows every two seconds that it lives', async () => {
    const state = openState(home, { attempt: 1 })
    const ours = (): string | null => {
      const found = stateAt()
      return found?.attempt === 1 ? found.at : null
    }
    const first = await eventually('the first state', ours, HANG_MS)
    const next = await eventually('another', () => ours() !== first && ours(), HANG_MS)
    assert.ok(Date.parse(next) - Date.parse(first) >= 1_999, 'not more often than it has to')
    await state.end('ready', null)
  })

  test('a log ends at its limit and says so, and the last lines are known all the same', () => {
    const path = join(home, 'log')
    const log = openLog(path, 2000)
    for (let i = 0; i < 1000; i++) log.take(Buffer.from(`line ${i}\n`))
    log.take(Buffer.from('bar 10%\rbar 20%\rlast'))
    assert.deepEqual(log.tail().slice(-3), ['bar 10%', 'bar 20%', 'last'])
    log.close()
    assert.ok(statSync(path).size < 2200)
    assert.match(readFileSync(path, 'utf8'), /What follows is left out: the log has 2000 bytes already\.\n$/)
    const again = openLog(path, 2000)
    again.say('nothing more')
    again.close()
    assert.ok(statSync(path).size < 2200)
  })

  test('characters that come in two pieces, and lines that never end, are taken', () => {
    const log = openLog(join(home, 'pieces'))
    const euro = Buffer.from('10 €\n')
    log.take(euro.subarray(0, 4))
    log.take(euro.subarray(4))
    log.take(Buffer.alloc(100_000, 'x'))
    const tail = log.tail()
    assert.equal(tail[0], '10 €')
    assert.ok(tail.length > 1)
    log.close()
  })
})
