// Environments made, cancelled, moved aside, removed and counted over a real Redis and a real file system, with programs that really
// run in sessions of their own. The maker is scripted: how it may die, hang and fail cannot be ordered from the real one. That the real
// one makes environments is proved by tests/e2e/environments.test.ts.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type BuildOrder, type Drift, type EnvironmentLock, FILES } from '@trotline/contracts'
import { createLocalTransport, type SubmitOrder, type SubmitOutcome, type Transport } from '@trotline/slurm'
import type { ClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { buildOf, environmentsOf } from '../../apps/orchestrator/src/clusters/environment-directory.ts'
import { aliveRun, startRun } from '../../apps/orchestrator/src/clusters/environment-run.ts'
import type { WorkerRelease } from '../../apps/orchestrator/src/clusters/release.ts'
import { ClusterEnvironments } from '../../apps/orchestrator/src/environment-settings.ts'
import { type CrashPoint, ENVIRONMENT_CRASH_POINTS } from '../../apps/orchestrator/src/lifecycle/crash-points.ts'
import {
  createMaterialisations,
  type Materialisations,
} from '../../apps/orchestrator/src/lifecycle/materialisations.ts'
import { createMaterialising, type MaterialisingDeps } from '../../apps/orchestrator/src/lifecycle/materialise.ts'
import { census } from '../../apps/orchestrator/src/lifecycle/materialise-census.ts'
import { createJobEnvironments } from '../../apps/orchestrator/src/lifecycle/materialise-jobs.ts'
import { asked } from '../../apps/orchestrator/src/lifecycle/materialise-moves.ts'
import { createLease, RENEW_EVERY_MS } from '../../apps/orchestrator/src/store/lease.ts'
import {
  createMaterialisationStore,
  type MaterialisationRecord,
  type MaterialisationStore,
} from '../../apps/orchestrator/src/store/materialisations.ts'
import { parseJobState } from '../../packages/slurm/src/states.ts'
import { eventually } from '../support/eventually.ts'
import { clusterSettings, record as jobRecord, sha256 } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, silent } from '../support/orchestrator-store.ts'

const LOCK: EnvironmentLock = {
  v: 1,
  platform: 'linux-64',
  virtualPackages: [],
  conda: ['one', 'two'].map(name => ({
    name,
    version: '1.0',
    build: '0',
    subdir: 'linux-64' as const,
    url: `https://channel.example.org/main/linux-64/${name}-1.0-0.conda`,
    md5: '0'.repeat(32),
    sha256: sha256(name),
    size: name.length,
  })),
  pip: [],
}
const ID = sha256('the lock')

