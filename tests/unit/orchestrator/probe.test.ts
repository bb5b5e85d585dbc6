// What becomes of a look at a node, with a Slurm that answers as the test says. On a real one: tests/e2e/probe.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NodeSighting } from '@trotline/contracts'
import { SlurmError, type SlurmJob, type SubmitOrder, type SubmitOutcome } from '@trotline/slurm'
import { pino } from 'pino'
import type { ClusterAccess } from '../../../apps/orchestrator/src/clusters/access.ts'
import { kindsOf } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import type { NodeKnowledge } from '../../../apps/orchestrator/src/clusters/node-knowledge.ts'
import { createProbing } from '../../../apps/orchestrator/src/lifecycle/probe.ts'
import type { ProbeRecord, Probes } from '../../../apps/orchestrator/src/store/probes.ts'
import type { Claim } from '../../../apps/orchestrator/src/store/sightings.ts'
import { parseJobState } from '../../../packages/slurm/src/states.ts'
import { clusterSettings } from '../../support/job-records.ts'
import { group, partition } from '../../support/partitions.ts'
import { sighting } from '../../support/sightings.ts'

const KINDS = kindsOf([
  partition('gpu', [group({ nodes: ['g1'], gres: [['k80', 4]] })]),
  partition('shared', [group({ nodes: ['c1'] })]),
])
const [gpu = assert.fail('no kind')] = KINDS
const LOOK = `node-look 1
[name 0
|g1
]
[time 0
|2026-11-27T12:00:00Z
]
[gpus 0
|Tesla K80, 396.37, 3.7
]
end of node-look
`

function scene(over: Parameters<typeof clusterSettings>[0] = {}) {
  let nowMs = Date.parse('2026-11-27T12:00:00Z')
  const records = new Map<string, ProbeRecord>()
  const world = {
    listed: [] as SlurmJob[],
    questions: 0,
    orders: [] as SubmitOrder[],
    submit: (_: SubmitOrder): SubmitOutcome => ({ kind: 'submitted', slurmJobId: '17', how: 'new' }),
    cancelled: [] as string[],
    file: null as string | null,
    removed: [] as string[],
    found: [] as NodeSighting[],
    claims: new Map<string, Claim>(),
    paused: null as Awaited<ReturnType<ClusterAccess['paused']>>,
    reserve: async (count: number): Promise<number> => count,
  }
  const access = {
    name: 'default',
    unixUser: 'ada',
    reserveSubmissions: (count: number) => world.reserve(count),
    transport: {
      async exec(argv: readonly string[]) {
        if (argv[0] === 'rm') world.removed.push(argv.at(-1) ?? '')
        return { exitCode: 0, signal: null, stdout: '', stderr: '', durationMs: 1 }
      },
      put: async () => undefined,
      async readAt(path: string, offset: number, lengthBytes: number) {
        if (!path.endsWith('/look') || world.file === null) return null
        const bytes = Buffer.from(world.file)
        return { bytes: bytes.subarray(offset, offset + lengthBytes), sizeBytes: bytes.length }
      },
    },
    scheduler: {
      async listJobs() {
        world.questions += 1
        return world.listed
      },
      async submitOnce(order: SubmitOrder) {
        world.orders.push(order)
        return world.submit(order)
      },
      cancel: async ({ name }: { name: string }) => void world.cancelled.push(name),
    },
  }
  const settings = clusterSettings({ pollIntervalMs: 500, ...over })
  const cluster = { settings, service: () => access, paused: async () => world.paused } as unknown as ClusterAccess
  const probes: Probes = {
    read: async () => [...records.values()],
    async ask(_, kinds, { by, at }) {
      for (const { kind, partition: wanted, failures = 0 } of kinds)
        records.set(kind, { ...ASKED, kind, by, at, wanted, failures })
    },
    write: async (_, record) => void records.set(record.kind, record),
    async forget(_, kinds) {
      for (const kind of kinds) records.delete(kind)
    },
  }
  const nodes: NodeKnowledge = {
    listed: async () => undefined,
    async recordSighting(look) {
      world.found.push(look)
      return look.node === 'g1'
    },
    kinds: () => KINDS,
    recordClaim: async () => assert.fail('a look is no claim'),
    known: () => ({ looks: new Map(world.found.map(look => [look.node, look])), claims: world.claims }),
  }
  const round = createProbing({ cluster, nodes, probes, log: pino({ level: 'silent' }), now: () => new Date(nowMs) })
  return Object.assign(world, {
    /** So much later. */
    async after(seconds: number) {
      nowMs += seconds * 1000
      await round()
    },
    ask: () =>
      probes.ask(
        'local',
        [{ kind: gpu.id, partition: null }],
        { by: 'staff', at: new Date(nowMs).toISOString() },
        null,
      ),
    record: () => records.get(gpu.id) ?? assert.fail('nobody looks'),
    records,
    slurm(state: string, reason: string | null = null) {
      world.listed = world.orders.slice(-1).map(({ name }) => row(name, state, reason))
    },
  })
}
const ASKED: Omit<ProbeRecord, 'kind' | 'by' | 'at' | 'wanted' | 'failures'> = {
  state: 'asked',
  partition: null,
  node: null,
  slurmJobId: null,
  detail: '',
  look: null,
  dueAt: 0,
}
const row = (name: string, state: string, reason: string | null = null): SlurmJob => ({
  slurmJobId: '17',
  array: null,
  name,
  state: parseJobState(state) ?? assert.fail(state),
  reason,
  partition: 'gpu',
  submitAt: null,
  startAt: null,
  endAt: null,
  nodeList: state === 'PENDING' ? '' : 'g1',
  restarts: 0,
})

