// Many jobs through the runner to a real Slurm over a real sshd, with a real Redis: how few remote steps that takes, in which
// order they go, and that one job's trouble is its own. They are held in Slurm, so nothing runs.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobState } from '@trotline/contracts'
import { createSlurmScheduler, createSsh2Transport, SlurmError, type Transport } from '@trotline/slurm'
import type { ClusterAccess, IdentityAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { jobDirectoryOf, slurmNameOf } from '../../apps/orchestrator/src/clusters/layout.ts'
import type { WorkerRelease } from '../../apps/orchestrator/src/clusters/release.ts'
import type { StageContext } from '../../apps/orchestrator/src/lifecycle/context.ts'
import { survive } from '../../apps/orchestrator/src/lifecycle/crash-points.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { createRunner, type Runner } from '../../apps/orchestrator/src/lifecycle/runner.ts'
import { createLease } from '../../apps/orchestrator/src/store/lease.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { clusterSettings, request, sha256 } from '../support/job-records.ts'
import { NO_ENVIRONMENTS } from '../support/no-environments.ts'
import { createRedisRig, type RedisRig, type Store, silent } from '../support/orchestrator-store.ts'

interface World {
  store: Store
  runner: Runner
  context: StageContext
  /** The remote steps so far: bring-jobs, submit-once, sha256sum ... */
  steps: string[]
  /** Called before the step of this name runs, once. */
  before(step: string, then: () => void | Promise<void>): void
  /** The answer of the next step of this name is lost on the way. */
  loseAnswer(step: string, afterLines?: number): void
  paused: { by: string; since: string; why: string } | null
  /** As many submissions as the ceilings let through at a time. */
  ceiling: number
  /** As many jobs as the site takes; one more is answered as Slurm's refusal is. */
  siteTakes: number
  /** How many orders were answered so. */
  limited: number
  /** The server's clock. */
  clock(): number
  /** The jobs whose records the runner has read so far. */
  reads: string[]
  /** Stored as a POST stores them, in this order; not nudged yet. */
  add(count: number, over?: (i: number) => Partial<JobRecord>): Promise<JobRecord[]>
  inState(state: JobState, jobs: readonly JobRecord[]): Promise<JobRecord[]>
  path(job: JobRecord, file: string): string
}

describe('submitting many jobs', () => {
  let cluster: LocalCluster
  let rig: RedisRig
  let folder = ''
  const ends: (() => Promise<void>)[] = []
  before(async () => {
    ;[cluster, rig] = await Promise.all([sharedCluster(), createRedisRig()])
    folder = mkdtempSync(join(tmpdir(), 'trotline-batches-'))
    chmodSync(folder, 0o755)
  })
  after(async () => {
    for (const end of ends) await end()
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function createWorld(): Promise<World> {
    const workDir = mkdtempSync(join(folder, 'work-'))
    chmodSync(workDir, 0o755)
    const store = await rig.open()
    const lease = createLease(store.redis, store.keys, 'local')
    await lease.hold()
    const { user, ...ssh } = cluster.ssh
    const real = createSsh2Transport({ ...ssh, username: user })
    const steps: string[] = []
    const jobs: JobRecord[] = []
    const hooks = new Map<string, () => void | Promise<void>>()
    /** How many lines of a step's answer arrive before it is lost. */
    const lost = new Map<string, number>()
    const transport: Transport = {
      exec: async (argv, options) => {
        const step =
          argv.find(word => /^(bring-jobs|submit-(once|many)|make-shared|sha256sum)$/.test(word)) ?? argv[0] ?? ''
        steps.push(step)
        const hook = hooks.get(step)
        hooks.delete(step)
        await hook?.()
        const linesLeft = lost.get(step) ?? Number.POSITIVE_INFINITY
        let lines = 0
        const onLine = (line: string): void => {
          lines += 1
          if (lines <= linesLeft) options?.onLine?.(line)
        }
        const result = await real.exec(argv, { ...options, onLine })
        if (lost.delete(step)) throw new SlurmError('SSH_LOST')
        return result
      },
      put: (path, content, options) => real.put(path, content, options),
      readAt: (path, offset, length) => real.readAt(path, offset, length),
      health: real.health,
      connect: () => real.connect(),
      close: () => real.close(),
    }
    const scheduler = createSlurmScheduler({ transport, user })
    const access: IdentityAccess = {
      name: 'default',
      unixUser: user,
      transport,
      scheduler: {
        ...scheduler,
        async submitMany(orders, onSubmitted) {
          const fitting = orders.slice(0, world.siteTakes)
          world.siteTakes -= fitting.length
          world.limited += orders.length - fitting.length
          const taken = fitting.length > 0 ? await scheduler.submitMany(fitting, onSubmitted) : []
          const refused = { kind: 'limited', limit: 'QOSMaxSubmitJobPerUserLimit', message: 'no more for now' } as const
          return [...taken, ...orders.slice(fitting.length).map(() => refused)]
        },
      },
      reserveSubmissions: async count => Math.min(count, world.ceiling),
    }
    const context: StageContext = {
      cluster: {
        settings: clusterSettings({
          workDir,
          identities: [{ name: 'default', unixUser: user, privateKeyFile: '/nowhere' }],
        }),
        identity: () => access,
        service: () => access,
        used: () => [access],
        paused: async () => world.paused,
        close: async () => {},
      } satisfies ClusterAccess,
      releases: { plain: madeUpRelease('a worker'), withTensorLibrary: madeUpRelease('a larger worker') },
      queue: null,
      jobs: {
        ...store.jobs,
        read(id) {
          world.reads.push(id)
          return store.jobs.read(id)
        },
      },
      epochs: store.epochs,
      environments: NO_ENVIRONMENTS,
      recordClaim: async () => false,
      lease: () => ({ cluster: 'local', value: lease.value ?? assert.fail('the lease has ended') }),
      crash: survive,
      log: silent,
      now: () => new Date(world.clock()),
    }
    const renewing = setInterval(() => void lease.hold().catch(() => undefined), 3_000)
    const runner = createRunner(context, silent)
    const world: World = {
      store,
      runner,
      context,
      steps,
      before: (step, then) => void hooks.set(step, then),
      loseAnswer: (step, afterLines = 0) => void lost.set(step, afterLines),
      paused: null,
      ceiling: Number.POSITIVE_INFINITY,
      siteTakes: Number.POSITIVE_INFINITY,
      limited: 0,
      clock: Date.now,
      reads: [],
      async add(count, over = () => ({})) {
        const firstMs = Date.now() - count
        for (let i = 0; i < count; i++) {
          const createdAt = new Date(firstMs + i).toISOString()
          const held = request({ hold: true, memoryMiB: 64 })
          const identity = { name: 'default', unixUser: user }
          jobs.push(await store.add({ createdAt, identity, request: held, ...over(i) }, { dueAt: firstMs }))
        }
        return jobs.slice(-count)
      },
      async inState(state, jobs) {
        const now = await Promise.all(jobs.map(({ id }) => store.jobs.read(id)))
        return now.filter(job => job.state === state)
      },
      path: (job, file) => join(jobDirectoryOf(workDir, user, job.id), file),
    }
    ends.push(async () => {
      clearInterval(renewing)
      await runner.stop()
      // Other files share the cluster: only what this one has made.
      const names = jobs.map(job => slurmNameOf(job.id, 1))
      if (names.length > 0) await slurm(cluster, ['scancel', `--name=${names.join(',')}`]).catch(() => '')
      await real.close()
    })
    return world
  }

  function madeUpRelease(worker: string): WorkerRelease {
    const files = [{ path: 'worker.mjs', sha256: sha256(worker), bytes: worker.length }]
    const manifest = JSON.stringify({ files })
    const directory = mkdtempSync(join(folder, 'release-'))
    writeFileSync(join(directory, 'worker.mjs'), worker)
    return { id: sha256(manifest), directory, files, manifest }
  }

  const all = (world: World, jobs: readonly JobRecord[], state: JobState) =>
    eventually(
      `${jobs.length} jobs are ${state}`,
      async () => {
        const there = await world.inState(state, jobs)
        return there.length === jobs.length ? there : null
      },
      180_000,
    )
  const nudgeAll = (world: World, jobs: readonly JobRecord[]): void => {
    for (const { id } of jobs) world.runner.nudge(id)
  }
  const allLimited = (world: World, jobs: readonly JobRecord[]) =>
    eventually('all wait for the site', async () => {
      const prepared = await world.inState('prepared', jobs)
      return prepared.filter(job => job.trying?.code === 'SITE_LIMIT').length === jobs.length
    })
  const namesInSlurm = async (jobs: readonly JobRecord[]): Promise<string[]> => {
    const names = jobs.map(job => slurmNameOf(job.id, 1))
    const listed = await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%A %j'])
    const rows = listed.split('\n').map(line => line.split(' '))
    return rows
      .filter(([, name = '']) => names.includes(name))
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([, name = '']) => name)
  }

  test('100 jobs take a handful of remote steps, and stand in Slurm in the order in which they were accepted', async () => {
    const world = await createWorld()
    const jobs = await world.add(100)
    nudgeAll(world, jobs)
    await all(world, jobs, 'pending')
    assert.deepEqual(
      await namesInSlurm(jobs),
      jobs.map(job => slurmNameOf(job.id, 1)),
    )
    const count = (step: string): number => world.steps.filter(one => one === step).length
    assert.ok(count('bring-jobs') <= 3, world.steps.join(' '))
    assert.ok(world.steps.length <= 12, world.steps.join(' '))
  })

  test('a job that comes alone goes at once', async () => {
    const world = await createWorld()
    const [first] = await world.add(1)
    world.runner.nudge(first?.id ?? '')
    await all(world, [first ?? assert.fail()], 'pending')
    const jobs = await world.add(1)
    nudgeAll(world, jobs)
    await all(world, jobs, 'pending')
    assert.deepEqual(world.steps.slice(-2), ['bring-jobs', 'submit-once'])
  })

  test('the tensor library comes to the cluster with the first job that needs it, and each job runs the release that it needs', async () => {
    const world = await createWorld()
    const { plain, withTensorLibrary } = world.context.releases
    const releases = join(world.context.cluster.settings.workDir, 'releases')
    const first = await world.add(1)
    nudgeAll(world, first)
    await all(world, first, 'pending')
    assert.deepEqual(readdirSync(releases), [plain.id])

    const training = { kind: 'preset', preset: 'auto-mpg', backend: 'wasm' } as const
    const jobs = await world.add(4, i => (i % 2 === 0 ? {} : { request: request({ hold: true }, { training }) }))
    nudgeAll(world, jobs)
    const submitted = await all(world, jobs, 'pending')
    assert.deepEqual(readdirSync(releases).toSorted(), [plain.id, withTensorLibrary.id].toSorted())
    for (const [i, job] of submitted.entries()) {
      const { id } = i % 2 === 0 ? plain : withTensorLibrary
      assert.equal(job.worker?.release, id)
      assert.ok(readFileSync(world.path(job, 'script.sh'), 'utf8').includes(`${releases}/${id}/worker.mjs`))
    }
  })

  test('a release that cannot be brought holds no job of the other', async () => {
    const world = await createWorld()
    const { withTensorLibrary } = world.context.releases
    const gone = { ...withTensorLibrary, id: 'e'.repeat(64), directory: '/nowhere' }
    Object.assign(world.context, { releases: { ...world.context.releases, withTensorLibrary: gone } })
    const training = { kind: 'preset', preset: 'auto-mpg', backend: 'wasm' } as const
    const jobs = await world.add(4, i => (i % 2 === 0 ? {} : { request: request({ hold: true }, { training }) }))
    nudgeAll(world, jobs)
    await all(
      world,
      jobs.filter((_, i) => i % 2 === 0),
      'pending',
    )
    for (const job of jobs.filter((_, i) => i % 2 === 1)) {
      const { state, trying } = await eventually('its try has failed', async () => {
        const now = await world.store.jobs.read(job.id)
        return now.trying !== null && now
      })
      assert.deepEqual([state, trying?.stage], ['accepted', 'prepare'])
    }
  })

  test('a job that Slurm refuses, one that was cancelled, a damaged one and an unreadable one keep no other back', async () => {
    const world = await createWorld()
    const jobs = await world.add(12, i => (i === 3 ? { request: request({ hold: true, constraint: 'nosuch' }) } : {}))
    const [, , damaged, refused, wishedAway, unreadable] = jobs
    assert.ok(damaged && refused && wishedAway && unreadable)
    await world.store.jobs.commit(wishedAway, { ...wishedAway, cancelRequestedAt: new Date().toISOString() }, [], null)
    await world.store.redis.hset(world.store.keys.job(unreadable.id), 'record', '{}')
    world.before('submit-once', () => writeFileSync(world.path(damaged, 'script.sh'), 'not what was sent'))
    nudgeAll(world, jobs)
    const rest = jobs.filter(job => ![refused, wishedAway, unreadable].includes(job))
    await all(world, rest, 'pending')
    const [failed] = await all(world, [refused], 'failed')
    assert.equal(failed?.failure?.reason, 'submission-refused')
    await all(world, [wishedAway], 'cancelled')
    assert.deepEqual((await namesInSlurm(jobs)).toSorted(), rest.map(job => slurmNameOf(job.id, 1)).toSorted())
  })

  test('a record that changes while its batch is under way is looked at again, and no other job is', async () => {
    const world = await createWorld()
    const jobs = await world.add(5)
    const [, changed] = jobs
    assert.ok(changed)
    world.before('bring-jobs', async () => {
      const now = await world.store.jobs.read(changed.id)
      await world.store.jobs.commit(now, { ...now, cancelRequestedAt: new Date().toISOString() }, [], null)
    })
    nudgeAll(world, jobs)
    await all(world, [changed], 'cancelled')
    const others = jobs.filter(job => job !== changed)
    await all(world, others, 'pending')
    assert.deepEqual((await namesInSlurm(jobs)).toSorted(), others.map(job => slurmNameOf(job.id, 1)).toSorted())
  })

  for (const step of ['bring-jobs', 'submit-once']) {
    test(`when the answer of ${step} is lost, every job of the batch says so and stands in Slurm once`, async () => {
      const world = await createWorld()
      const jobs = await world.add(8)
      world.loseAnswer(step)
      nudgeAll(world, jobs)
      await all(world, jobs, 'pending')
      assert.deepEqual((await namesInSlurm(jobs)).toSorted(), jobs.map(job => slurmNameOf(job.id, 1)).toSorted())
      const events = await Promise.all(jobs.map(({ id }) => world.store.jobs.eventsAfter(id, 0, 100)))
      const tries = events.map(({ events: of }) => of.filter(({ event }) => event.type === 'trying').length)
      assert.ok(tries.some(count => count === 1) && tries.every(count => count <= 1), tries.join(' '))
    })
  }

  test('what was told of a batch before the connection was lost stands; the others are looked up', async () => {
    const world = await createWorld()
    const jobs = await world.add(8)
    world.loseAnswer('submit-once', 4)
    nudgeAll(world, jobs)
    await all(world, jobs, 'pending')
    const events = await Promise.all(jobs.map(({ id }) => world.store.jobs.eventsAfter(id, 0, 100)))
    const losses = events.map(
      ({ events: of }) => of.filter(({ event }) => /SSH_LOST/.test(JSON.stringify(event))).length,
    )
    assert.deepEqual(losses, [0, 0, 0, 0, 1, 1, 1, 1])
    assert.deepEqual(
      await namesInSlurm(jobs),
      jobs.map(job => slurmNameOf(job.id, 1)),
    )
  })

  test('jobs whose directories were lost with the answer wait out what may be on its way, are brought again, and found', async () => {
    const world = await createWorld()
    const jobs = await world.add(3)
    const [first] = jobs
    assert.ok(first)
    nudgeAll(world, [first])
    await all(world, [first], 'pending')
    const others = jobs.slice(1)
    const gone = () => {
      for (const job of jobs) rmSync(world.path(job, '.'), { recursive: true })
    }
    world.before('submit-once', () => {
      world.loseAnswer('submit-once')
      world.before('submit-once', gone)
    })
    nudgeAll(world, others)
    await eventually('the others wait', async () => {
      const prepared = await world.inState('prepared', others)
      return prepared.length === 2 && prepared.every(({ inner }) => (inner.dueAt ?? 0) > Date.now() + 60_000)
    })
    const brought = world.steps.filter(step => step === 'bring-jobs').length
    world.clock = () => Date.now() + 600_000
    nudgeAll(world, others)
    const found = await all(world, others, 'pending')
    assert.ok(world.steps.filter(step => step === 'bring-jobs').length > brought)
    assert.deepEqual(
      await namesInSlurm(jobs),
      jobs.map(job => slurmNameOf(job.id, 1)),
    )
    for (const { id } of found) {
      const { events } = await world.store.jobs.eventsAfter(id, 0, 100)
      assert.match(JSON.stringify(events.at(-1)), /\(found\)/)
    }
  })

  test('a step that could not be reached leaves nothing to look up; one whose answer was lost does', async () => {
    const world = await createWorld()
    const jobs = await world.add(3)
    // Whatever the ladder says, they are due when they are nudged.
    let aheadMs = 0
    const due = (): void => {
      aheadMs += 60_000
      world.clock = () => Date.now() + aheadMs
      nudgeAll(world, jobs)
    }
    for (const [code, mayBeInSlurm] of [
      ['SSH_UNREACHABLE', false],
      ['SSH_LOST', true],
    ] as const) {
      const fails = (): never => {
        world.before('submit-once', fails)
        throw new SlurmError(code)
      }
      world.before('submit-once', fails)
      due()
      await eventually(`all have met ${code}`, async () => {
        const prepared = await world.inState('prepared', jobs)
        const met = prepared.filter(({ trying, inner }) => {
          return trying?.code === code && (inner.submitIntentAt !== null) === mayBeInSlurm
        })
        return met.length === jobs.length
      })
    }
    world.before('submit-once', () => {})
    due()
    await all(world, jobs, 'pending')
    assert.deepEqual((await namesInSlurm(jobs)).toSorted(), jobs.map(job => slurmNameOf(job.id, 1)).toSorted())
  })

  test('while the cluster is paused jobs are prepared and not submitted, and say by whom; then all go in', async () => {
    const world = await createWorld()
    world.paused = { by: 'Staff', since: '2030-01-02T03:04:05.000Z', why: 'maintenance' }
    const jobs = await world.add(10)
    nudgeAll(world, jobs)
    const waiting = await eventually('all say that they wait', async () => {
      const prepared = await world.inState('prepared', jobs)
      return prepared.filter(job => job.trying?.code === 'CLUSTER_PAUSED').length === jobs.length ? prepared : null
    })
    assert.match(waiting[0]?.trying?.detail ?? '', /paused by Staff since .*maintenance/)
    assert.deepEqual([waiting[0]?.hold, await namesInSlurm(jobs)], [null, []])
    const { revision } = waiting[0] ?? assert.fail()
    world.paused = null
    const gone = await all(world, jobs, 'pending')
    assert.ok((gone[0]?.revision ?? 0) <= revision + 2, 'no further tries were recorded meanwhile')
    assert.deepEqual(
      await namesInSlurm(jobs),
      jobs.map(job => slurmNameOf(job.id, 1)),
    )
  })

  test('300 jobs that the site has no room for are told why once, cost a handful of tries, and drip in in order', async () => {
    const world = await createWorld()
    world.siteTakes = 4
    const jobs = await world.add(300)
    nudgeAll(world, jobs)
    const waiting = await eventually('all others say what they wait for', async () => {
      const prepared = await world.inState('prepared', jobs)
      return prepared.filter(job => job.trying?.code === 'SITE_LIMIT').length === 296 ? prepared : null
    })
    assert.match(waiting[0]?.trying?.detail ?? '', /QOSMaxSubmitJobPerUserLimit.*waits in our queue/)
    assert.ok(waiting.every(job => job.hold === null))
    assert.ok(
      waiting.every(job => job.inner.submitIntentAt === null),
      'Slurm has none of them: there is nothing to look up',
    )
    assert.ok(world.limited <= 200, `${world.limited} orders were limited`)
    const before = world.limited
    await sleep(12_000)
    assert.ok(world.limited - before <= 2, 'while there is no room one job looks for it, ever less often')

    world.siteTakes = 20
    const gone = new Set(jobs.slice(0, 24))
    await all(world, [...gone], 'pending')
    assert.deepEqual(
      await namesInSlurm(jobs),
      [...gone].map(job => slurmNameOf(job.id, 1)),
    )
    const last = await world.store.jobs.eventsAfter(jobs.at(-1)?.id ?? '', 0, 100)
    assert.equal(last.events.filter(({ event }) => event.type === 'trying').length, 1)
  })

  test('a job that leaves Slurm makes room at once', async () => {
    const world = await createWorld()
    world.siteTakes = 1
    const jobs = await world.add(3)
    const [first, second] = jobs
    assert.ok(first && second)
    nudgeAll(world, jobs)
    await eventually('two wait', async () => {
      const prepared = await world.inState('prepared', jobs)
      return prepared.filter(job => job.trying !== null).length === 2
    })
    world.siteTakes = 1
    const pending = await world.store.jobs.read(first.id)
    const ending = { state: 'CANCELLED', exitCode: null, evidence: [], at: new Date().toISOString() }
    const over = machine.over(pending, ending.at, ending, pending.slurm)
    await world.store.jobs.commit(pending, over.next, over.events, null)
    // The clock stands still, so the next look by itself never comes.
    const stoppedMs = Date.now()
    world.clock = () => stoppedMs
    world.runner.nudge(first.id)
    await all(world, [second], 'pending')
  })

  test('a job that is held while it waits for the site keeps none behind it waiting', async () => {
    const world = await createWorld()
    world.siteTakes = 0
    const jobs = await world.add(2)
    const [first, second] = jobs
    assert.ok(first && second)
    nudgeAll(world, jobs)
    await allLimited(world, jobs)
    const now = await world.store.jobs.read(first.id)
    const hold = { stage: 'submit', code: 'BUG', detail: 'x', since: now.createdAt } as const
    await world.store.jobs.commit(now, { ...now, hold, inner: { ...now.inner, dueAt: null } }, [], null)
    world.siteTakes = 1
    await all(world, [second], 'pending')
  })

  test('jobs that are cancelled while they wait for the site leave the line', async () => {
    const world = await createWorld()
    world.siteTakes = 0
    const jobs = await world.add(4)
    nudgeAll(world, jobs)
    await allLimited(world, jobs)
    const wishedAway = jobs.slice(1, 3)
    for (const { id } of wishedAway) {
      const now = await world.store.jobs.read(id)
      const cancelRequestedAt = new Date().toISOString()
      const inner = { ...now.inner, dueAt: Date.now() }
      await world.store.jobs.commit(now, { ...now, cancelRequestedAt, inner }, [], null)
      world.runner.nudge(id)
    }
    await all(world, wishedAway, 'cancelled')
    await eventually('they are sealed', async () =>
      (await world.inState('cancelled', wishedAway)).every(({ inner }) => inner.dueAt === null),
    )
    const before = world.reads.length
    world.siteTakes = 2
    await all(world, [jobs[0] ?? assert.fail(), jobs[3] ?? assert.fail()], 'pending')
    const reads = world.reads.slice(before)
    assert.ok(!wishedAway.some(({ id }) => reads.includes(id)), 'nobody comes to their turn any more')
  })

  test('a runner that takes over finds those that waited for the site, whenever they were due', async () => {
    const world = await createWorld()
    world.siteTakes = 0
    const jobs = await world.add(5)
    nudgeAll(world, jobs)
    await allLimited(world, jobs)
    await world.runner.stop()
    world.siteTakes = Number.POSITIVE_INFINITY
    const next = createRunner(world.context, silent)
    try {
      await all(world, jobs, 'pending')
    } finally {
      await next.stop()
    }
  })

  test('what a ceiling lets through goes, and the rest follows in order', async () => {
    const world = await createWorld()
    world.ceiling = 3
    const jobs = await world.add(10)
    nudgeAll(world, jobs)
    await all(world, jobs, 'pending')
    assert.deepEqual(
      await namesInSlurm(jobs),
      jobs.map(job => slurmNameOf(job.id, 1)),
    )
  })
})
