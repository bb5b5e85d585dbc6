// The ceilings of a cluster on a real Redis: what two processes spend together, in any minute, and in which order.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SlurmError, type SubmitOrder } from '@trotline/slurm'
import { createClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { type Ceilings, createCeilings, type Urgency } from '../../apps/orchestrator/src/clusters/ceilings.ts'
import { type Connections, createConnections, type Holder } from '../../apps/orchestrator/src/clusters/connections.ts'
import type { CeilingSettings } from '../../apps/orchestrator/src/config.ts'
import { type Budget, createBudget } from '../../apps/orchestrator/src/store/budget.ts'
import { createConnectionSlots } from '../../apps/orchestrator/src/store/connection-slots.ts'
import { createSharedLimits } from '../../apps/orchestrator/src/store/shared-limits.ts'
import { eventually } from '../support/eventually.ts'
import { clusterSettings } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

const coded = (code: string) => (error: unknown) => (error as { code?: string }).code === code
const DEFAULTS = clusterSettings().ceilings

let rig: RedisRig
before(async () => {
  rig = await createRedisRig()
})
after(() => rig.close())

/** As if the window had passed: what was spent leaves it. */
async function passMinute(store: Store): Promise<void> {
  for (const budget of ['commands', 'submissions']) await store.redis.del(store.keys.spent('local', budget))
}

describe('the budget of a minute', () => {
  const limits = { commandsPerMinute: 100, submissionsPerMinute: 50 }
  const command = { kind: 'command', count: 1 } as const

  test('is one for all processes: of a thousand commands asked for by ten, a hundred are granted', async () => {
    const { redis, keys } = await rig.open()
    const budgets = Array.from({ length: 10 }, () => createBudget(redis, keys))
    const grants = await Promise.all(
      budgets.map(budget =>
        budget.reserve(
          'local',
          limits,
          Array.from({ length: 100 }, () => command),
        ),
      ),
    )
    const granted = grants.flatMap(grant => grant.granted).reduce((sum, count) => sum + count, 0)
    assert.equal(granted, 100)
    assert.deepEqual(await budgets[0]?.spent('local'), { commands: 100, submissions: 0 })
    assert.ok(grants.some(({ waitMs }) => waitMs > 58_000 && waitMs <= 61_000))
  })

  test('is each cluster’s own', async () => {
    const { redis, keys } = await rig.open()
    const budget = createBudget(redis, keys)
    await budget.reserve('local', limits, [{ kind: 'command', count: 100 }])
    assert.deepEqual((await budget.reserve('far', limits, [command])).granted, [1])
  })

  test('is granted in order: what stands behind a demand that has to wait waits too', async () => {
    const { redis, keys } = await rig.open()
    const { granted } = await createBudget(redis, keys).reserve('local', limits, [
      { kind: 'submission', count: 40 },
      { kind: 'submission', count: 20 },
      { kind: 'submission', count: 1 },
    ])
    assert.deepEqual(granted, [40, 10])
  })

  test('leaves a fifth of the commands to questions and cancels, however many submissions there are', async () => {
    const { redis, keys } = await rig.open()
    const budget = createBudget(redis, keys)
    const generous = { commandsPerMinute: 100, submissionsPerMinute: 1_000 }
    assert.deepEqual((await budget.reserve('local', generous, [{ kind: 'submission', count: 500 }])).granted, [80])
    assert.deepEqual((await budget.reserve('local', generous, [{ kind: 'command', count: 500 }])).granted, [20])
  })

  test('comes back second by second, 61 s after it was spent and not before', async () => {
    const { redis, keys } = await rig.open()
    const budget = createBudget(redis, keys)
    const second = Number((await redis.time())[0])
    await redis.hset(keys.spent('local', 'commands'), { [second - 61]: 60, [second - 60]: 0, [second - 1]: 40 })
    const { granted, waitMs } = await budget.reserve('local', limits, [{ kind: 'command', count: 100 }])
    assert.ok((granted[0] ?? 0) >= 60 && (granted[0] ?? 0) < 100, `${granted}`)
    assert.ok(waitMs > 0 && waitMs <= 60_000, `${waitMs}`)
  })

  test('leaves nothing behind when it is not used', async () => {
    const { redis, keys } = await rig.open()
    const fromMs = performance.now()
    await createBudget(redis, keys).reserve('local', limits, [{ kind: 'submission', count: 1 }])
    for (const budget of ['commands', 'submissions']) {
      const leftMs = await redis.pttl(keys.spent('local', budget))
      // However long it took to ask.
      const lifeMs = leftMs + (performance.now() - fromMs)
      assert.ok(leftMs > 0 && leftMs <= 62_000 && lifeMs > 61_000, `${leftMs} of ${lifeMs}`)
    }
  })
})

describe('waiting at a ceiling', () => {
  let store: Store
  const open: Ceilings[] = []
  const waits: number[] = []
  let refusals = 0
  function ceilingsOf(settings: Partial<CeilingSettings>, budget: Budget = createBudget(store.redis, store.keys)) {
    const ceilings = createCeilings({
      cluster: 'local',
      settings: { ...DEFAULTS, ...settings },
      budget,
      onWaited: ms => void waits.push(ms),
      onRefused: () => {
        refusals += 1
      },
    })
    open.push(ceilings)
    return ceilings
  }
  before(async () => {
    store = await rig.open()
  })
  after(() => {
    for (const ceilings of open) ceilings.close()
  })

  test('cancels and watching go before questions, questions before submissions, and each kind in its order', async () => {
    await passMinute(store)
    const ceilings = ceilingsOf({ commandsPerMinute: 10 })
    assert.equal(await ceilings.take('question', 10), 10)
    const order: string[] = []
    const asked: [Urgency, string][] = [
      ['submission', 's1'],
      ['question', 'q1'],
      ['submission', 's2'],
      ['urgent', 'u1'],
      ['question', 'q2'],
      ['urgent', 'u2'],
    ]
    const done = asked.map(([urgency, name]) => ceilings.take(urgency, 1).then(() => order.push(name)))
    await eventually('all wait', async () => ceilings.waiting === asked.length)
    await passMinute(store)
    await Promise.all(done)
    assert.deepEqual(order, ['u1', 'u2', 'q1', 'q2', 's1', 's2'])
    assert.ok(waits.length >= asked.length)
  })

  test('a batch that is larger than what is left is granted in part, and never with nothing', async () => {
    await passMinute(store)
    const ceilings = ceilingsOf({ submissionsPerMinute: 30 })
    assert.equal(await ceilings.take('submission', 20), 20)
    assert.equal(await ceilings.take('submission', 20), 10)
    const last = ceilings.take('submission', 20)
    await eventually('it waits', async () => ceilings.waiting === 1)
    await passMinute(store)
    assert.equal(await last, 20)
  })

  test('a successor finds what its predecessor has spent', async () => {
    await passMinute(store)
    const before = ceilingsOf({ submissionsPerMinute: 30 })
    await before.take('submission', 30)
    before.close()
    const successor = ceilingsOf({ submissionsPerMinute: 30, waitSeconds: 1 })
    await assert.rejects(successor.take('submission', 1), coded('CLUSTER_CEILING'))
    assert.equal(refusals, 1)
  })

  test('a hundred at once cost a few round trips', async () => {
    await passMinute(store)
    const real = createBudget(store.redis, store.keys)
    let trips = 0
    const ceilings = ceilingsOf(
      {},
      {
        ...real,
        reserve: (...args) => {
          trips += 1
          return real.reserve(...args)
        },
      },
    )
    await Promise.all(Array.from({ length: 100 }, () => ceilings.take('submission', 1)))
    assert.ok(trips <= 3, `${trips} round trips`)
    assert.deepEqual(await real.spent('local'), { commands: 100, submissions: 100 })
  })

  test('whoever waits when the cluster is given up is let go at once', async () => {
    await passMinute(store)
    const ceilings = ceilingsOf({ submissionsPerMinute: 1 })
    await ceilings.take('submission', 1)
    const waiting = ceilings.take('submission', 1)
    await sleep(50)
    ceilings.close()
    await assert.rejects(waiting, error => error instanceof SlurmError && error.code === 'SSH_CLOSED')
    await assert.rejects(ceilings.take('urgent', 1), coded('SSH_CLOSED'))
  })

  test('without the store nothing is granted, and afterwards all goes on', async () => {
    await passMinute(store)
    const ceilings = ceilingsOf({})
    await rig.stop()
    await assert.rejects(ceilings.take('urgent', 1), coded('STORE_UNREACHABLE'))
    await rig.start()
    await eventually('the store answers', async () => (await store.redis.ping()) === 'PONG')
    assert.equal(await ceilings.take('urgent', 1), 1)
  })
})

describe('a submission step that has orders to look up', () => {
  const order: SubmitOrder = {
    directory: '/scratch/job',
    submission: 1,
    name: 'tl-abc-1',
    scriptFile: 'script.sh',
    files: [],
    mode: 'submit',
  }
  const again: SubmitOrder = { ...order, name: 'tl-def-1', triedSecondsAgo: 5 }
  const LOOKED_UP = { squeue: 2, sacct: 2, sinfo: 0, scontrol: 1, scancel: 0, sbatch: 0 }

  test('spends, and shows, what it may ask of Slurm at most; one that has none spends nothing', async () => {
    const store = await rig.open()
    const access = createClusterAccess(clusterSettings(), createSharedLimits(store.redis, store.keys, 60_000))
    const { scheduler } = access.service()
    for (const [orders, counts, commands] of [
      [[order], { ...LOOKED_UP, squeue: 0, sacct: 0, scontrol: 0 }, 0],
      [[order, again], LOOKED_UP, 5],
    ] as const) {
      await scheduler.submitMany(orders)
      const { commandsLastMinute, spentLastMinute } = await access.footprint()
      assert.deepEqual({ ...commandsLastMinute, other: 0 }, { ...counts, other: 0 })
      assert.deepEqual(spentLastMinute, { commands, submissions: 0 })
    }
    await access.close()
  })

  test('does not begin once a pause is acknowledged, however long it waited at the ceiling; a look does', async () => {
    const store = await rig.open()
    const limits = createSharedLimits(store.redis, store.keys, 60_000)
    const access = createClusterAccess(clusterSettings({ ceilings: { ...DEFAULTS, commandsPerMinute: 5 } }), limits)
    const { scheduler } = access.service()
    await limits.budget.reserve('local', { ...DEFAULTS, commandsPerMinute: 5 }, [{ kind: 'command', count: 5 }])
    const asked = assert.rejects(scheduler.submitMany([again]), coded('CLUSTER_PAUSED'))
    await eventually('it waits', async () => (await access.footprint()).waiting > 0)
    await limits.pauses.pause('local', { by: 'Staff', since: '2030-01-02T03:04:05.000Z', why: 'maintenance' }, null)
    await passMinute(store)
    await asked
    await passMinute(store)
    const [looked] = await scheduler.submitMany([{ ...again, mode: 'look' }])
    assert.ok(looked instanceof SlurmError, 'nobody can be reached here')
    await access.close()
  })
})

describe('permissions to connect', () => {
  class Identity implements Holder {
    readonly identity: string
    busy = false
    drops = 0
    constructor(identity: string) {
      this.identity = identity
    }
    idle = (): boolean => !this.busy
    drop = async (): Promise<void> => {
      this.drops += 1
    }
  }
  const connectionsOf = (store: Store, limit: number, waitSeconds = 30): Connections =>
    createConnections({
      cluster: 'local',
      settings: { ...DEFAULTS, connections: limit, waitSeconds },
      slots: createConnectionSlots(store.redis, store.keys),
      onWaited: () => {},
      onRefused: () => {},
    })

  test('past the ceiling the longest idle connection is closed for whoever waits', async () => {
    const connections = connectionsOf(await rig.open(), 2)
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(name => new Identity(name)) as [Identity, Identity, Identity]
    await connections.enter(ada)
    await sleep(20)
    await connections.enter(bob)
    await connections.enter(eve)
    assert.deepEqual([ada.drops, bob.drops, connections.held], [1, 0, 2])
  })

  test('a connection at work is not closed: the next one waits until it is idle', async () => {
    const connections = connectionsOf(await rig.open(), 1)
    const [ada, bob] = [new Identity('ada'), new Identity('bob')]
    await connections.enter(ada)
    ada.busy = true
    let entered = false
    const turn = connections.enter(bob).then(() => {
      entered = true
    })
    await sleep(400)
    assert.deepEqual([entered, ada.drops, connections.waiting], [false, 0, 1])
    ada.busy = false
    await turn
    assert.equal(ada.drops, 1)
  })

  test('hold for all processes together, and are free again when their holder has gone or fell silent', async () => {
    const store = await rig.open()
    const [first, second] = [connectionsOf(store, 1), connectionsOf(store, 1, 1)]
    await first.enter(new Identity('ada'))
    await assert.rejects(second.enter(new Identity('bob')), coded('CLUSTER_CEILING'))
    await first.close()
    await second.enter(new Identity('bob'))

    const third = connectionsOf(store, 1, 30)
    const waiting = third.enter(new Identity('eve'))
    // The second process renews no more: its permission ends by itself.
    const [holder = ''] = await store.redis.zrange(store.keys.connections('local'), '0', '-1')
    await store.redis.zadd(store.keys.connections('local'), Date.now() - 1, holder)
    await waiting
  })

  test('are kept by renewing them', async () => {
    const store = await rig.open()
    const connections = connectionsOf(store, 1)
    await connections.enter(new Identity('ada'))
    const scoreOf = async (): Promise<number> =>
      Number((await store.redis.zrange(store.keys.connections('local'), '0', '-1', 'WITHSCORES'))[1])
    const before = await scoreOf()
    await sleep(20)
    await connections.renew()
    assert.ok((await scoreOf()) > before)
  })

  test('a permission that somebody else has meanwhile closes the connection', async () => {
    const store = await rig.open()
    const connections = connectionsOf(store, 1)
    const ada = new Identity('ada')
    await connections.enter(ada)
    await store.redis.del(store.keys.connections('local'))
    await connectionsOf(store, 1).enter(new Identity('bob'))
    await connections.renew()
    assert.deepEqual([ada.drops, connections.held], [1, 0])
  })
})