/** Until Slurm has it. */
async function submitted(over: Parameters<typeof clusterSettings>[0] = {}) {
  const world = scene(over)
  await world.ask()
  await world.after(0)
  assert.equal(world.record().state, 'pending')
  world.slurm('PENDING', 'Resources')
  return world
}

describe('a look', () => {
  test('goes to Slurm, runs, and leaves what it found and nothing else', async () => {
    const world = await submitted()
    assert.match(world.orders[0]?.name ?? '', /^tl-probe-[0-9a-f]{8}-[0-9a-f]{8}$/)
    assert.deepEqual([world.record().node, world.record().partition, world.record().slurmJobId], ['g1', 'gpu', '17'])
    world.slurm('RUNNING')
    await world.after(1)
    assert.equal(world.record().state, 'running')
    world.slurm('COMPLETED')
    world.file = LOOK
    await world.after(1)
    assert.deepEqual([world.record().state, world.record().detail], ['done', ''])
    assert.deepEqual(
      world.found.map(({ node, driver }) => [node, driver]),
      [['g1', '396.37']],
    )
    assert.equal(world.orders.length, 1)
    assert.deepEqual(world.removed, [world.orders[0]?.directory])
    const { questions } = world
    for (let i = 0; i < 10; i += 1) await world.after(60)
    assert.equal(world.questions, questions, 'what has ended is not asked about')
  })

  test('whose submission broke off is submitted under the same name, until it is known', async () => {
    const world = scene()
    await world.ask()
    world.submit = () => {
      throw new SlurmError('SSH_LOST')
    }
    await world.after(0)
    assert.deepEqual([world.record().state, /connection was lost/.test(world.record().detail)], ['asked', true])
    await world.after(5)
    assert.equal(world.orders.length, 1, 'not at once')
    world.submit = () => ({ kind: 'submitted', slurmJobId: '17', how: 'found' })
    await world.after(15)
    assert.equal(world.record().state, 'pending')
    assert.equal(new Set(world.orders.map(({ name }) => name)).size, 1)
  })

  test('that the store has forgotten is found in Slurm, and no second one is made', async () => {
    const world = await submitted()
    world.records.clear()
    await world.ask()
    await world.after(1)
    assert.equal(world.orders.length, 1)
    assert.deepEqual(
      [world.record().state, world.record().look],
      ['pending', world.orders[0]?.name.slice('tl-probe-'.length)],
    )
  })

  test('that Slurm refuses has failed with Slurm’s words, and one that meets a limit waits', async () => {
    const refused = scene()
    await refused.ask()
    refused.submit = () => ({ kind: 'refused', message: 'Invalid account' })
    await refused.after(0)
    assert.deepEqual([refused.record().state, refused.record().detail], ['failed', 'Slurm refused it: Invalid account'])

    const limited = scene()
    await limited.ask()
    limited.submit = () => ({ kind: 'limited', limit: 'MaxJobCount', message: 'later' })
    await limited.after(0)
    assert.equal(limited.record().state, 'asked')
    await limited.after(30)
    assert.equal(limited.orders.length, 1)
    limited.submit = () => ({ kind: 'submitted', slurmJobId: '17', how: 'new' })
    await limited.after(31)
    assert.equal(limited.record().state, 'pending')
  })

  test('that does not start in time is cancelled, by name, and says what Slurm said', async () => {
    const world = await submitted()
    for (let i = 0; i < 29; i += 1) await world.after(60)
    assert.deepEqual([world.record().state, world.cancelled], ['pending', []])
    await world.after(120)
    assert.deepEqual(world.cancelled, [world.orders[0]?.name])
    assert.deepEqual(
      [world.record().state, world.record().detail],
      ['failed', 'It did not start within 30 min (Slurm: Resources) and was cancelled.'],
    )
  })

  test('that Slurm suspends is cancelled when its time is long over, so that its kind is looked at again', async () => {
    const world = await submitted()
    world.slurm('RUNNING')
    await world.after(1)
    world.slurm('SUSPENDED')
    for (let i = 0; i < 12; i += 1) await world.after(60)
    assert.deepEqual([world.record().state, world.cancelled], ['running', []])
    await world.after(120)
    assert.deepEqual(world.cancelled, [world.orders[0]?.name])
    assert.deepEqual(
      [world.record().state, world.record().detail],
      ['failed', 'It did not end within 13 min (Slurm: SUSPENDED) and was cancelled.'],
    )
  })

  test('that waits for long is asked about less and less often', async () => {
    const world = await submitted()
    const asked: number[] = []
    for (let seconds = 0; seconds < 1_200; seconds += 2) {
      const before = world.questions
      await world.after(2)
      if (world.questions > before) asked.push(seconds)
    }
    assert.ok(asked.length < 60, `${asked.length} questions in 20 minutes`)
    assert.ok(asked.filter(at => at < 30).length >= 8, 'and often while it may start at any moment')
  })

  test('whose job is over and whose answer is not visible yet is waited for', async () => {
    const world = await submitted()
    world.slurm('COMPLETED')
    await world.after(1)
    await world.after(50)
    assert.notEqual(world.record().state, 'failed')
    world.file = LOOK
    await world.after(10)
    assert.equal(world.record().state, 'done')
  })

  test('that left nothing, or nothing readable, has failed and says how its job ended', async () => {
    const silentOne = await submitted()
    silentOne.slurm('COMPLETED')
    await silentOne.after(1)
    await silentOne.after(61)
    assert.equal(silentOne.record().detail, 'Slurm job 17 (COMPLETED) left no answer.')

    const killed = await submitted()
    killed.slurm('NODE_FAIL')
    await killed.after(1)
    assert.equal(killed.record().detail, 'Slurm job 17 (NODE_FAIL) left no answer.')

    const garbled = await submitted()
    garbled.slurm('COMPLETED')
    garbled.file = 'no look'
    await garbled.after(1)
    assert.equal(garbled.record().detail, 'Slurm job 17 (COMPLETED) left an answer that nobody can read.')

    const elsewhere = await submitted()
    elsewhere.slurm('COMPLETED')
    elsewhere.file = LOOK.replace('|g1', '|login1')
    await elsewhere.after(1)
    assert.match(elsewhere.record().detail, /^It answered for login1/)
  })

  test('waits for the end of a pause, and for room under the ceilings', async () => {
    const world = scene()
    await world.ask()
    world.paused = { by: 'staff', since: '2026-11-27T11:00:00Z', why: 'maintenance' }
    await world.after(0)
    await world.after(2)
    assert.deepEqual([world.record().state, world.orders.length, world.questions], ['asked', 0, 0])
    assert.match(world.record().detail, /paused by staff .*\(maintenance\)/)
    world.paused = null
    world.reserve = async () => {
      throw new SlurmError('SLURM_UNREACHABLE')
    }
    await world.after(2)
    assert.deepEqual([world.record().state, world.orders.length], ['asked', 0])
    world.reserve = async count => count
    await world.after(16)
    assert.equal(world.record().state, 'pending')
  })

  test('is not called a failure because the server is stopped', async () => {
    const world = scene()
    await world.ask()
    world.submit = () => {
      throw new SlurmError('SSH_CLOSED')
    }
    await assert.rejects(world.after(0), { code: 'SSH_CLOSED' })
    assert.equal(world.record().state, 'asked')
  })
})

