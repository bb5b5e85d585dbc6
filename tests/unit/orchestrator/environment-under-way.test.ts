import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SolveProgress } from '@trotline/contracts'
import { canonicalJson } from '@trotline/environment'
import { createLockCache } from '../../../apps/orchestrator/src/lifecycle/environment-cache.ts'
import {
  createSolvesUnderWay,
  type StartSolve,
} from '../../../apps/orchestrator/src/lifecycle/environment-under-way.ts'
import { summaryOfLock } from '../../../apps/orchestrator/src/solving/lock-work.ts'
import { SolveError } from '../../../apps/orchestrator/src/solving/solve-error.ts'
import type { Solution } from '../../../apps/orchestrator/src/solving/solver.ts'
import { largeLock, tutorialLock } from '../../support/locks.ts'

const SOLUTION: Solution = {
  pinned: tutorialLock(),
  notes: [],
  snapshot: { id: 'f'.repeat(64), channels: [] },
  seconds: 1,
}

/** A solve that ends when the test says so, or is given up. */
function held() {
  const starts: { signal: AbortSignal; tell(progress: SolveProgress): void; done(): void; fail(error: Error): void }[] =
    []
  const start: StartSolve = (signal, tell) =>
    new Promise((resolve, reject) => {
      starts.push({ signal, tell, done: () => resolve(SOLUTION), fail: reject })
      signal.addEventListener('abort', () => reject(new SolveError('SOLVE_CANCELLED', 'given up')))
    })
  return { starts, start }
}

describe('a solve that several ask for', () => {
  test('is done once, and all are told of its progress', async () => {
    const { starts, start } = held()
    const underWay = createSolvesUnderWay()
    const seen: string[] = []
    const first = underWay.join('p', start, undefined, one => void seen.push(`first ${one.step}`))
    const second = underWay.join('p', start, undefined, one => void seen.push(`second ${one.step}`))
    starts[0]?.tell({ step: 'solve', records: 1, packages: null })
    starts[0]?.done()
    assert.deepEqual(await Promise.all([first, second]), [SOLUTION, SOLUTION])
    assert.deepEqual([starts.length, seen], [1, ['first solve', 'second solve']])
    assert.equal(starts[0]?.signal.aborted, false)
  })

  test('goes on while one of them waits, and is given up with the last', async () => {
    const { starts, start } = held()
    const underWay = createSolvesUnderWay()
    const [one, other] = [new AbortController(), new AbortController()]
    const first = underWay.join('p', start, one.signal)
    const second = underWay.join('p', start, other.signal)
    one.abort()
    await assert.rejects(first, { code: 'SOLVE_CANCELLED' })
    assert.equal(starts[0]?.signal.aborted, false)
    other.abort()
    await assert.rejects(second, { code: 'SOLVE_CANCELLED' })
    assert.equal(starts[0]?.signal.aborted, true)
  })

  test('is begun anew after it failed, and another problem is another solve', async () => {
    const { starts, start } = held()
    const underWay = createSolvesUnderWay()
    const failing = underWay.join('p', start)
    starts[0]?.fail(new SolveError('CHANNEL_AWAY', 'away'))
    await assert.rejects(failing, { code: 'CHANNEL_AWAY' })
    const again = underWay.join('p', start)
    const different = underWay.join('q', start)
    assert.equal(starts.length, 3)
    starts[1]?.done()
    starts[2]?.done()
    await Promise.all([again, different])
  })

  test('is not begun for somebody who has gone already', async () => {
    const { starts, start } = held()
    await assert.rejects(createSolvesUnderWay().join('p', start, AbortSignal.abort()), { code: 'SOLVE_CANCELLED' })
    assert.equal(starts.length, 0)
  })
})

test('of the locks that were used last as many are kept as have room, the newest first', () => {
  const read = (packages: number) => {
    const { id, lock } = largeLock(packages)
    return { id, lock, summary: summaryOfLock(id, lock, canonicalJson(lock)) }
  }
  const [a, b, c] = [read(10), read(11), read(12)]
  const cache = createLockCache(a.summary.canonical.length + c.summary.canonical.length)
  cache.put(a.id, a)
  cache.put(b.id, b)
  assert.equal(cache.get(a.id), a)
  cache.put(c.id, c)
  assert.deepEqual([cache.get(a.id), cache.get(b.id), cache.get(c.id)], [a, null, c])
  const huge = read(1000)
  cache.put(huge.id, huge)
  assert.equal(cache.get(huge.id), null)
})
