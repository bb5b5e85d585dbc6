import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { ConnectionKeeper } from '../../../packages/slurm/src/connection-keeper.ts'
import { SlurmError } from '../../../packages/slurm/src/errors.ts'
import { Loss } from '../../../packages/slurm/src/loss.ts'
import type { SshConnection } from '../../../packages/slurm/src/ssh2-connection.ts'

/** Counts what is opened; `lose` ends the newest connection. */
function server() {
  const opened: { lose: () => void }[] = []
  const state = { down: false }
  const open = async (): Promise<SshConnection> => {
    opened.push({ lose: () => {} })
    if (state.down) throw new SlurmError('SSH_UNREACHABLE')
    const loss = new Loss()
    const lose = () => loss.lose(new SlurmError('SSH_LOST'))
    opened[opened.length - 1] = { lose }
    const never = () => Promise.reject(new Error('not asked here'))
    return { exec: never, sftp: never, onLost: listener => loss.onLost(listener), end: lose }
  }
  return { opened, state, open }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

test('nothing is opened before the first use, and one connection serves all uses', async () => {
  const { open, opened } = server()
  const keeper = new ConnectionKeeper(open)
  assert.deepEqual([keeper.health.state, opened.length], ['unused', 0])
  const [one, two] = await Promise.all([keeper.get(), keeper.get()])
  assert.equal(one, two)
  assert.deepEqual([keeper.health.state, opened.length], ['connected', 1])
})

test('a connection that lived is opened again at once by the next use', async t => {
  t.mock.timers.enable({ apis: ['Date'] })
  const { open, opened } = server()
  const keeper = new ConnectionKeeper(open)
  await keeper.get()
  t.mock.timers.tick(60_000)
  opened[0]?.lose()
  await settled()
  assert.deepEqual([keeper.health.state, keeper.health.lastError?.code], ['down', 'SSH_LOST'])
  await keeper.get()
  assert.deepEqual([keeper.health.state, keeper.health.lastError, opened.length], ['connected', null, 2])
})

test('a server that stays away is tried less and less often, and uses in between learn why', async t => {
  t.mock.timers.enable({ apis: ['Date'] })
  const { open, opened, state } = server()
  state.down = true
  const keeper = new ConnectionKeeper(open)
  const waits: number[] = []
  for (let tries = 0; tries < 9; tries++) {
    await assert.rejects(keeper.connectNow(), { code: 'SSH_UNREACHABLE' })
    const before = opened.length
    let waitMs = 0
    // Longer waits than 2 s fail at once; shorter ones would be slept through, so time is moved in steps until a use tries.
    for (; opened.length === before && waitMs < 60_000; waitMs += 50) {
      t.mock.timers.tick(50)
      const use = keeper.get().catch((error: SlurmError) => error)
      await settled()
      if (opened.length > before) await use
    }
    waits.push(waitMs)
    if (tries > 4) assert.ok(waitMs > 3_000, `waited ${waits}`)
  }
  assert.ok(Math.max(...waits) <= 15_100, `waited ${waits}`)
  mock.restoreAll()
})

test('after close nothing is opened any more', async () => {
  const { open, opened } = server()
  const keeper = new ConnectionKeeper(open)
  await keeper.get()
  await keeper.close()
  await assert.rejects(keeper.get(), { code: 'SSH_CLOSED' })
  await assert.rejects(keeper.connectNow(), { code: 'SSH_CLOSED' })
  assert.deepEqual([keeper.health.state, opened.length], ['closed', 1])
})
