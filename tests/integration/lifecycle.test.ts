// Watching, finishing and advancing jobs over a real Redis and real job directories (local transport), with a Slurm that the test
// moves by hand: lost jobs, silent accounting and refused keys cannot be ordered from a real one. The fake passes
// tests/conformance/scheduler.ts, as the real scheduler does; that the whole works on a real Slurm is proved by the e2e stories.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type EpochLine, Job, type RunResult, WORKER_EXIT } from '@trotline/contracts'
import { createLocalTransport, type ExitCode, SlurmError, type SlurmFacts } from '@trotline/slurm'
import type { ClusterAccess, IdentityAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { jobDirectoryOf, slurmNameOf } from '../../apps/orchestrator/src/clusters/layout.ts'
import type { WorkerRelease } from '../../apps/orchestrator/src/clusters/release.ts'
import { advance } from '../../apps/orchestrator/src/lifecycle/advance.ts'
import type { StageContext } from '../../apps/orchestrator/src/lifecycle/context.ts'
import { type CrashPoint, survive } from '../../apps/orchestrator/src/lifecycle/crash-points.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { LEAST_DOUBT_MS, TICKS_TO_SETTLE } from '../../apps/orchestrator/src/lifecycle/observe.ts'
import { watch } from '../../apps/orchestrator/src/lifecycle/watch.ts'
import { createLease, RENEW_EVERY_MS } from '../../apps/orchestrator/src/store/lease.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { AT, clusterSettings, epochsOf, runResult, slurmView } from '../support/job-records.ts'
import { NO_ENVIRONMENTS } from '../support/no-environments.ts'
import { createRedisRig, type RedisRig, type Store, silent } from '../support/orchestrator-store.ts'
import { ScriptedSlurm } from '../support/scripted-scheduler.ts'

const NO_RELEASE: WorkerRelease = { id: 'f'.repeat(64), directory: '/nowhere', files: [], manifest: '' }
/** As long as the settings' resultPatienceMs. */
const FILES_HIDE_MS = 120_000

interface World {
  store: Store
  context: StageContext
  slurm: ScriptedSlurm
  pass(ms: number): void
  /** A job that Slurm has taken, seen in this state. */
  taken(over?: Partial<JobRecord>, inner?: Partial<JobRecord['inner']>): Promise<JobRecord>
  directory(job: JobRecord): string
  write(job: JobRecord, path: string, text: string): void
  result(job: JobRecord, over?: Partial<RunResult>): void
  epochs(job: JobRecord, first: number, last: number): void
  /** Advances until nothing moves. */
  settle(job: JobRecord): Promise<Job>
}

describe('the life of a job', () => {
  const workDir = mkdtempSync(join(tmpdir(), 'trotline-life-'))
  const transport = createLocalTransport()
  let rig: RedisRig
  const renewing: NodeJS.Timeout[] = []
  before(async () => {
    rig = await createRedisRig()
  })
  after(async () => {
    for (const timer of renewing) clearInterval(timer)
    await rig.close()
    await transport.close()
    rmSync(workDir, { recursive: true, force: true })
  })

  async function createWorld(): Promise<World> {
    const store = await rig.open()
    const lease = createLease(store.redis, store.keys, 'local')
    await lease.hold()
    renewing.push(setInterval(() => void lease.hold().catch(() => undefined), RENEW_EVERY_MS))
    let nowMs = Date.parse(AT)
    const slurm = new ScriptedSlurm(() => new Date(nowMs))
    const settings = clusterSettings({
      workDir,
      identities: ['default', 'other'].map(name => ({ name, unixUser: name, privateKeyFile: '/nowhere' })),
    })
    const identities = new Map<string, IdentityAccess>()
    const world: World = {
      store,
      slurm,
      pass: ms => {
        nowMs += ms
      },
      context: {
        cluster: {
          settings,
          identity: (name: string) => {
            const access = identities.get(name) ?? {
              name,
              unixUser: name,
              transport,
              scheduler: slurm.schedulerOf(name),
              reserveSubmissions: async (count: number) => count,
            }
            identities.set(name, access)
            return access
          },
          service: () => assert.fail('not used here'),
          used: () => [],
          paused: async () => null,
          close: async () => {},
        } satisfies ClusterAccess,
        releases: { plain: NO_RELEASE, withTensorLibrary: NO_RELEASE },
        queue: null,
        jobs: store.jobs,
        epochs: store.epochs,
        environments: NO_ENVIRONMENTS,
        recordClaim: async () => assert.fail('no run left a look at its node'),
        lease: () => ({ cluster: 'local', value: lease.value ?? assert.fail('the lease has ended') }),
        crash: survive,
        log: silent,
        now: () => new Date(nowMs),
      },
      async taken(over = {}, inner = {}) {
        const job = await store.add(
          { state: 'running', identity: { name: 'default', unixUser: 'default' }, ...over },
          { dueAt: null, submitIntentAt: AT, ...inner },
        )
        const view = slurmView({ name: slurmNameOf(job.id, 1), state: job.state.toUpperCase() })
        const next = { ...job, slurm: view }
        mkdirSync(world.directory(job), { recursive: true })
        return store.jobs.commit(job, next, [], null)
      },
      directory: job => jobDirectoryOf(workDir, job.identity.unixUser, job.id),
      write(job, path, text) {
        const file = join(world.directory(job), path)
        mkdirSync(join(file, '..'), { recursive: true })
        writeFileSync(file, text)
      },
      result(job, over = {}) {
        world.write(job, 'runs/1-0/result.json', JSON.stringify(runResult({ jobId: job.id, ...over })))
      },
      epochs(job, first, last) {
        const lines = epochsOf('1-0', first, last).map(({ run: _, attempt: __, ...line }): EpochLine => line)
        world.write(job, 'runs/1-0/epochs.jsonl', lines.map(line => `${JSON.stringify(line)}\n`).join(''))
      },
      async settle(job) {
        for (let i = 0; i < 10; i++) if (!(await advance(job.id, world.context)).moved) break
        const { events } = await store.jobs.eventsAfter(job.id, 0, 1_000)
        for (const { event } of events)
          assert.ok(
            event.type !== 'state' || event.from === null || event.evidence.length > 0,
            `${JSON.stringify(event)} tells what it was concluded from`,
          )
        return Job.parse(await store.jobs.view(job.id))
      },
    }

    return world
  }

  /** Slurm has the job, in this state. Answers Slurm's id. */
  function has(world: World, job: JobRecord, word: string, exitCode?: ExitCode): string {
    const id = world.slurm.submit(job.identity.unixUser, slurmNameOf(job.id, job.submission))
    world.slurm.become(id, word, exitCode)
    return id
  }
  /** scontrol says this of the cluster. */
  function siteHas(world: World, facts: Partial<SlurmFacts>): void {
    const access = world.context.cluster.identity('default')
    const { scheduler } = access
    Object.assign(access, {
      scheduler: { ...scheduler, facts: async () => ({ ...(await scheduler.facts()), ...facts }) },
    })
  }
  /** Whatever came until the point stands, and nothing after it happens: as if the server had died there. */
  async function dieAt(world: World, job: JobRecord, point: CrashPoint): Promise<void> {
    world.context.crash = passed => {
      if (passed === point) throw new SlurmError('SSH_CLOSED')
    }
    await assert.rejects(advance(job.id, world.context), (error: SlurmError) => error.code === 'SSH_CLOSED')
    world.context.crash = survive
  }
  const read = (world: World, job: JobRecord): Promise<JobRecord> => world.store.jobs.read(job.id)
  const eventTypes = async (world: World, job: JobRecord): Promise<string[]> =>
    (await world.store.jobs.eventsAfter(job.id, 0, 100)).events.map(({ event }) => event.type)

  describe('watched', () => {
    test('a tick in which nothing is new writes nothing', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      has(world, job, 'PENDING')
      await watch(world.context)
      const { revision } = await read(world, job)
      await watch(world.context)
      assert.equal((await read(world, job)).revision, revision)
    })

    test('a job that Slurm runs is running, with its run', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      has(world, job, 'RUNNING')
      assert.deepEqual(await watch(world.context), { live: 1, due: [] })
      const now = await read(world, job)
      assert.deepEqual([now.state, now.runs.map(({ run }) => run)], ['running', ['1-0']])
    })

    test('a state word that nobody has seen before is noted once and ends nothing', async () => {
      const world = await createWorld()
      const job = await world.taken()
      has(world, job, 'LEVITATING')
      for (let i = 0; i < 3; i++) await watch(world.context)
      const now = await read(world, job)
      assert.deepEqual([now.state, now.notes.length], ['running', 1])
      assert.match(now.notes[0]?.text ?? '', /LEVITATING/)
    })

    test('a job that is over for Slurm is due to be finished', async () => {
      const world = await createWorld()
      const job = await world.taken()
      has(world, job, 'COMPLETED')
      assert.deepEqual((await watch(world.context)).due, [job.id])
      const now = await read(world, job)
      assert.deepEqual([now.state, now.slurm?.source, now.slurm?.exitCode], ['finishing', 'sacct', '0:0'])
    })

    for (const mood of ['lags', 'away'] as const) {
      test(`an end that accounting cannot tell yet (it ${mood === 'lags' ? 'lags' : 'is away'}) is waited for, and then has its exit code`, async () => {
        const world = await createWorld()
        const job = await world.taken()
        const slurmJobId = has(world, job, 'RUNNING')
        world.slurm.accounting = mood
        world.slurm.become(slurmJobId, 'FAILED', { code: 3, signal: 0 })
        assert.deepEqual((await watch(world.context)).due, [])
        assert.equal((await read(world, job)).state, 'running')
        world.slurm.accounting = 'on'
        assert.deepEqual((await watch(world.context)).due, [job.id])
        assert.deepEqual((await read(world, job)).slurm?.exitCode, '3:0')
      })
    }

    test('where squeue has another word for the end than accounting, it is waited for, and then squeue’s word counts', async () => {
      const world = await createWorld()
      const job = await world.taken()
      const slurmJobId = has(world, job, 'NODE_FAIL')
      // slurmdbd closed it by itself, or knows of its earlier start only.
      world.slurm.accounting = 'lags'
      world.slurm.become(slurmJobId, 'CANCELLED')
      assert.deepEqual((await watch(world.context)).due, [])
      for (let tick = 1; tick < TICKS_TO_SETTLE; tick++) {
        world.pass(LEAST_DOUBT_MS)
        await watch(world.context)
      }
      const { slurm, inner } = await read(world, job)
      assert.deepEqual([slurm?.state, inner.ending?.state], ['CANCELLED', 'CANCELLED'])
      assert.ok(inner.ending?.evidence.some(line => /^sacct: .*NODE_FAIL/.test(line)))
    })

    test('while squeue cannot be asked no record changes', async () => {
      const world = await createWorld()
      const job = await world.taken()
      world.slurm.fail('default', 'SSH_LOST')
      await assert.rejects(watch(world.context), (error: SlurmError) => error.code === 'SSH_LOST')
      assert.deepEqual(await read(world, job), job)
    })

    for (const refused of ['default', 'other']) {
      test(`an identity whose key is refused (${refused}) does not blind us to the jobs of another`, async () => {
        const world = await createWorld()
        const jobs: JobRecord[] = []
        for (const name of ['default', 'other']) {
          jobs.push(await world.taken({ identity: { name, unixUser: name } }))
        }
        for (const job of jobs) has(world, job, 'COMPLETED')
        world.slurm.fail(refused, 'SSH_AUTH')
        await assert.rejects(watch(world.context), (error: SlurmError) => error.code === 'SSH_AUTH')
        for (const job of jobs) {
          assert.equal((await read(world, job)).state, job.identity.name === refused ? 'running' : 'finishing')
        }
      })
    }

    test('a record that cannot be read does not stop the others', async () => {
      const world = await createWorld()
      const [bad, good] = [await world.taken(), await world.taken()]
      await world.store.redis.hset(world.store.keys.job(bad.id), 'record', '{}')
      has(world, good, 'COMPLETED')
      assert.deepEqual((await watch(world.context)).due, [good.id])
    })

    test('a job that both have forgotten before it ran is submitted again under the next number', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      await watch(world.context)
      await watch(world.context)
      await watch(world.context)
      assert.equal((await read(world, job)).state, 'pending', 'three answers within a moment are one')
      world.pass(LEAST_DOUBT_MS)
      await watch(world.context)
      assert.equal((await read(world, job)).state, 'pending', 'a fence may stay invisible for longer')
      world.pass(FILES_HIDE_MS)
      assert.deepEqual((await watch(world.context)).due, [job.id])
      const now = await read(world, job)
      assert.deepEqual([now.state, now.submission, now.inner.submitIntentAt], ['prepared', 2, null])
      assert.deepEqual(
        now.submissions.map(({ cause }) => cause),
        ['request', 'forgotten'],
      )
    })

    test('an earlier submission that Slurm remembers again is cancelled by its own name, and that is noted once', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      const again = machine.submitAgain(job, AT, 'Forgotten.', [])
      const second = await world.store.jobs.commit(job, again.next, again.events, null)
      const moved = machine.submitted(second, AT, { slurmJobId: '99', name: slurmNameOf(job.id, 2), how: 'new' })
      const pending = await world.store.jobs.commit(second, moved.next, moved.events, null)
      has(world, job, 'PENDING')
      has(world, pending, 'PENDING')
      for (let i = 0; i < 3; i++) await watch(world.context)
      assert.deepEqual([...new Set(world.slurm.cancels)], [slurmNameOf(job.id, 1)])
      assert.equal((await read(world, job)).notes.length, 1)
    })

    test('an ended job that an outsider requeues is noted and never touched', async () => {
      const world = await createWorld()
      const [job, live] = [await world.taken(), await world.taken({ state: 'pending' })]
      const slurmJobId = has(world, job, 'COMPLETED')
      world.epochs(job, 0, 2)
      world.result(job)
      has(world, live, 'PENDING')
      await watch(world.context)
      assert.equal((await world.settle(job)).state, 'completed')
      world.slurm.become(slurmJobId, 'PENDING')
      for (let i = 0; i < 3; i++) await watch(world.context)
      const ended = await read(world, job)
      assert.deepEqual([ended.state, ended.notes.length, world.slurm.cancels], ['completed', 1, []])
    })

    test('a job that Slurm holds after a failed start is taken out of Slurm and submitted again, at the cluster’s expense', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      const slurmJobId = has(world, job, 'PENDING')
      world.slurm.because(slurmJobId, 'launch failed requeued held')
      for (let i = 0; i < 4; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      assert.notEqual((await read(world, job)).inner.givenUp, null)
      await watch(world.context)
      assert.deepEqual(world.slurm.cancels, [slurmNameOf(job.id, 1)])
      await watch(world.context)
      await advance(job.id, world.context)
      const again = await read(world, job)
      assert.deepEqual([again.state, again.submission, again.inner.givenUp], ['prepared', 2, null])
      assert.equal(again.submissions.at(-1)?.cause, 'launch-failed')
    })

    test('a job that was given up and that somebody released meanwhile ends as it ends: that is no failed start', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      const slurmJobId = has(world, job, 'PENDING')
      world.slurm.because(slurmJobId, 'launch failed requeued held')
      for (let i = 0; i < 4 && (await read(world, job)).inner.givenUp === null; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      assert.notEqual((await read(world, job)).inner.givenUp, null)
      world.slurm.become(slurmJobId, 'OUT_OF_MEMORY')
      await watch(world.context)
      assert.equal((await world.settle(job)).failure?.reason, 'out-of-memory')
    })

    test('of two jobs of a name the first is ours, in accounting too', async () => {
      const world = await createWorld()
      const job = await world.taken()
      has(world, job, 'FAILED', { code: 3, signal: 0 })
      has(world, job, 'COMPLETED')
      await watch(world.context)
      const { inner } = await read(world, job)
      assert.deepEqual([inner.ending?.state, inner.ending?.exitCode], ['FAILED', '3:0'])
    })

    test('a run that was preempted, and whose job Slurm forgot while it waited to go on, goes on in a further submission', async () => {
      const world = await createWorld()
      const job = await world.taken()
      const slurmJobId = has(world, job, 'PENDING')
      world.epochs(job, 0, 4)
      world.result(job, { outcome: 'stopped', stoppedBy: 'signal', signal: 'SIGTERM', training: null })
      world.slurm.forget(slurmJobId)
      await watch(world.context)
      assert.equal((await read(world, job)).inner.ending?.state, 'RESULT')
      await advance(job.id, world.context)
      const now = await read(world, job)
      assert.deepEqual([now.state, now.submission, now.submissions.at(-1)?.cause], ['prepared', 2, 'forgotten'])
    })

    test('while the work directory is not there nothing is concluded, whatever Slurm says', async () => {
      const world = await createWorld()
      const [fenced, completed] = [await world.taken(), await world.taken()]
      world.write(fenced, 'runs/1-0/fence', '{}')
      world.epochs(completed, 0, 2)
      world.result(completed)
      world.slurm.forget(has(world, fenced, 'RUNNING'))
      has(world, completed, 'COMPLETED')
      const away = { code: 'WORK_DIR_AWAY' }
      const jobs = join(workDir, 'jobs')
      renameSync(jobs, `${jobs}-away`)
      try {
        for (let i = 0; i < 6; i++) {
          await assert.rejects(watch(world.context), away)
          world.pass(FILES_HIDE_MS)
        }
      } finally {
        renameSync(`${jobs}-away`, jobs)
      }
      assert.deepEqual(
        [(await read(world, fenced)).state, (await read(world, completed)).state],
        ['running', 'running'],
      )
      await watch(world.context)
      renameSync(jobs, `${jobs}-away`)
      try {
        for (let i = 0; i < 6; i++) {
          await world.settle(completed)
          world.pass(FILES_HIDE_MS)
        }
      } finally {
        renameSync(`${jobs}-away`, jobs)
      }
      const waiting = await read(world, completed)
      assert.deepEqual([waiting.state, waiting.trying?.code, waiting.hold], ['finishing', 'WORK_DIR_AWAY', null])
      world.pass(600_000)
      assert.equal((await world.settle(completed)).state, 'completed')
    })

    test('a wished cancel of a forgotten job ends it only once the mark lies there: Slurm may remember it', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending' })
      const wish = machine.cancelRequested(job, AT, 'ada')
      await world.store.jobs.commit(job, wish.next, wish.events, null)
      const forgotten = async (): Promise<void> => {
        for (let i = 0; i < 4; i++) {
          await watch(world.context)
          world.pass(FILES_HIDE_MS)
        }
      }
      await forgotten()
      assert.equal((await read(world, job)).state, 'pending')
      await advance(job.id, world.context)
      assert.ok(existsSync(join(world.directory(job), 'cancelled')))
      await forgotten()
      assert.equal((await world.settle(job)).state, 'cancelled')
    })

    test('a wished cancel of a forgotten job whose directory is gone needs no mark', async () => {
      const world = await createWorld()
      const job = await world.taken({ state: 'pending', cancelRequestedAt: AT }, { dueAt: Date.parse(AT) })
      rmSync(world.directory(job), { recursive: true })
      await advance(job.id, world.context)
      for (let i = 0; i < 4; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      assert.equal((await world.settle(job)).state, 'cancelled')
    })

    test('a run whose node’s clock is years ahead is lost after its time all the same', async () => {
      const world = await createWorld()
      const job = await world.taken()
      const started = { run: '1-0', slurmJobId: '17', node: 'c01', resumed: null, endedAt: null, ending: null }
      const move = machine.runSeen(job, AT, { ...started, startedAt: '2099-01-01T00:00:00Z' }) ?? assert.fail()
      await world.store.jobs.commit(job, move.next, move.events, null)
      world.write(job, 'runs/1-0/fence', '{}')
      await watch(world.context)
      world.pass(3_600_000)
      await watch(world.context)
      assert.equal((await read(world, job)).state, 'running')
      world.pass(900_000)
      await watch(world.context)
      assert.equal((await world.settle(job)).failure?.reason, 'lost')
    })

    test('a fenced run that nobody knows is waited for as long as the site lets jobs run over their limit', async () => {
      for (const facts of [{ killWaitSeconds: 14_400 }, { overTimeLimitSeconds: 'unlimited' as const }]) {
        const world = await createWorld()
        siteHas(world, facts)
        const job = await world.taken()
        world.write(job, 'runs/1-0/fence', '{}')
        world.pass(2 * 3_600_000)
        await watch(world.context)
        assert.equal((await read(world, job)).state, 'running')
      }
    })

    test('a stuck job whose run had ended by its own word is completed with that result', async () => {
      const world = await createWorld()
      const job = await world.taken()
      world.slurm.because(has(world, job, 'PENDING'), 'launch failed requeued held')
      world.epochs(job, 0, 2)
      world.result(job)
      for (let i = 0; i < 6; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      assert.equal((await world.settle(job)).state, 'completed')
    })

    test('a job that passed its fence is not submitted again while its time limit runs', async () => {
      const world = await createWorld()
      const job = await world.taken()
      world.write(job, 'runs/1-0/fence', '{}')
      for (let i = 0; i < 10; i++) {
        await watch(world.context)
        world.pass(5_000)
      }
      assert.equal((await read(world, job)).state, 'running')
    })

    test('without accounting a forgotten job is held once, and each further look adds nothing', async () => {
      const world = await createWorld()
      world.slurm.accounting = 'off'
      const job = await world.taken({ state: 'pending' })
      world.pass(600_000)
      for (let i = 0; i < 6; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      const held = await read(world, job)
      assert.deepEqual([held.state, held.hold?.code], ['pending', 'JOB_UNACCOUNTED'])
      assert.equal((await eventTypes(world, job)).filter(type => type === 'held').length, 1)
      await watch(world.context)
      assert.deepEqual(await read(world, job), held)
    })

    test('a job held like that is ended by a cancel, once its mark lies in the job directory', async () => {
      const world = await createWorld()
      world.slurm.accounting = 'off'
      const job = await world.taken({ state: 'pending' })
      world.pass(600_000)
      for (let i = 0; i < 4; i++) {
        await watch(world.context)
        world.pass(FILES_HIDE_MS)
      }
      const held = await read(world, job)
      const wish = machine.cancelRequested(held, world.context.now().toISOString(), 'ada')
      await world.store.jobs.commit(held, wish.next, wish.events, null)
      await watch(world.context)
      assert.equal((await read(world, job)).state, 'pending')
      await world.settle(job)
      assert.deepEqual(world.slurm.cancels, [slurmNameOf(job.id, 1)])
      await watch(world.context)
      assert.equal((await world.settle(job)).state, 'cancelled')
    })

    test('a job that nobody knows after its time is lost, with its epochs and the end of its log', async () => {
      const world = await createWorld()
      const job = await world.taken()
      world.write(job, 'runs/1-0/fence', '{}')
      world.write(job, 'runs/1-0/stderr', 'last words\n')
      world.epochs(job, 0, 4)
      world.pass(2 * 3_600_000)
      assert.deepEqual((await watch(world.context)).due, [job.id])
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, ended.failure?.reason, ended.failure?.logTail], ['failed', 'lost', 'last words\n'])
      assert.equal(ended.progress.epochs, 5)
    })
  })

  describe('finished', () => {
    async function over(world: World, word: string, given: Partial<JobRecord> = {}): Promise<JobRecord> {
      const job = await world.taken(given)
      has(world, job, word)
      await watch(world.context)
      return job
    }

    const second = (world: World): Promise<JobRecord> =>
      world.taken({
        submission: 2,
        submissions: [1, 2].map(submission => ({
          submission,
          cause: submission === 1 ? 'request' : 'forgotten',
          at: AT,
          evidence: [],
          timeLimitMinutes: 60,
          warnSeconds: 120,
          slurmJobId: '17',
          elapsedSeconds: null,
        })),
      })

    test('a completed job has its result, its run and every epoch, and is closed to late reports', async () => {
      const world = await createWorld()
      const job = await over(world, 'COMPLETED')
      world.epochs(job, 0, 2)
      world.write(
        job,
        'runs/1-0/fence',
        JSON.stringify({ v: 1, slurmJobId: '17', node: 'c01', nonce: 'n', pid: 1, at: AT }),
      )
      world.result(job)
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, ended.progress.epochs, ended.result?.epochs], ['completed', 3, 3])
      assert.deepEqual(
        ended.runs.map(({ run, node, ending }) => [run, node, ending]),
        [['1-0', 'c01', 'completed']],
      )
      assert.equal((await read(world, job)).inner.dueAt, null)
      assert.equal(await world.store.epochs.put(job.id, epochsOf('1-0', 3, 5)), 0)
    })

    test('a result that is not visible yet is waited for, and then missed', async () => {
      const world = await createWorld()
      const job = await over(world, 'COMPLETED')
      assert.equal((await world.settle(job)).state, 'finishing')
      world.pass(119_000)
      assert.equal((await world.settle(job)).state, 'finishing')
      world.pass(10_000)
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, ended.failure?.reason], ['failed', 'no-result'])
    })

    test('epochs that are not visible yet are waited for', async () => {
      const world = await createWorld()
      const job = await over(world, 'COMPLETED')
      world.result(job)
      world.epochs(job, 0, 1)
      assert.equal((await world.settle(job)).state, 'finishing')
      world.epochs(job, 0, 2)
      world.pass(3_000)
      assert.equal((await world.settle(job)).state, 'completed')
    })

    test('where squeue alone says FAILED the worker’s reason is waited for', async () => {
      const world = await createWorld()
      world.slurm.accounting = 'off'
      const job = await over(world, 'FAILED')
      assert.equal((await world.settle(job)).state, 'finishing')
      const failure = { reason: 'training', code: 'TRAIN_NAN_LOSS', detail: 'The loss became NaN.' } as const
      world.result(job, { outcome: 'failed', failure, training: null })
      world.pass(3_000)
      assert.equal((await world.settle(job)).failure?.reason, 'training')
    })

    test('that its environment was changed is told before its end is: the next job must not begin there', async () => {
      const world = await createWorld()
      const lock = 'e'.repeat(64)
      const told: string[] = []
      world.context.environments = {
        ...NO_ENVIRONMENTS,
        used: async () => undefined,
        drifted: async (_look, id) => void told.push((await world.store.jobs.read(id)).state),
      }
      const job = await over(world, 'FAILED', { environment: { lock, name: null, look: null } })
      const drift = { detail: 'lib/a has other bytes than a 1 brought', files: [], count: 1 }
      const look = { lockId: lock, depth: 'times', looked: 1, of: 1, seconds: 0, drift } as const
      const failure = { reason: 'environment', code: 'environment-changed', detail: drift.detail } as const
      world.result(job, { outcome: 'failed', failure, training: null, environment: look })
      assert.equal((await world.settle(job)).state, 'failed')
      assert.deepEqual(told, ['finishing'])
    })

    test('a time limit needs no result to be told', async () => {
      const world = await createWorld()
      const job = await over(world, 'TIMEOUT')
      assert.equal((await world.settle(job)).failure?.reason, 'time-limit')
    })

    test('a fence that is none of ours does not keep a job from ending', async () => {
      const world = await createWorld()
      const job = await over(world, 'COMPLETED')
      world.write(job, 'runs/1-0/fence', 'not JSON')
      world.epochs(job, 0, 2)
      world.result(job)
      assert.equal((await world.settle(job)).state, 'completed')
    })

    test('a stop of an earlier submission does not speak for this one', async () => {
      const world = await createWorld()
      const job = await second(world)
      has(world, job, 'FAILED', { code: 3, signal: 0 })
      world.result(job, { outcome: 'stopped', signal: 'SIGTERM' })
      await watch(world.context)
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, ended.failure?.reason], ['failed', 'exit-code'])
    })

    test('a job that an earlier submission completed after all has that result, and the later run left at its fence', async () => {
      const world = await createWorld()
      const job = await second(world)
      has(world, job, 'FAILED', { code: WORKER_EXIT.fenced, signal: 0 })
      await watch(world.context)
      assert.equal((await world.settle(job)).state, 'finishing', 'the result may not be visible yet')
      world.epochs(job, 0, 2)
      world.result(job)
      world.pass(3_000)
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, ended.result?.epochs], ['completed', 3])
    })

    describe('what Slurm saw the end of left at its fence, and the fence is another process’s', () => {
      async function leftAtFence(world: World, over: Partial<JobRecord> = {}): Promise<JobRecord> {
        const job = await world.taken(over)
        world.write(job, 'runs/1-0/fence', '{}')
        has(world, job, 'FAILED', { code: WORKER_EXIT.fenced, signal: 0 })
        await watch(world.context)
        world.pass(FILES_HIDE_MS + 10_000)
        return job
      }

      test('that one is waited for, and its result is the job’s', async () => {
        const world = await createWorld()
        const job = await leftAtFence(world)
        assert.equal((await world.settle(job)).state, 'finishing')
        world.pass(1_800_000)
        assert.equal((await world.settle(job)).state, 'finishing')
        assert.ok(!existsSync(join(world.directory(job), 'ended')), 'nothing stops the process that trains')
        world.epochs(job, 0, 2)
        world.result(job)
        world.pass(60_000)
        assert.equal((await world.settle(job)).state, 'completed')
      })

      test('its time has an end', async () => {
        const world = await createWorld()
        const job = await leftAtFence(world)
        world.pass(75 * 60_000)
        assert.equal((await world.settle(job)).failure?.reason, 'exit-code')
      })

      test('a cancel ends it at once, by the mark', async () => {
        const world = await createWorld()
        const job = await leftAtFence(world)
        assert.equal((await world.settle(job)).state, 'finishing')
        const now = await read(world, job)
        const wish = machine.cancelRequested(now, world.context.now().toISOString(), 'ada')
        await world.store.jobs.commit(now, wish.next, wish.events, null)
        assert.equal((await world.settle(job)).state, 'cancelled')
        assert.ok(existsSync(join(world.directory(job), 'ended')))
      })
    })

    for (const point of ['finish:after-collect', 'finish:before-seal'] as const) {
      test(`cut off at ${point}, it is finished by the next one, once`, async () => {
        const world = await createWorld()
        const job = await over(world, 'COMPLETED')
        world.epochs(job, 0, 2)
        world.result(job)
        await dieAt(world, job, point)
        const ended = await world.settle(job)
        assert.deepEqual([ended.state, ended.progress.epochs, ended.runs.length], ['completed', 3, 1])
        assert.equal((await eventTypes(world, job)).filter(type => type === 'state').length, 3)
        assert.deepEqual(await world.store.jobs.due('local', Number.MAX_SAFE_INTEGER, 10), [])
      })
    }

    test('a half line at the end of epochs.jsonl is left out, and the lines before it count', async () => {
      const world = await createWorld()
      const job = await over(world, 'DEADLINE')
      world.write(job, 'runs/1-0/fence', '{}')
      const [line] = epochsOf('1-0', 0, 0).map(({ run: _, attempt: __, ...rest }) => JSON.stringify(rest))
      world.write(job, 'runs/1-0/epochs.jsonl', `${line}\n${line?.slice(0, 20)}`)
      const ended = await world.settle(job)
      assert.deepEqual([ended.failure?.reason, ended.progress.epochs], ['deadline', 1])
    })

    test('a node that failed is answered by a further submission, and the operator’s patience has an end', async () => {
      const world = await createWorld()
      world.context.cluster.settings.infrastructureRetries = 0
      const failed = await over(world, 'NODE_FAIL')
      assert.equal((await world.settle(failed)).failure?.reason, 'node-fail')
      world.context.cluster.settings.infrastructureRetries = 1
      const again = await over(world, 'NODE_FAIL')
      await advance(again.id, world.context)
      const now = await read(world, again)
      assert.deepEqual([now.state, now.submission, now.submissions.at(-1)?.cause], ['prepared', 2, 'node-fail'])
      assert.ok((now.inner.dueAt ?? 0) > world.context.now().getTime(), 'not at once: the cluster may need a moment')
    })

    test('an ending without the worker’s own word leaves a mark that a later requeue obeys', async () => {
      const world = await createWorld()
      const job = await over(world, 'TIMEOUT')
      assert.equal((await world.settle(job)).state, 'failed')
      assert.ok(existsSync(join(world.directory(job), 'ended')))
    })

    test('a wished cancel that ends as the worker’s own orderly stop is a cancel', async () => {
      const world = await createWorld()
      const job = await world.taken({ cancelRequestedAt: AT })
      has(world, job, 'FAILED', { code: 143, signal: 0 })
      world.result(job, { outcome: 'stopped', signal: 'SIGTERM' })
      await watch(world.context)
      assert.equal((await world.settle(job)).state, 'cancelled')
    })

    test('a wished cancel is a cancel where the node failed meanwhile, and no wish mends what the training did wrong', async () => {
      const world = await createWorld()
      const cancelled = await world.taken({ cancelRequestedAt: AT })
      has(world, cancelled, 'NODE_FAIL')
      await watch(world.context)
      assert.equal((await world.settle(cancelled)).state, 'cancelled')
      const failed = await world.taken({ cancelRequestedAt: AT })
      has(world, failed, 'FAILED', { code: 1, signal: 0 })
      const failure = { reason: 'training', code: 'TRAIN_NAN_LOSS', detail: 'The loss became NaN.' } as const
      world.result(failed, { outcome: 'failed', failure, training: null })
      await watch(world.context)
      assert.equal((await world.settle(failed)).state, 'failed')
    })
  })

  describe('advanced', () => {
    const wished = (world: World): Promise<JobRecord> =>
      world.taken({ cancelRequestedAt: AT }, { dueAt: Date.parse(AT) })

    test('a stage whose connection our own stop closes is not counted, and never a reason to hold the job', async () => {
      const world = await createWorld()
      const job = await wished(world)
      world.slurm.fail('default', 'SSH_CLOSED')
      await assert.rejects(advance(job.id, world.context), (error: SlurmError) => error.code === 'SSH_CLOSED')
      assert.deepEqual(await read(world, job), job)
    })

    test('a cluster that is away for a night holds no job, and one fault of the job afterwards neither', async () => {
      const world = await createWorld()
      const job = await wished(world)
      world.slurm.fail('default', 'SSH_UNREACHABLE')
      for (let i = 0; i < 40; i++) {
        await advance(job.id, world.context)
        world.pass(15_000)
      }
      const away = await read(world, job)
      assert.deepEqual([away.hold, away.trying?.tries], [null, 40])
      assert.equal((await eventTypes(world, job)).filter(type => type === 'trying').length, 1)
      world.slurm.fail('default', 'FILE_FAILED')
      await advance(job.id, world.context)
      assert.deepEqual([(await read(world, job)).hold, (await read(world, job)).trying?.tries], [null, 1])
    })

    test('a fault that asking again cannot mend holds the job at once, with its reason', async () => {
      const world = await createWorld()
      const job = await wished(world)
      world.slurm.fail('default', 'SLURM_REJECTED')
      assert.deepEqual(await advance(job.id, world.context), { moved: false, dueAtMs: null })
      assert.deepEqual(
        [(await read(world, job)).hold?.code, (await read(world, job)).hold?.stage],
        ['SLURM_REJECTED', 'cancel'],
      )
      assert.deepEqual(await world.store.jobs.due('local', Number.MAX_SAFE_INTEGER, 10), [])
    })

    for (const [killWaitSeconds, againMs] of [
      [5, 45_000],
      [3_600, 3_615_000],
    ] as const) {
      test(`a cancel that was sent is asked again after ${againMs / 1000} s where KillWait is ${killWaitSeconds} s`, async () => {
        const world = await createWorld()
        siteHas(world, { killWaitSeconds })
        const job = await wished(world)
        assert.deepEqual(await advance(job.id, world.context), { moved: false, dueAtMs: Date.parse(AT) + againMs })
      })
    }

    test('a cancel that was sent is not sent anew because the site could not be asked for its KillWait', async () => {
      const world = await createWorld()
      const access = world.context.cluster.identity('default')
      const facts = async (): Promise<SlurmFacts> => assert.fail(new SlurmError('SLURM_UNREACHABLE'))
      Object.assign(access, { scheduler: { ...access.scheduler, facts } })
      const job = await wished(world)
      assert.deepEqual(await advance(job.id, world.context), { moved: false, dueAtMs: Date.parse(AT) + 45_000 })
      assert.notEqual((await read(world, job)).inner.cancelSentAt, null)
    })

    test('a cancel that was cut off between the mark and scancel is sent by the next one', async () => {
      const world = await createWorld()
      const job = await wished(world)
      has(world, job, 'RUNNING')
      await dieAt(world, job, 'cancel:after-mark')
      assert.ok(existsSync(join(world.directory(job), 'cancelled')))
      assert.deepEqual(world.slurm.cancels, [])
      await advance(job.id, world.context)
      assert.deepEqual(world.slurm.cancels, [slurmNameOf(job.id, 1)])
      await watch(world.context)
      assert.equal((await world.settle(job)).state, 'cancelled')
    })

    test('a job that is not due is left alone', async () => {
      const world = await createWorld()
      const job = await world.taken({ cancelRequestedAt: AT }, { dueAt: Date.parse(AT) + 1 })
      assert.deepEqual(await advance(job.id, world.context), { moved: false, dueAtMs: Date.parse(AT) + 1 })
      assert.deepEqual([await read(world, job), world.slurm.cancels], [job, []])
    })

    test('a cancel before anything was sent ends the job without the cluster', async () => {
      const world = await createWorld()
      const job = await world.store.add({ cancelRequestedAt: AT })
      const ended = await world.settle(job)
      assert.deepEqual([ended.state, (await read(world, job)).inner.dueAt], ['cancelled', null])
    })

    test('an ended job whose sealing was cut off by a crash is sealed when it comes up again', async () => {
      const world = await createWorld()
      const job = await world.taken()
      await world.store.epochs.put(job.id, epochsOf('1-0', 0, 4))
      const { next, events } = machine.cancelled(job, AT, 'x', ['squeue: does not list it'])
      await world.store.jobs.commit(job, next, events, null)
      assert.deepEqual(await world.store.jobs.due('local', Date.parse(AT), 10), [job.id])
      const ended = await world.settle(job)
      assert.equal(ended.progress.epochs, 5)
      assert.equal(await world.store.redis.exists(world.store.keys.epochs(job.id)), 0)
      assert.deepEqual(await world.store.jobs.due('local', Number.MAX_SAFE_INTEGER, 10), [])
    })
  })
})
