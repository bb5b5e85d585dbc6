// The worker release cut off again and again, with the real training: what the last attempt comes to is what an
// uninterrupted run comes to. And what a full disk and a newer run do to a real process.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WORKER_EXIT } from '@trotline/contracts'
import { decodeCheckpoint } from '@trotline/trainer'
import { buildRelease } from '../../deploy/release/release.ts'
import {
  comparable,
  epochsOf,
  lineCount,
  linesOf,
  makeJob,
  nextRun,
  type Place,
  resultOf,
  start,
  type TestJob,
  textOf,
  until,
} from './worker-process.ts'

/** Some 0.35 ms each: enough of them for five cuts where a second trains three times as many, or a checkpoint waits seconds for its disk. */
const EPOCHS = 24_000
/** Tens of milliseconds an epoch: what is to happen while it trains has the time to. */
const SLOW = { preset: 'auto-mpg', backend: 'cpu' }
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('the worker release, cut off', () => {
  let place: Place
  before(async () => {
    const home = await mkdtemp(join(tmpdir(), 'trotline-resume-'))
    const release = await buildRelease(fileURLToPath(new URL('../..', import.meta.url)), join(home, 'releases'), {
      tensorLibrary: true,
    })
    place = { home, release }
  })
  after(() => rm(place.home, { recursive: true, force: true }))

  const hasEpochs = (job: TestJob, count: number) => async (): Promise<boolean> => (await lineCount(job)) >= count
  const checkpointOf = async ({ run }: TestJob): Promise<number> => {
    const decoded = decodeCheckpoint(await readFile(join(run, 'checkpoint')).catch(() => Buffer.alloc(0)))
    return 'refused' in decoded ? 0 : decoded.epochs
  }
  const valuesOf = async (job: TestJob) => (await linesOf(job)).map(({ epoch, values }) => ({ epoch, values }))
  async function uninterrupted(t: TestContext, training: Parameters<typeof makeJob>[1]) {
    const job = await makeJob(place, training)
    assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.completed)
    return { values: await valuesOf(job), training: comparable(await resultOf(job)) }
  }

  const cuts: [string, (t: TestContext, job: TestJob) => Promise<void>][] = [
    [
      'TERM',
      async (t, job) => {
        const { child, ended } = await start(t, place, job)
        await until('epochs', child, hasEpochs(job, 30))
        child.kill('SIGTERM')
        assert.equal((await ended).code, WORKER_EXIT.stopped)
        const { checkpoint, training } = await resultOf(job)
        assert.equal(checkpoint?.epochs, training?.epochs)
        t.diagnostic(`TERM: checkpoint of ${checkpoint?.bytes} bytes in ${checkpoint?.seconds.toFixed(3)} s`)
      },
    ],
    [
      'KILL after a checkpoint of its own accord',
      async (t, job) => {
        const { child, ended } = await start(t, place, job)
        await until('a checkpoint', child, async () => (await checkpointOf(job)) > 0)
        child.kill('SIGKILL')
        await ended
      },
    ],
    [
      'USR2 and then KILL',
      async (t, job) => {
        const { child, ended } = await start(t, place, job)
        await until('epochs', child, hasEpochs(job, 5))
        child.kill('SIGUSR2')
        await until('a checkpoint', child, async () => (await checkpointOf(job)) > 0)
        child.kill('SIGKILL')
        await ended
      },
    ],
    [
      'KILL out of the blue',
      async (t, job) => {
        const { child, ended } = await start(t, place, job)
        await until('epochs', child, hasEpochs(job, 5))
        child.kill('SIGKILL')
        await ended
      },
    ],
    [
      'TERM before the first epoch',
      async (t, job) => {
        const { child, ended } = await start(t, place, job)
        await until('its first words', child, async () =>
          /training auto-mpg/.test(await textOf(join(job.run, 'stdout'))),
        )
        child.kill('SIGTERM')
        assert.equal((await ended).code, WORKER_EXIT.stopped)
      },
    ],
  ]

  test('after five cuts of five kinds the sixth attempt ends with the values and the weights of an uninterrupted run', async t => {
    const whole = await uninterrupted(t, { preset: 'auto-mpg', epochs: EPOCHS })
    assert.match(whole.training.weightsSha256 ?? '', /^[0-9a-f]{64}$/)

    let job = await makeJob(place, { preset: 'auto-mpg', epochs: EPOCHS }, { checkpointEverySeconds: 1 })
    const runs = ['1-0', '1-1', '2-0', '2-1', '3-0', '3-1']
    const attempts: TestJob[] = []
    for (const [i, run] of runs.entries()) {
      job = await nextRun(job, run)
      attempts.push(job)
      const cut = cuts[i]
      if (cut) await cut[1](t, job)
      else assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.completed)
      const { outcome } = await resultOf(job).catch(() => ({ outcome: 'none' }))
      t.diagnostic(
        `${run}: ${cut?.[0] ?? 'the end'}, ${await lineCount(job)} lines, checkpoint ${await checkpointOf(job)}, result ${outcome}`,
      )
    }
    const last = await resultOf(job)
    assert.deepEqual(comparable(last), whole.training)
    assert.ok((last.resumed?.epochs ?? 0) >= 30)
    // Every epoch is in some run's file, and however often it was trained it came to the same.
    const all = new Map<number, unknown>()
    for (const attempt of attempts)
      for (const { epoch, values } of await valuesOf(attempt)) {
        assert.deepEqual(values, whole.values[epoch]?.values)
        all.set(epoch, values)
      }
    assert.deepEqual(
      [...all.keys()].sort((a, b) => a - b),
      range(0, EPOCHS),
    )
    assert.deepEqual(await epochsOf(job), range(last.resumed?.epochs ?? 0, EPOCHS))
  })

  test('linear regression, cut by TERM five times, comes to the same line to the last bit', async t => {
    const epochs = 100_000
    const whole = await uninterrupted(t, { preset: 'linear-regression', epochs })
    let job = await makeJob(place, { preset: 'linear-regression', epochs })
    for (let restart = 0; restart <= 5; restart += 1) {
      job = await nextRun(job, `1-${restart}`)
      const { child, ended } = await start(t, place, job)
      if (restart < 5) {
        await until('a backend', child, async () => /backend cpu/.test(await textOf(join(job.run, 'stdout'))))
        child.kill('SIGTERM')
      }
      const { code } = await ended
      if (code === WORKER_EXIT.completed) break
      assert.equal(code, WORKER_EXIT.stopped)
    }
    const last = await resultOf(job)
    t.diagnostic(`${last.run} resumed after ${last.resumed?.epochs}`)
    assert.deepEqual(comparable(last), whole.training)
    assert.deepEqual(await valuesOf(job), whole.values.slice(last.resumed?.epochs ?? 0))
  })

  test('a bit that flipped in the newest checkpoint costs the epochs since the one before, and nothing else', async t => {
    const training = { ...SLOW, epochs: 120 }
    const whole = await uninterrupted(t, training)
    let job = await makeJob(place, training)
    const attempts: TestJob[] = []
    for (const [run, epochs] of [
      ['1-0', 10],
      ['1-1', 10],
    ] as const) {
      job = await nextRun(job, run)
      attempts.push(job)
      const { child, ended } = await start(t, place, job)
      await until('epochs', child, hasEpochs(job, epochs))
      child.kill('SIGTERM')
      assert.equal((await ended).code, WORKER_EXIT.stopped)
    }
    const path = join(job.run, 'checkpoint')
    const bytes = await readFile(path)
    bytes[20_000] = (bytes[20_000] as number) ^ 4
    await writeFile(path, bytes)
    job = await nextRun(job, '1-2')
    assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.completed)
    const { resumed, ...last } = await resultOf(job)
    const before = decodeCheckpoint(await readFile(join((attempts[0] as TestJob).run, 'checkpoint')))
    assert.ok(!('refused' in before))
    assert.deepEqual(resumed, { run: '1-0', epochs: before.epochs, batches: before.batches })
    assert.match(await textOf(join(job.run, 'stderr')), /the checkpoint of run 1-1 is damaged/)
    assert.deepEqual(comparable({ ...last, resumed }), whole.training)
  })

  test('a TERM leaves a result that says how far the training came', async t => {
    for (const preset of ['auto-mpg', 'linear-regression']) {
      const job = await makeJob(place, { preset, epochs: 100_000 })
      const { child, ended } = await start(t, place, job)
      await until('epochs', child, hasEpochs(job, 1))
      const from = performance.now()
      child.kill('SIGTERM')
      const { code } = await ended
      t.diagnostic(`${preset}: ended after ${((performance.now() - from) / 1000).toFixed(3)} s`)
      assert.ok([WORKER_EXIT.stopped, WORKER_EXIT.completed].includes(code as 0))
      assert.equal((await resultOf(job)).training?.epochs, await lineCount(job))
    }
  })

  test('a cancel mark and a newer run’s fence end a process', async t => {
    const marks: [number, (job: TestJob) => Promise<void>][] = [
      [WORKER_EXIT.cancelled, ({ directory }) => writeFile(join(directory, 'cancelled'), '')],
      [
        WORKER_EXIT.fenced,
        async ({ directory }) => {
          await mkdir(join(directory, 'runs', '1-1'))
          await writeFile(join(directory, 'runs', '1-1', 'fence'), '')
        },
      ],
    ]
    await Promise.all(
      marks.map(async ([code, mark]) => {
        // It looks for marks every 15 s: a fast machine must not be done by then.
        const job = await makeJob(place, { ...SLOW, epochs: 100_000 })
        const { child, ended } = await start(t, place, job)
        await until('epochs', child, hasEpochs(job, 5))
        await mark(job)
        assert.equal((await ended).code, code)
        assert.equal((await resultOf(job)).training?.epochs, await checkpointOf(job))
      }),
    )
  })

  // prlimit: a file may grow to so many bytes, and the next write answers EFBIG, as a full disk answers ENOSPC.
  const limited = (bytes: number): readonly string[] => ['prlimit', `--fsize=${bytes}:${bytes}`]

  test('a disk without room for the epochs makes a failure that says so', async t => {
    const job = await makeJob(place, { preset: 'auto-mpg', epochs: 200 })
    const { ended } = await start(t, place, job, { wrap: limited(20_000) })
    assert.equal((await ended).code, WORKER_EXIT.failed)
    const { outcome, failure } = await resultOf(job)
    assert.deepEqual([outcome, failure?.reason, failure?.code], ['failed', 'environment', 'EPOCHS_NOT_WRITTEN'])
    assert.match(failure?.detail ?? '', /EFBIG/)
    assert.equal((await stat(join(job.run, 'epochs.jsonl'))).size, 20_000)
  })

  test('a disk without room for a checkpoint is said once, leaves no rubbish, and costs no epoch', async t => {
    // 120 lines take some 30 kB, the checkpoint 48.
    const job = await makeJob(place, { ...SLOW, epochs: 120 }, { checkpointEverySeconds: 1 })
    const { child, ended } = await start(t, place, job, { wrap: limited(40_000) })
    await until('epochs', child, hasEpochs(job, 10))
    for (let warning = 0; warning < 2; warning += 1) {
      const before = await textOf(join(job.run, 'stderr'))
      child.kill('SIGUSR2')
      await until('the warning', child, async () => (await textOf(join(job.run, 'stderr'))).length > before.length)
    }
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.deepEqual(await epochsOf(job), range(0, 120))
    assert.equal((await textOf(join(job.run, 'stderr'))).match(/no checkpoint could be written/g)?.length, 1)
    assert.equal((await resultOf(job)).checkpoint, null)
    assert.deepEqual((await readdir(job.run)).sort(), [
      'artifacts',
      'epochs.jsonl',
      'fence',
      'heartbeat',
      'result.json',
      'stderr',
      'stdout',
    ])
  })

  test('a disk without room for the result ends the process with a code of its own', async t => {
    const job = await makeJob(place, { preset: 'auto-mpg', epochs: 5 })
    // A fence is 150 bytes, a result several times as much as this.
    const { ended } = await start(t, place, job, { wrap: limited(1_500) })
    assert.equal((await ended).code, WORKER_EXIT.unwritable)
    assert.match(await textOf(join(job.run, 'stderr')), /result.json could not be written: EFBIG/)
    assert.ok(!(await readdir(job.run)).some(name => name.startsWith('result')))
  })

  test('a disk without any room is left before the training begins', async t => {
    const job = await makeJob(place, { preset: 'auto-mpg', epochs: 5 })
    const { ended } = await start(t, place, job, { wrap: limited(0) })
    assert.equal((await ended).code, WORKER_EXIT.unwritable)
    assert.deepEqual((await readdir(job.run)).sort(), ['stderr', 'stdout'])
  })

  test('a stop on a full disk stays a stop, so that the next run trains what is missing', async t => {
    let job = await makeJob(place, { ...SLOW, epochs: 150 })
    const { child, ended } = await start(t, place, job, { wrap: limited(5_000) })
    await until('the refusal', child, async () =>
      /epochs.jsonl cannot be written/.test(await textOf(join(job.run, 'stderr'))),
    )
    child.kill('SIGTERM')
    assert.equal((await ended).code, WORKER_EXIT.stopped)
    assert.equal((await resultOf(job)).outcome, 'stopped')
    job = await nextRun(job, '1-1')
    assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.completed)
    assert.deepEqual(await epochsOf(job), range((await resultOf(job)).resumed?.epochs ?? 0, 150))
  })
})