describe('of its own accord', () => {
  test('a kind is looked at once, and again when what is known of it is too old', async () => {
    const world = scene({ probe: { ...clusterSettings().probe, automatic: 'gpu' } })
    await world.after(0)
    await world.after(2)
    assert.deepEqual([world.record().by, world.record().state, world.records.size], [null, 'pending', 1])
    world.slurm('COMPLETED')
    world.file = LOOK
    await world.after(2)
    assert.equal(world.record().state, 'done')
    await world.after(23 * 3_600)
    assert.equal(world.orders.length, 1)
    await world.after(3_600)
    await world.after(2)
    assert.equal(world.orders.length, 2)
  })

  test('a node is looked at when a job says something else of it; where that was wrong, not for ten minutes after', async () => {
    const world = scene({ probe: { ...clusterSettings().probe, automatic: 'gpu' } })
    const done = async (): Promise<void> => {
      await world.after(0)
      await world.after(2)
      world.slurm('COMPLETED')
      await world.after(2)
    }
    world.file = LOOK
    await done()
    assert.deepEqual([world.record().state, world.orders.length], ['done', 1])
    const forged = (at: string): void =>
      void world.claims.set('g1', { ...sighting({ node: 'g1', driver: '100.1', at }), job: 'abc' })
    forged('2026-11-27T12:00:10Z')
    world.file = LOOK.replace('12:00:00', '12:00:20')
    await done()
    assert.equal(world.orders.length, 2, 'at once')
    forged('2026-11-27T12:00:30Z')
    await world.after(300)
    await world.after(2)
    assert.equal(world.orders.length, 2)
    await world.after(310)
    await world.after(2)
    assert.equal(world.orders.length, 3)
  })

  test('a look that failed is not taken again at once', async () => {
    const world = scene({ probe: { ...clusterSettings().probe, automatic: 'gpu' } })
    world.submit = () => ({ kind: 'refused', message: 'no' })
    for (let minutes = 0; minutes < 600; minutes += 1) {
      await world.after(58)
      await world.after(2)
    }
    assert.ok(world.orders.length >= 3 && world.orders.length <= 5, `${world.orders.length} tries in ten hours`)
  })
})
