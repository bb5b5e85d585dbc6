import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSingleFlight } from '../../../../../apps/orchestrator/src/solving/channels/single-flight.ts'
import { createSlots } from '../../../../../apps/orchestrator/src/solving/channels/slots.ts'

const never = new AbortController().signal
const deaf = () => undefined

test('those who come while the work goes on get its one result, and hear of its progress', async () => {
  const flights = createSingleFlight<number, string>()
  let begun = 0
  let finish: (result: string) => void = deaf
  let say: (told: number) => void = deaf
  const work = (_: AbortSignal, tell: (told: number) => void): Promise<string> => {
    begun++
    say = tell
    return new Promise(resolve => {
      finish = resolve
    })
  }
  const heard: number[][] = [[], []]
  const both = heard.map(list => flights.run('a', { signal: never, onTold: told => list.push(told) }, work))
  say(7)
  finish('done')
  assert.deepEqual(await Promise.all(both), ['done', 'done'])
  assert.deepEqual(heard, [[7], [7]])
  assert.equal(begun, 1)
  const later = flights.run('a', { signal: never, onTold: deaf }, work)
  finish('again')
  assert.equal(await later, 'again')
  assert.equal(begun, 2)
})

test('the work is ended when the last has left, and not before; the last waits for its end', async () => {
  const flights = createSingleFlight<never, void>()
  const steps: string[] = []
  const work = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        steps.push('aborted')
        setImmediate(() => {
          steps.push('cleaned up')
          reject(signal.reason)
        })
      }),
    )
  const [first, second] = [new AbortController(), new AbortController()]
  const leaving = [first, second].map(({ signal }) => flights.run('a', { signal, onTold: deaf }, work))
  first.abort(new Error('first'))
  await assert.rejects(leaving[0] as Promise<void>, /first/)
  assert.deepEqual(steps, [])
  second.abort(new Error('second'))
  await assert.rejects(leaving[1] as Promise<void>, /second/)
  assert.deepEqual(steps, ['aborted', 'cleaned up'])
})

test('an error reaches all who wait, and the next one begins anew', async () => {
  const flights = createSingleFlight<never, string>()
  const options = { signal: never, onTold: deaf }
  const broken = async (): Promise<string> => {
    throw new Error('broken')
  }
  const both = [flights.run('a', options, broken), flights.run('a', options, broken)]
  for (const one of both) await assert.rejects(one, /broken/)
  assert.equal(await flights.run('a', options, async () => 'well'), 'well')
})

test('no more than so many go on at once, in order; one that gives up waiting does not keep its turn', async () => {
  const slots = createSlots(2)
  const ends: (() => void)[] = []
  const begun: number[] = []
  const work = (n: number) => () => {
    begun.push(n)
    return new Promise<void>(resolve => ends.push(resolve))
  }
  const giveUp = new AbortController()
  const all = [0, 1].map(n => slots.within(never, work(n)))
  const third = slots.within(giveUp.signal, work(2))
  const fourth = slots.within(never, work(3))
  giveUp.abort(new Error('no longer'))
  await assert.rejects(third, /no longer/)
  assert.deepEqual(begun, [0, 1])
  ends[0]?.()
  await all[0]
  await new Promise(setImmediate)
  assert.deepEqual(begun, [0, 1, 3])
  for (const end of ends) end()
  await Promise.all([...all, fourth])
  await assert.rejects(
    slots.within(never, async () => {
      throw new Error('broken')
    }),
  )
  assert.equal(await slots.within(never, async () => 'free again'), 'free again')
})