/** Behaves as `script.json` beside it says: by command a list, of which each call takes the first, or the last that is left. */
const MAKER = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
const [command, ...words] = process.argv.slice(2)
const root = command === 'make' ? join(words[0], '../..') : words[0]
const script = JSON.parse(readFileSync(join(root, 'script.json'), 'utf8'))
const calls = join(root, 'calls')
const before = existsSync(calls) ? readFileSync(calls, 'utf8').split('\\n').filter(line => line === command).length : 0
appendFileSync(calls, command + '\\n')
const does = script[command]?.[Math.min(before, script[command].length - 1)] ?? 'well'
const put = (file, text) => { writeFileSync(file + '.new', text); renameSync(file + '.new', file) }
if (command === 'make') {
  const directory = words[0]
  const order = JSON.parse(readFileSync(join(directory, 'order.json'), 'utf8'))
  const startedAt = new Date().toISOString()
  const say = (step, over = {}) => put(join(directory, 'state.json'), JSON.stringify({ v: 1, attempt: order.attempt, host: hostname(), pid: process.pid,
    startedAt, at: new Date().toISOString(), step, progress: { done: 1, of: 2, unit: 'packages' }, installer: { tool: 'micromamba', path: '/opt/micromamba', version: '2.0.5' }, outcome: null, trouble: null, ...over }))
  process.on('SIGTERM', () => {
    if (does === 'deaf') return
    say('install', { outcome: 'failed', trouble: { code: 'cancelled', detail: 'It was cancelled.', evidence: [], transient: false } })
    process.exit(1)
  })
  say('install')
  if (does === 'die') process.kill(process.pid, 'SIGKILL')
  else if (does === 'mute') process.exit(7)
  else if (does === 'hang' || does === 'deaf') setInterval(() => say('install'), 300)
  else if (typeof does === 'object') { say('install', { outcome: 'failed', trouble: does }); process.exit(1) }
  else {
    const prefix = join(root, order.lockId)
    mkdirSync(prefix, { recursive: true })
    put(join(root, '.made', order.lockId + '.json'), JSON.stringify({ v: 1, lockId: order.lockId, platform: 'linux-64', form: order.form, prefix,
      installer: { tool: 'micromamba', path: '/opt/micromamba', version: '2.0.5' }, madeAt: new Date().toISOString(), host: hostname(), packages: 2, pipPackages: 0,
      files: 3, bytes: 1000, filesSha256: '0'.repeat(64), archive: null }))
    say('publish', { outcome: 'made' })
  }
} else if (command === 'look') {
  if (does.code === 'missing') { console.log(JSON.stringify(does)); process.exit(1) }
  if (does === 'slow') await new Promise(resolve => setTimeout(resolve, 300))
  console.log(JSON.stringify({ lockId: words[1], depth: words[2], looked: 3, of: 3, seconds: 0.1, drift: typeof does === 'object' ? does : null }))
} else if (does === 'fail') { console.error('it cannot be done'); process.exit(1) }
else {
  rmSync(join(root, '.made', words[1] + '.json'), { force: true })
  if (command === 'remove') rmSync(join(root, words[1]), { recursive: true, force: true })
  else renameSync(join(root, words[1]), join(root, '.quarantine', words[1] + '-then'))
  console.log(JSON.stringify({ bytes: 1000, files: 3 }))
}
`

type Does =
  | 'well'
  | 'die'
  | 'mute'
  | 'hang'
  | 'deaf'
  | 'fail'
  | 'slow'
  | { problem: string; code: 'missing' }
  | Drift
  | NonNullable<MaterialisationRecord['trouble']>

interface World {
  store: Store
  transport: Transport
  materialisations: MaterialisationStore
  requests: Materialisations
  root: string
  workDir: string
  settled: string[]
  paused: Awaited<ReturnType<ClusterAccess['paused']>>
  orders: SubmitOrder[]
  submit(order: SubmitOrder): SubmitOutcome
  jobState: string
  cancelled: string[]
  /** Of archives: where this server has them. */
  archives: Map<string, string>
  onlyHere: string[]
  refused: string[]
  script(by: Partial<Record<'make' | 'look' | 'remove' | 'quarantine', Does[]>>): void
  calls(): string[]
  /** The owner's process, or another one that takes over. */
  owner(over?: {
    crashAt?: CrashPoint
  }): ReturnType<typeof createMaterialising> & { census(): Promise<void>; crashed(): boolean }
  jobs: ReturnType<typeof createJobEnvironments>
  record(): Promise<MaterialisationRecord | null>
  until(
    owner: { round(): Promise<void> },
    what: string,
    holds: (record: MaterialisationRecord | null) => boolean,
  ): Promise<MaterialisationRecord>
}

describe('an environment on a cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-environments-'))
  const transports: Transport[] = []
  const release = releaseIn(folder)
  const renewing: NodeJS.Timeout[] = []
  const owners: ReturnType<typeof createMaterialising>[] = []
  let rig: RedisRig
  let worlds = 0
  before(async () => {
    rig = await createRedisRig()
  })
  after(async () => {
    await Promise.all(owners.map(owner => owner.stop()))
    for (const timer of renewing) clearInterval(timer)
    await rig.close()
    await Promise.all(transports.map(transport => transport.close()))
    spawnSync('chmod', ['-R', 'u+w', folder])
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })

  async function createWorld(environments: Record<string, unknown> = {}): Promise<World> {
    const store = await rig.open()
    const lease = createLease(store.redis, store.keys, 'local')
    await lease.hold()
    renewing.push(setInterval(() => void lease.hold().catch(() => undefined), RENEW_EVERY_MS))
    // A release that was proved over a connection counts as whole there for a while, in whatever folder.
    const transport = createLocalTransport()
    transports.push(transport)
    const workDir = join(folder, `work-${++worlds}`)
    const root = environmentsOf(workDir)
    mkdirSync(root, { recursive: true })
    const settings = clusterSettings({
      workDir,
      node: process.execPath,
      pollIntervalMs: 200,
      environments: ClusterEnvironments.parse(environments),
    })
    const materialisations = createMaterialisationStore(store.redis, store.keys)
    const leaseNow = () => ({ cluster: 'local', value: lease.value ?? assert.fail('the lease has ended') })
    const now = (): Date => new Date()
    const world: World = {
      store,
      transport,
      materialisations,
      requests: createMaterialisations({
        store: materialisations,
        clusters: [settings],
        namesOf: async () => ['ml@1'],
        now,
      }),
      root,
      workDir,
      settled: [],
      paused: null,
      orders: [],
      submit: () => ({ kind: 'submitted', slurmJobId: '17', how: 'new' }),
      jobState: 'RUNNING',
      cancelled: [],
      archives: new Map(),
      onlyHere: [],
      refused: [],
      script: by => writeFileSync(join(root, 'script.json'), JSON.stringify(by)),
      calls: () =>
        existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [],
      owner({ crashAt } = {}) {
        let dead = false
        const access = {
          name: 'default',
          unixUser: 'ada',
          transport,
          reserveSubmissions: async (count: number) => count,
          scheduler: {
            async submitOnce(order: SubmitOrder) {
              if (dead) throw Object.assign(new Error('it is dead'), { code: 'SSH_CLOSED', transient: true })
              world.orders.push(order)
              return world.submit(order)
            },
            listJobs: async () =>
              world.orders.slice(-1).map(({ name }) => ({
                slurmJobId: '17',
                name,
                state: parseJobState(world.jobState),
                reason: world.jobState === 'PENDING' ? 'Priority' : null,
              })),
            cancel: async ({ name }: { name: string }) => void world.cancelled.push(name),
          },
        }
        const deps: MaterialisingDeps = {
          store: materialisations,
          lockOf: async id => (id === ID ? LOCK : null),
          channels: {
            archive: async one => world.archives.get(one.sha256) ?? assert.fail(`${one.name} was not to be had`),
            mirrorsFor: () => ({ mirrors: {}, onlyHere: world.onlyHere, refused: world.refused }),
          },
          pipIndex: null,
          cluster: {
            settings,
            identity: () => access,
            service: () => access,
            paused: async () => world.paused,
          } as unknown as ClusterAccess,
          releases: { plain: release, withTensorLibrary: release },
          lease() {
            // A process that was killed writes nothing more.
            if (dead) throw Object.assign(new Error('it is dead'), { code: 'LEASE_LOST', transient: true })
            return leaseNow()
          },
          crash(point) {
            if (point !== crashAt) return
            dead = true
            throw Object.assign(new Error('it was killed'), { code: 'LEASE_LOST', transient: true })
          },
          log: silent,
          now,
          onSettled: lock => void world.settled.push(lock),
        }
        const owner = createMaterialising(deps)
        owners.push(owner)
        return { ...owner, census: () => census(deps), crashed: () => dead }
      },
      jobs: createJobEnvironments({ store: materialisations, settings, lease: leaseNow, now }),
      record: () => materialisations.read('local', ID),
      until: (owner, what, holds) =>
        eventually(what, async () => {
          await owner.round()
          const record = await world.record()
          return holds(record) ? { record } : null
        }).then(
          found => found.record as MaterialisationRecord,
          async error => {
            const files = transport.exec(['sh', '-c', 'cd "$1" && head -c 300 *', 'show', buildOf(workDir, ID)])
            throw new Error(`${JSON.stringify(await world.record())}\n${(await files).stdout}`, { cause: error })
          },
        ),
    }
    world.script({})
    return world
  }

  const stateIs = (state: MaterialisationRecord['state']) => (record: MaterialisationRecord | null) =>
    record?.state === state

  test('that eight jobs need at the same time is made once, and each is told', async () => {
    const world = await createWorld()
    const owner = world.owner()
    const jobs = Array.from({ length: 8 }, () => jobRecord())
    const wants = await Promise.all(jobs.map(job => world.jobs.want(ID, job)))
    assert.ok(wants.every(({ state }) => state === 'wanted'))
    const ready = await world.until(owner, 'it is ready', stateIs('ready'))
    assert.deepEqual(world.calls(), ['make'])
    assert.deepEqual(
      [ready.attempt, ready.prefix, ready.bytes, ready.files, ready.installer?.version],
      [1, join(world.root, ID), 1000, 3, '2.0.5'],
    )
    assert.ok(world.settled.includes(ID))
    const order = JSON.parse(readFileSync(join(buildOf(world.workDir, ID), 'order.json'), 'utf8')) as BuildOrder
    assert.deepEqual([order.lock, order.root, order.offline, order.attempt], [LOCK, world.root, false, 1])
    assert.equal(statSync(join(buildOf(world.workDir, ID), 'order.json')).mode & 0o777, 0o600)
    await owner.round()
    assert.equal((await world.jobs.want(ID, jobRecord())).state, 'ready')
    assert.deepEqual(world.calls(), ['make'])
  })

  test('whose maker was killed is made by another one, at once', async () => {
    const world = await createWorld()
    world.script({ make: ['die', 'well'] })
    const owner = world.owner()
    await world.jobs.want(ID, jobRecord())
    const again = await world.until(owner, 'it is to be tried again', record => record?.inner.tries === 1)
    assert.match(again.detail, /^Its maker was killed by signal 9\. It is tried again at 20\d\d-/)
    assert.deepEqual([again.state, again.trouble?.code, again.trouble?.transient], ['wanted', 'died', true])
    const ready = await world.until(owner, 'it is ready', stateIs('ready'))
    assert.deepEqual([ready.attempt, ready.trouble, ready.inner.tries], [2, null, 0])
  })

  test('that cannot be made has failed for those that wait, and is tried anew for those that come later', async () => {
    const world = await createWorld()
    const detail = 'zlib 1.2.13 has another hash than the lock says.'
    world.script({ make: [{ code: 'archive-changed', detail, evidence: ['zlib'], transient: false }, 'well'] })
    const owner = world.owner()
    const waiting = jobRecord({ createdAt: new Date().toISOString() })
    await world.jobs.want(ID, waiting)
    const failed = await world.until(owner, 'it has failed', stateIs('failed'))
    assert.equal(failed.detail, detail)
    assert.equal((await world.jobs.want(ID, waiting)).state, 'failed')
    const later = jobRecord({ createdAt: new Date(Date.now() + 1).toISOString() })
    assert.equal((await world.jobs.want(ID, later)).state, 'wanted')
    await world.until(owner, 'it is ready', stateIs('ready'))
  })

  test('whose maker says nothing and ends is told with its exit code, tried again, and not for ever', async () => {
    const world = await createWorld()
    world.script({ make: ['mute'] })
    const owner = world.owner()
    await world.jobs.want(ID, jobRecord())
    const again = await world.until(owner, 'it is to be tried again', record => record?.inner.tries === 1)
    assert.match(again.detail, /^Its maker ended with exit code 7\./)
    // As if the long waits between had passed.
    for (let tries = 1; tries < 20; tries += 1) {
      const { record } = await world.materialisations.change(
        'local',
        ID,
        current => current && { ...current, inner: { ...current.inner, dueAt: 0 } },
      )
      if (record?.state === 'failed') break
      await world.until(
        owner,
        'the next try has ended',
        now => now?.state === 'failed' || (now?.inner.tries ?? 0) > tries,
      )
    }
    const failed = await world.record()
    assert.equal(failed?.state, 'failed')
    assert.match(failed?.detail ?? '', /It was tried 7 times\.$/)
  })

  for (const [how, does] of [
    ['that minds SIGTERM', 'hang'],
    ['that is deaf, after half a minute', 'deaf'],
  ] as const)
    test(`that is cancelled ends its maker, one ${how}`, async () => {
      const world = await createWorld()
      world.script({ make: [does] })
      const owner = world.owner()
      await world.requests.wantOn('local', ID, 'ada')
      await world.until(owner, 'it is being made', record => record?.step === 'install')
      const pid = Number(readFileSync(join(buildOf(world.workDir, ID), 'make-1.pid'), 'utf8').split(' ')[0])
      await world.requests.cancelOrRemoveOn('local', ID, 'bob')
      if (does === 'deaf')
        await world
          .until(owner, 'it is being ended', record => record?.inner.doing?.phase === 'stop')
          .then(() =>
            world.materialisations.change('local', ID, current => {
              const doing = current?.inner.doing
              return current && doing
                ? {
                    ...current,
                    inner: {
                      ...current.inner,
                      doing: { ...doing, since: new Date(Date.now() - 40_000).toISOString() },
                    },
                  }
                : current
            }),
          )
      const record = await world.until(owner, 'it is cancelled', stateIs('cancelled'))
      assert.equal(record.detail, 'The making was cancelled by bob.')
      await eventually('its processes are gone', () => !isAlive(pid))
    })

  test('that is cancelled before its turn never begins, and waits in a line and in a pause say so', async () => {
    const world = await createWorld()
    const owner = world.owner()
    world.paused = { by: 'staff', since: '2030-01-01T00:00:00.000Z', why: 'maintenance' }
    await world.requests.wantOn('local', ID, 'ada')
    const waiting = await world.until(
      owner,
      'it says why it waits',
      record => record?.detail.startsWith('It waits') ?? false,
    )
    assert.match(waiting.detail, /^It waits: the cluster is paused by staff since .*maintenance/)
    await world.requests.cancelOrRemoveOn('local', ID, 'bob')
    await world.until(owner, 'it is cancelled', stateIs('cancelled'))
    assert.deepEqual(world.calls(), [])
  })

  for (const point of ENVIRONMENT_CRASH_POINTS)
    test(`whose server is killed at ${point} is made once by the server that takes over`, async () => {
      const world = await createWorld()
      await world.requests.wantOn('local', ID, 'ada')
      const first = world.owner({ crashAt: point })
      await eventually('it is dead', async () => {
        await first.round()
        return first.crashed()
      })
      const second = world.owner()
      const ready = await world.until(second, 'it is ready', stateIs('ready'))
      assert.deepEqual([world.calls(), ready.attempt], [['make'], 1])
    })

  test('that a store has lost is known again, with a number that no earlier try had', async () => {
    const world = await createWorld()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(world.owner(), 'it is ready', stateIs('ready'))
    await world.store.redis.del(
      world.store.keys.materialisations('local'),
      world.store.keys.materialisationsDue('local'),
    )
    const owner = world.owner()
    await owner.census()
    const found = await world.record()
    assert.deepEqual([found?.state, found?.prefix, found?.by], ['ready', join(world.root, ID), 'found on the cluster'])
    await world.store.redis.del(world.store.keys.materialisations('local'))
    await world.requests.wantOn('local', ID, 'ada')
    assert.equal((await world.until(owner, 'it is ready', stateIs('ready'))).attempt, 2)
  })

  test('that somebody took away is no longer called ready', async () => {
    const world = await createWorld()
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    rmSync(join(world.root, '.made', `${ID}.json`))
    await owner.census()
    assert.equal(await world.record(), null)
  })

  test('with a changed file is moved aside where a look or a job finds it, and the next job has it made anew', async () => {
    const world = await createWorld()
    const drift: Drift = {
      detail: 'lib/libz.so has other bytes than zlib brought',
      files: [{ path: 'lib/libz.so', what: 'changed', package: 'zlib' }],
      count: 1,
    }
    world.script({ look: ['well', drift] })
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    await world.requests.verifyOn('local', ID, 'ada')
    const whole = await world.until(owner, 'it was looked at', record => record?.look !== null)
    assert.deepEqual([whole.state, whole.look?.depth, whole.look?.drift], ['ready', 'bytes', null])
    await world.requests.verifyOn('local', ID, 'ada')
    const aside = await world.until(
      owner,
      'it is moved aside',
      record => record?.state === 'quarantined' && record.inner.doing === null,
    )
    assert.match(aside.detail, /A look at it found: lib\/libz\.so has other bytes/)
    assert.ok(existsSync(join(world.root, '.quarantine', `${ID}-then`)))

    await world.jobs.want(ID, jobRecord())
    const anew = await world.until(owner, 'it is ready', stateIs('ready'))
    // Of a run that began before it was made anew.
    const look = { lockId: ID, depth: 'times', looked: 3, of: 3, seconds: 0, drift } as const
    await world.jobs.drifted(look, 'abcdefghjkmn', new Date(Date.parse(anew.madeAt ?? '') - 1).toISOString())
    assert.equal((await world.record())?.state, 'ready')
    rmSync(join(world.root, '.quarantine', `${ID}-then`), { recursive: true })
    await world.store.add({ environment: { lock: ID, name: null, look: null } })
    await world.jobs.drifted(look, 'abcdefghjkmn', new Date().toISOString())
    assert.equal((await world.record())?.state, 'quarantined')
    const third = await world.until(owner, 'it is made anew, as a job needs it', stateIs('ready'))
    assert.equal(third.attempt, 3)
  })

  test('that a job’s node did not find is looked at, and is made anew only where it is really gone', async () => {
    const world = await createWorld()
    const gone = { problem: 'There is no environment.', code: 'missing' } as const
    world.script({ look: ['well', gone] })
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    const made = await world.until(owner, 'it is ready', stateIs('ready'))
    await world.store.add({ environment: { lock: ID, name: null, look: null } })
    const before = new Date(Date.parse(made.madeAt ?? '') - 1).toISOString()
    await world.jobs.missed(ID, 'abcdefghjkmn', before)
    assert.equal((await world.record())?.inner.wish, null, 'that run looked before it was made')

    const missed = () => world.jobs.missed(ID, 'abcdefghjkmn', new Date().toISOString())
    await missed()
    assert.equal((await world.record())?.inner.wish?.by, 'job abcdefghjkmn')
    const whole = await world.until(owner, 'it was looked at', record => record?.look !== null)
    assert.deepEqual([whole.state, whole.look?.drift, whole.attempt], ['ready', null, 1])
    await missed()
    assert.equal((await world.record())?.inner.wish, null, 'it was looked at a moment ago')

    const longAgo = new Date(Date.now() - 3_600_000).toISOString()
    await world.materialisations.change('local', ID, current => current && { ...current, at: longAgo })
    await missed()
    const anew = await world.until(
      owner,
      'it is made anew',
      record => stateIs('ready')(record) && record?.attempt === 2,
    )
    assert.equal(anew.look, null)
    assert.deepEqual(world.calls(), ['make', 'look', 'look', 'quarantine', 'make'])
  })

  test('many wishes at once are seen to a few at a time', async () => {
    const world = await createWorld({ atOnce: 2 })
    world.script({ look: ['slow'] })
    const locks = Array.from({ length: 6 }, (_, n) => sha256(`lock ${n}`))
    for (const lock of locks)
      await world.materialisations.change('local', lock, () => ({
        ...asked('local', lock, 'tree', 'ada', '2030-01-01T00:00:00.000Z'),
        state: 'ready',
      }))
    for (const lock of locks) await world.requests.verifyOn('local', lock, 'ada')
    const owner = world.owner()
    let most = 0
    await eventually('each was looked at', async () => {
      await owner.round()
      const records = await world.materialisations.list('local')
      most = Math.max(most, records.filter(({ inner }) => inner.doing !== null).length)
      return records.every(({ look }) => look !== null)
    })
    assert.equal(most, 2)
  })

  test('a program that cannot be started is told as that, and not as one that was started before', async () => {
    const world = await createWorld()
    const directory = join(world.root, '.builds', ID)
    mkdirSync(directory, { recursive: true })
    const start = (run: string) => startRun(world.transport, directory, run, ['true'])
    assert.deepEqual([await start('look-1'), await start('look-1')], ['started', 'known'])
    // As a full disk or a quota would refuse it: a claim that cannot be made, by whomever.
    await assert.rejects(start('no-such-folder/look-1'), {
      code: 'DIRECTORY_REFUSED',
      message: /could not be started in .*: .*no-such-folder\/look-1\.claim/,
    })
  })

  test('a program that leaves its exit code and goes while it is looked for has ended, and is not called gone', async () => {
    const { root, transport } = await createWorld()
    const directory = join(root, '.builds', ID)
    const programs = join(directory, 'bin')
    mkdirSync(programs, { recursive: true })
    const { pid } = spawnSync('true')
    writeFileSync(join(directory, 'look-1.pid'), `${pid} ${hostname()}\n`)
    assert.equal(await aliveRun(transport, directory, 'look-1'), 'gone')
    // The host's name is asked for between the two looks.
    const uname = `#!/bin/sh\necho 0 >'${directory}/look-1.rc'\necho ${hostname()}\n`
    writeFileSync(join(programs, 'uname'), uname, { mode: 0o755 })
    const meanwhile: Transport = {
      ...transport,
      exec: (argv, options) => transport.exec(['env', `PATH=${programs}:${process.env.PATH}`, ...argv], options),
    }
    assert.equal(await aliveRun(meanwhile, directory, 'look-1'), 'ended')
  })

  test('an error of the server’s own is told, and not met again every second', async () => {
    const world = await createWorld()
    await world.requests.wantOn('local', ID, 'ada')
    const owner = world.owner()
    world.onlyHere = null as never
    await owner.round()
    const told = await world.until(owner, 'it is told', record => record?.detail.includes('error of its own') ?? false)
    assert.equal(told.state, 'making')
    assert.ok(told.inner.dueAt > Date.now() + 30_000)
    world.onlyHere = []
    await world.materialisations.change(
      'local',
      ID,
      current => current && { ...current, inner: { ...current.inner, dueAt: 0 } },
    )
    await world.until(owner, 'it is ready', stateIs('ready'))
  })

  test('is never removed while a job that is not over needs it; a dry run says what would go', async () => {
    const world = await createWorld()
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    const job = await world.store.add({ environment: { lock: ID, name: null, look: null } })
    assert.equal((await world.requests.stateOn('local', ID))?.jobs, 1)
    const needed = await world.requests.collectOn('local', { unusedDays: 0, dryRun: false }, 'staff')
    assert.deepEqual(
      needed.items.map(({ outcome, names }) => [outcome, names]),
      [['it stays: a job needs it', ['ml@1']]],
    )
    await assert.rejects(world.requests.cancelOrRemoveOn('local', ID, 'ada'), { code: 'ENVIRONMENT_IN_USE' })
    // A wish that was left before the job came.
    await world.materialisations.change(
      'local',
      ID,
      current =>
        current && {
          ...current,
          inner: { ...current.inner, wish: { kind: 'remove', by: 'ada', at: new Date().toISOString() } },
        },
    )
    await world.until(owner, 'the wish is dropped', record => record?.inner.wish === null)
    assert.equal((await world.record())?.state, 'ready')

    await world.store.jobs.commit(job, { ...job, state: 'cancelled' }, [], null)
    const dry = await world.requests.collectOn('local', { unusedDays: 0, dryRun: true }, 'staff')
    assert.deepEqual([dry.items[0]?.outcome, dry.bytes], ['would be removed', 1000])
    const recent = await world.requests.collectOn('local', { unusedDays: 1, dryRun: false }, 'staff')
    assert.match(recent.items[0]?.outcome ?? '', /^it stays: it was used less than a day ago$/)
    assert.equal((await world.record())?.inner.wish, null)

    await world.requests.collectOn('local', { unusedDays: 0, dryRun: false }, 'staff')
    await world.until(owner, 'it is gone', record => record === null)
    assert.deepEqual(
      [
        existsSync(join(world.root, ID)),
        existsSync(buildOf(world.workDir, ID)),
        readdirSync(join(world.root, '.made')),
      ],
      [false, false, []],
    )
  })

  test('that is wanted while it is being removed is made again after that', async () => {
    const world = await createWorld()
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    await world.requests.cancelOrRemoveOn('local', ID, 'ada')
    await world.until(owner, 'it is being removed', stateIs('removing'))
    assert.equal((await world.jobs.want(ID, jobRecord())).state, 'removing')
    await world.until(owner, 'it is ready', stateIs('ready'))
    assert.deepEqual(world.calls(), ['make', 'remove', 'make'])
  })

  test('is made by a Slurm job where the operator wants that: submitted once, followed, cancelled by its name', async () => {
    const world = await createWorld({ where: { partition: 'shared', cpus: 2, memoryMiB: 1024 } })
    world.jobState = 'PENDING'
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    const waiting = await world.until(
      owner,
      'it waits in Slurm',
      record => record?.detail.includes('Priority') ?? false,
    )
    assert.equal(waiting.detail, 'Its maker waits in Slurm as job 17 (Priority).')
    const [order = assert.fail('nothing was submitted')] = world.orders
    assert.match(order.name, /^tl-env-[0-9a-f]{8}-1$/)
    const script = readFileSync(join(buildOf(world.workDir, ID), 'make.sh'), 'utf8')
    assert.equal(order.files[0]?.sha256, createHash('sha256').update(script).digest('hex'))
    await world.requests.cancelOrRemoveOn('local', ID, 'bob')
    await world.until(owner, 'Slurm was told', () => world.cancelled.length > 0)
    assert.ok(existsSync(join(buildOf(world.workDir, ID), FILES.cancelled)))
    world.jobState = 'CANCELLED'
    await world.until(owner, 'it is cancelled', stateIs('cancelled'))
    assert.deepEqual([new Set(world.cancelled).size, world.cancelled[0], world.orders.length], [1, order.name, 1])

    await world.requests.wantOn('local', ID, 'ada')
    world.jobState = 'RUNNING'
    await world.until(owner, 'it was submitted again', () => world.orders.length === 2)
    assert.ok(!existsSync(join(buildOf(world.workDir, ID), FILES.cancelled)))
    const ran = await world.transport.exec(['bash', join(buildOf(world.workDir, ID), 'make.sh')])
    assert.equal(ran.exitCode, 0, ran.stderr)
    assert.equal((await world.until(owner, 'it is ready', stateIs('ready'))).attempt, 2)
  })

  test('whose server is killed right after sbatch is in Slurm once: the next server asks for the same name', async () => {
    const world = await createWorld({ where: { partition: 'shared' } })
    await world.requests.wantOn('local', ID, 'ada')
    const first = world.owner({ crashAt: 'environment:after-start' })
    await eventually('it is dead', async () => {
      await first.round()
      return first.crashed()
    })
    const second = world.owner()
    await world.until(second, 'it is followed', record => record?.inner.doing?.phase === 'follow')
    const [sent, asked] = world.orders
    assert.deepEqual([sent?.name, sent?.submission, sent?.triedSecondsAgo], [asked?.name, asked?.submission, undefined])
    assert.ok(asked?.triedSecondsAgo !== undefined, 'it is looked up before anything is submitted')
    assert.equal(world.orders.length, 2)
  })

  test('that a server of another version was about to start is started with the script of this one', async () => {
    const world = await createWorld({ where: { partition: 'shared' } })
    await world.requests.wantOn('local', ID, 'ada')
    const first = world.owner({ crashAt: 'environment:after-order' })
    await eventually('it is dead', async () => {
      await first.round()
      return first.crashed()
    })
    const script = join(buildOf(world.workDir, ID), 'make.sh')
    writeFileSync(script, '#!/bin/sh\nof another version\n')
    await world.until(world.owner(), 'it is followed', record => record?.inner.doing?.phase === 'follow')
    const sent = createHash('sha256').update(readFileSync(script)).digest('hex')
    assert.equal(world.orders.at(-1)?.files[0]?.sha256, sent)
  })

  test('that nobody used for as long as the operator says goes of its own accord', async () => {
    const world = await createWorld({ collect: { automatic: true, unusedDays: 30 } })
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    await owner.census()
    assert.equal((await world.record())?.inner.wish, null)
    const lastUsedAt = new Date(Date.now() - 31 * 86_400_000).toISOString()
    await world.materialisations.change(
      'local',
      ID,
      current => current && { ...current, lastUsedAt, madeAt: lastUsedAt },
    )
    await world.jobs.used(ID)
    await owner.census()
    assert.equal((await world.record())?.inner.wish, null, 'a job has just used it')
    await world.materialisations.change(
      'local',
      ID,
      current => current && { ...current, lastUsedAt, madeAt: lastUsedAt },
    )
    await owner.census()
    await world.until(owner, 'it is gone', record => record === null)
  })

  test('a cluster without a network is brought its archives, each once and whole', async () => {
    const world = await createWorld({ archives: 'upload' })
    for (const one of LOCK.conda) {
      const file = join(folder, `archive-${one.name}`)
      writeFileSync(file, one.name)
      world.archives.set(one.sha256, file)
    }
    const owner = world.owner()
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
    const order = JSON.parse(readFileSync(join(buildOf(world.workDir, ID), 'order.json'), 'utf8')) as BuildOrder
    assert.equal(order.offline, true)
    for (const one of LOCK.conda) {
      const file = join(world.root, '.packages/archives', one.sha256, `${one.name}-1.0-0.conda`)
      assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], [one.name, 0o444])
    }
    // What lies there is not fetched again.
    world.archives.clear()
    await world.requests.cancelOrRemoveOn('local', ID, 'ada')
    await world.until(owner, 'it is gone', record => record === null)
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(owner, 'it is ready', stateIs('ready'))
  })

  test('archives of a channel that only this server can read are brought also where the cluster has a network', async () => {
    const world = await createWorld()
    world.onlyHere = ['https://channel.example.org/main']
    for (const one of LOCK.conda) {
      const file = join(folder, `here-${one.name}`)
      writeFileSync(file, one.name)
      world.archives.set(one.sha256, file)
    }
    await world.requests.wantOn('local', ID, 'ada')
    await world.until(world.owner(), 'it is ready', stateIs('ready'))
    assert.equal(readdirSync(join(world.root, '.packages/archives')).length, 2)
    const order = JSON.parse(readFileSync(join(buildOf(world.workDir, ID), 'order.json'), 'utf8')) as BuildOrder
    assert.equal(order.offline, false)
  })

  test('one with packages of a channel that this server takes nothing from is not made', async () => {
    const world = await createWorld()
    world.refused = ['https://elsewhere.example.org/main']
    await world.requests.wantOn('local', ID, 'ada')
    const failed = await world.until(world.owner(), 'it has failed', stateIs('failed'))
    assert.match(failed?.detail ?? '', /^The environment has packages of https:\/\/elsewhere\.example\.org\/main,/)
    assert.ok(!existsSync(join(buildOf(world.workDir, ID), 'order.json')))
  })

  test('one whose lock is not kept any more fails with a sentence and reaches no cluster', async () => {
    const world = await createWorld()
    const other = sha256('another lock')
    await world.requests.wantOn('local', other, 'ada')
    const owner = world.owner()
    const failed = await eventually('it has failed', async () => {
      await owner.round()
      const record = await world.materialisations.read('local', other)
      return record?.state === 'failed' && record
    })
    assert.match(failed.detail, /^Its lock is not kept on this server any more/)
    assert.deepEqual(world.calls(), [])
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') !== true
  } catch {
    return false
  }
}

function releaseIn(folder: string): WorkerRelease {
  const directory = join(folder, 'release')
  mkdirSync(directory)
  writeFileSync(join(directory, 'environment.mjs'), MAKER)
  const files = [{ path: 'environment.mjs', sha256: sha256(MAKER), bytes: MAKER.length }]
  const manifest = JSON.stringify({ files })
  return { id: sha256(manifest), directory, manifest, files }
}
