import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ChannelRefused, Gate, openPatiently } from '../../../packages/slurm/src/channel-gate.ts'
import { SlurmError } from '../../../packages/slurm/src/errors.ts'

test('no more tasks run at once than there are slots, and all of them run', async () => {
  const gate = new Gate(3)
  let running = 0
  let most = 0
  const done = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      gate.run(async () => {
        most = Math.max(most, ++running)
        await turn()
        running--
        return n
      }),
    ),
  )
  assert.equal(most, 3)
  assert.deepEqual(
    done,
    done.map((_, n) => n),
  )
})

test('tasks that queue again after each turn share the gate evenly', async () => {
  const gate = new Gate(1)
  const order: string[] = []
  const reader = async (name: string, turns: number) => {
    for (let at = 0; at < turns; at++) await gate.run(async () => void order.push(name))
  }
  await Promise.all([reader('large', 100), reader('small', 2)])
  assert.ok(order.lastIndexOf('small') < 6, order.slice(0, 10).join(' '))
})

test('a task that fails gives its slot back', async () => {
  const gate = new Gate(1)
  await assert.rejects(
    gate.run(() => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await gate.run(async () => 'next'), 'next')
})

test('a refused channel is opened again, any other failure is not', async () => {
  let tries = 0
  const opened = await openPatiently(async () => {
    if (++tries < 4) throw new ChannelRefused('open failed')
    return 'open'
  })
  assert.deepEqual([opened, tries], ['open', 4])
  await assert.rejects(
    openPatiently(async () => {
      tries++
      throw new SlurmError('SSH_LOST')
    }),
    { code: 'SSH_LOST' },
  )
  assert.equal(tries, 5)
})
