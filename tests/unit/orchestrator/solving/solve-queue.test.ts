import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSolveQueue } from '../../../../apps/orchestrator/src/solving/solve-queue.ts'

const never = new AbortController().signal
/** Whether it has its turn by now. */
function watched(turn: Promise<void>): { has: () => Promise<boolean>; turn: Promise<void> } {
  let has = false
  turn.then(
    () => {
      has = true
    },
    () => undefined,
  )
  return {
    turn,
    has: async () => {
      await new Promise(resolve => setImmediate(resolve))
      return has
    },
  }
}

test('as many as may solve at once have their turn, and the next one when the first has left', async () => {
  const queue = createSolveQueue({ atOnce: 2, waiting: 5 })
  const places = [queue.enter(), queue.enter(), queue.enter()]
  const turns = places.map(place => watched(place.turn(never)))
  assert.deepEqual(await Promise.all(turns.map(one => one.has())), [true, true, false])
  places[1]?.leave()
  assert.equal(await turns[2]?.has(), true)
})

test('of those that are ready whoever came first is next, and one that still fetches holds up nobody', async () => {
  const queue = createSolveQueue({ atOnce: 1, waiting: 5 })
  const [running, fetching, late] = [queue.enter(), queue.enter(), queue.enter()]
  await running.turn(never)
  const lateTurn = watched(late.turn(never))
  const fetchedTurn = watched(fetching.turn(never))
  running.leave()
  assert.deepEqual([await fetchedTurn.has(), await lateTurn.has()], [true, false])
  fetching.leave()
  assert.equal(await lateTurn.has(), true)
})

test('one more than may wait is refused, until somebody leaves', () => {
  const queue = createSolveQueue({ atOnce: 1, waiting: 1 })
  const [first] = [queue.enter(), queue.enter()]
  assert.throws(() => queue.enter(), { code: 'SOLVE_BUSY', transient: true })
  first.leave()
  first.leave()
  queue.enter()
  assert.throws(() => queue.enter(), { code: 'SOLVE_BUSY' })
})

test('one that is cancelled while it waits gives its place up and takes no turn', async () => {
  const queue = createSolveQueue({ atOnce: 1, waiting: 5 })
  const [running, cancelled, behind] = [queue.enter(), queue.enter(), queue.enter()]
  await running.turn(never)
  const stop = new AbortController()
  const turn = cancelled.turn(stop.signal)
  const behindTurn = watched(behind.turn(never))
  stop.abort()
  await assert.rejects(turn, { code: 'SOLVE_CANCELLED' })
  cancelled.leave()
  assert.equal(await behindTurn.has(), false)
  running.leave()
  assert.equal(await behindTurn.has(), true)
  await assert.rejects(queue.enter().turn(stop.signal), { code: 'SOLVE_CANCELLED' })
})

test('owners take turns: whoever sends many at once waits for them, and nobody else does', async () => {
  const queue = createSolveQueue({ atOnce: 1, waiting: 7 })
  const order: string[] = []
  const all = ['ada', 'ada', 'ada', 'bob', 'eve', 'bob'].map(async (owner, i) => {
    const place = queue.enter(owner)
    await place.turn(never)
    order.push(`${owner} ${i}`)
    await new Promise(resolve => setImmediate(resolve))
    place.leave()
  })
  await Promise.all(all)
  assert.deepEqual(order, ['ada 0', 'bob 3', 'eve 4', 'ada 1', 'bob 5', 'ada 2'])
})

test('one owner has no more than half of all places', () => {
  const queue = createSolveQueue({ atOnce: 1, waiting: 3 })
  const [first] = [queue.enter('ada'), queue.enter('ada')]
  assert.throws(() => queue.enter('ada'), { code: 'SOLVE_BUSY', message: /^2 specs of yours/ })
  queue.enter('bob')
  first.leave()
  queue.enter('ada')
})
