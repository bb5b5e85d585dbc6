// The guarded way to a real cluster: what it counts, and what it does when sshd or slurmctld is away.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Breaker } from '@trotline/contracts'
import { createClusterAccess, type OwnedCluster } from '../../apps/orchestrator/src/clusters/access.ts'
import { createConnections } from '../../apps/orchestrator/src/clusters/connections.ts'
import { healthOf } from '../../apps/orchestrator/src/clusters/health.ts'
import type { ClusterSettings } from '../../apps/orchestrator/src/config.ts'
import { createSharedLimits } from '../../apps/orchestrator/src/store/shared-limits.ts'
import { type LocalCluster, startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'
import { ownCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { AT, clusterSettings } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error)

describe('the way to a cluster', () => {
  let cluster: LocalCluster
  let rig: RedisRig
  let store: Store
  const folder = mkdtempSync(join(tmpdir(), 'trotline-access-'))
  const opened: OwnedCluster[] = []
  before(async () => {
    cluster = await ownCluster()
    rig = await createRedisRig()
    store = await rig.open()
  })
  afterEach(async () => {
    for (const access of opened.splice(0)) await access.close()
  })
  after(async () => {
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function open(over: Partial<ClusterSettings> = {}, names: readonly string[] = ['default']): OwnedCluster {
    const { user, host, port, knownHostsFile, privateKeyFile } = cluster.ssh
    const settings = clusterSettings({
      ssh: { host, port, knownHostsFile },
      identities: names.map(name => ({ name, unixUser: user, privateKeyFile })),
      workDir: folder,
      breaker: { faults: 2, windowSeconds: 120, slowAnswerSeconds: 20, restSeconds: 1, longestRestSeconds: 2 },
      ...over,
    })
    const access = createClusterAccess(settings, createSharedLimits(store.redis, store.keys, 60_000))
    opened.push(access)
    return access
  }
  const breaker = (access: OwnedCluster, part: Breaker['part']): Breaker =>
    access.breakers().find(found => found.part === part) ?? assert.fail('it is not used')
  const health = (access: OwnedCluster) => healthOf(access, null, AT)

  test('counts what it was used for, to the command and to the byte', async () => {
    const access = open()
    const { transport, scheduler, reserveSubmissions } = access.service()
    const before = await access.footprint()
    assert.deepEqual([before.connections, before.channels, before.channelsPeak], [0, 0, 0])

    await scheduler.listJobs()
    await scheduler.listJobs()
    await scheduler.partitions()
    await scheduler.facts()
    await scheduler.facts()
    await scheduler.cancel({ slurmJobId: '999999', name: 'tl-nothing-1' })
    await transport.exec(['true'])
    const text = 'x'.repeat(10_000)
    await transport.put(join(folder, 'file'), text, { mode: 0o600 })
    const between = await access.footprint()
    const slice = await transport.readAt(join(folder, 'file'), 0, 20_000)
    assert.equal(await reserveSubmissions(7), 7)

    const counts = (await access.footprint()).commandsLastMinute
    assert.deepEqual(
      { ...counts, other: null },
      { squeue: 2, sacct: 0, sinfo: 1, scontrol: 1, scancel: counts.scancel, sbatch: 7, other: null },
    )
    assert.ok(counts.scancel >= 1 && counts.other >= 1)
    const now = await access.footprint()
    assert.deepEqual(now.commandsLastHour, counts)
    assert.equal(slice?.bytes.length, 10_000)
    assert.equal(now.bytesIn - between.bytesIn, 10_000)
    assert.ok(between.bytesOut - before.bytesOut > 10_000)
    assert.equal(now.connections, 1)
    assert.deepEqual([now.channels, now.refused], [2, { ceiling: 0, resting: 0 }], 'two SFTP sessions stay open')
    assert.ok(now.channelsPeak >= 2 && now.channelsPeak <= 4)
    const asked = counts.squeue + counts.sinfo + counts.scontrol + counts.scancel
    assert.deepEqual(now.spentLastMinute, { commands: asked + 7, submissions: 7 })
  })

  test('has no more channels than it may, however many calls there are', async () => {
    const access = open()
    const { transport } = access.service()
    const files = Array.from({ length: 8 }, (_, i) => join(folder, `many-${i}`))
    await Promise.all([
      ...files.map(file => transport.put(file, file, { mode: 0o600 })),
      ...files.map(() => transport.exec(['true'])),
      ...files.map(() => transport.exec(['true'], { lane: 'query' })),
    ])
    await Promise.all(files.map(file => transport.readAt(file, 0, 100)))
    const { channelsPeak } = await access.footprint()
    assert.ok(channelsPeak >= 3 && channelsPeak <= 4, `${channelsPeak}`)
  })

  test('two identities take turns on one connection where only one is allowed', async () => {
    const limits = { ...clusterSettings().ceilings, connections: 1 }
    const access = open({ ceilings: limits }, ['ada', 'bob'])
    for (const name of ['ada', 'bob', 'ada']) {
      assert.equal((await access.identity(name).transport.exec(['echo', name])).stdout, `${name}\n`)
      const states = access.used().map(used => used.transport.health.state)
      assert.equal(states.filter(state => state === 'connected').length, 1)
      await new Promise(resolve => setTimeout(resolve, 60))
    }
    assert.equal((await access.footprint()).connections, 1)
  })

  test('sshd is stopped: calls fail as what they are, then rest, and all goes on once it is back', async () => {
    const access = open()
    const { transport } = access.service()
    await transport.exec(['true'])
    await stopDaemon(cluster.home, 'sshd')
    const codes: string[] = []
    await eventually('the way rests', async () => {
      codes.push(await transport.exec(['true']).then(() => 'answered', codeOf))
      return codes.at(-1) === 'CLUSTER_RESTING'
    })
    assert.ok(codes.length > 2, 'one fault opens nothing')
    for (const code of codes.slice(0, -1)) assert.match(code, /^SSH_(LOST|UNREACHABLE)$/)
    const { state, lastFault, nextProbeAt } = breaker(access, 'ssh')
    assert.match(lastFault?.code ?? '', /^SSH_/)
    assert.ok(state === 'half-open' || nextProbeAt !== null)
    assert.equal(breaker(access, 'slurmctld').state, 'closed', 'nobody said anything about slurmctld')
    const told = health(access)
    assert.match(told.code, /^SSH_/)
    assert.match(told.detail, /left alone since/)

    for (let i = 0; i < 100; i++) assert.match(await transport.exec(['true']).then(() => '', codeOf), /REST|SSH/)
    assert.ok((await access.footprint()).refused.resting >= 50, 'most of them without a try')

    await startDaemon(cluster.home, 'sshd')
    await eventually('it is used again', async () => (await transport.exec(['true'])).exitCode === 0)
    assert.deepEqual([breaker(access, 'ssh').state, health(access).ok], ['closed', true])
  })

  test('slurmctld is stopped: it is left alone, files are still read, and it is found again by one ping', async () => {
    const access = open()
    const { transport, scheduler, reserveSubmissions } = access.service()
    await scheduler.listJobs()
    await transport.put(join(folder, 'log'), 'hello\n', { mode: 0o600 })
    await stopDaemon(cluster.home, 'slurmctld')
    const codes: string[] = []
    await eventually(
      'slurmctld rests',
      async () => {
        codes.push(await scheduler.listJobs().then(() => 'answered', codeOf))
        return codes.at(-1) === 'CLUSTER_RESTING'
      },
      180_000,
    )
    assert.deepEqual(new Set(codes), new Set(['SLURM_UNREACHABLE', 'CLUSTER_RESTING']))
    assert.equal(breaker(access, 'slurmctld').lastFault?.code, 'SLURM_UNREACHABLE')
    assert.equal(health(access).code, 'SLURM_UNREACHABLE')
    assert.equal(await reserveSubmissions(1).then(() => 'granted', codeOf), 'CLUSTER_RESTING')

    assert.equal(breaker(access, 'ssh').state, 'closed')
    const slice = await transport.readAt(join(folder, 'log'), 0, 100)
    assert.equal(Buffer.from(slice?.bytes ?? []).toString(), 'hello\n')
    const squeues = (await access.footprint()).commandsLastHour.squeue
    await eventually(
      'it was probed in vain',
      async () => /scontrol ping/.test(breaker(access, 'slurmctld').lastFault?.detail ?? ''),
      180_000,
    )
    assert.notEqual(breaker(access, 'slurmctld').state, 'closed')

    await startDaemon(cluster.home, 'slurmctld')
    await eventually('it is asked again', async () => Array.isArray(await scheduler.listJobs()))
    assert.equal((await access.footprint()).commandsLastHour.squeue, squeues + 1, 'while it rested no squeue ran')
    assert.deepEqual([breaker(access, 'slurmctld').state, health(access).ok], ['closed', true])
  })

  test('without the store nothing is asked', async () => {
    const access = open()
    const { scheduler } = access.service()
    await scheduler.listJobs()
    await rig.stop()
    assert.equal(await scheduler.listJobs().then(() => 'asked', codeOf), 'STORE_UNREACHABLE')
    assert.equal(await access.paused().then(() => 'told', codeOf), 'STORE_UNREACHABLE')
    await rig.start()
    await eventually('it is asked again', async () => Array.isArray(await scheduler.listJobs()))
  })

  test('a close lets everybody go, and the permission to connect with them', async () => {
    const access = open({ ceilings: { ...clusterSettings().ceilings, connections: 1 } }, ['ada', 'bob'])
    const long = access
      .identity('ada')
      .transport.exec(['sleep', '60'])
      .then(() => 'answered', codeOf)
    await eventually('it runs', async () => (await access.footprint()).channels === 1)
    const waits = access
      .identity('bob')
      .transport.exec(['true'])
      .then(() => 'answered', codeOf)
    await eventually('the other waits', async () => (await access.footprint()).waiting === 1)
    await access.close()
    // Cut off at work, or while it still connected.
    assert.match(await long, /^SSH_(LOST|CLOSED)$/)
    assert.equal(await waits, 'SSH_CLOSED')
    const left = await store.redis.zrange(store.keys.connections('local'), '0', '-1')
    assert.ok(!left.some(holder => /ada|bob/.test(holder)), left.join(' '))
  })

  test('a stage that is under way while everything closes opens no connection that nobody would close', async () => {
    const access = open({}, ['ada', 'bob'])
    await access.identity('ada').transport.exec(['true'])
    const closing = access.close()
    const late = access
      .identity('ada')
      .transport.exec(['true'])
      .then(() => 'answered', codeOf)
    assert.throws(() => access.identity('bob'), { code: 'SSH_CLOSED' })
    await closing
    assert.equal(await late, 'SSH_CLOSED')
    assert.equal(access.identity('ada').transport.health.state, 'closed')
  })

  test('a permission that is granted while everything closes is given back', async () => {
    const { slots } = createSharedLimits(store.redis, store.keys, 60_000)
    const moments = new EventEmitter()
    const asked = once(moments, 'asked')
    const answered = once(moments, 'answered')
    const connections = createConnections({
      cluster: 'closing',
      settings: clusterSettings().ceilings,
      slots: {
        async take(...demand) {
          const granted = await slots.take(...demand)
          moments.emit('asked')
          await answered
          return granted
        },
        giveBack: slots.giveBack,
      },
      onWaited() {},
      onRefused() {},
    })
    const entered = connections
      .enter({ identity: 'ada', idle: () => true, drop: async () => undefined })
      .then(() => 'let in', codeOf)
    await asked
    const closing = connections.close()
    moments.emit('answered')
    await closing
    assert.deepEqual(await store.redis.zrange(store.keys.connections('closing'), '0', '-1'), [])
    assert.deepEqual([await entered, connections.held], ['SSH_CLOSED', 0])
  })
})
