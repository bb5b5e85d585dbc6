// The worker release as a compute node runs it: one folder, no node_modules, a real Redis whose report user may only
// report. Trains auto-mpg for real; how fast is shown, not asserted.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MAX_REPORTS_PER_SECOND, type Report, type SignedReport, WORKER_EXIT } from '@trotline/contracts'
import { openReport } from '@trotline/contracts/signature'
import { Queue } from 'bullmq'
import { KEY_PREFIX, REPORT_QUEUE, type RedisServer, startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { buildRelease } from '../../deploy/release/release.ts'
import {
  epochsOf as epochs,
  KEY,
  lineCount,
  linesOf as lines,
  makeJob,
  nextRun,
  resultOf as result,
  type Started,
  start as startWorker,
  type TestJob,
  textOf as text,
  until,
} from './worker-process.ts'

describe('the worker release', () => {
  let home: string
  let release: { id: string; directory: string }
  let redis: RedisServer
  let password: string

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'trotline-worker-'))
    release = await buildRelease(fileURLToPath(new URL('../..', import.meta.url)), join(home, 'releases'), {
      tensorLibrary: false,
    })
    redis = await startRedis({ home: join(home, 'redis') })
    password = (await readFile(redis.report.passwordFile, 'utf8')).trim()
  })
  after(async () => {
    await stopRedis({ home: join(home, 'redis') })
    await rm(home, { recursive: true, force: true })
  })

  const queueAccess = () => ({
    url: `redis://${redis.host}:${redis.port}`,
    user: redis.report.user,
    password,
    prefix: KEY_PREFIX,
    name: REPORT_QUEUE,
  })

  const job = (training: { preset: string; epochs: number }, queue: unknown = null): Promise<TestJob> =>
    makeJob({ home, release }, training, { queue })
  const start = (t: TestContext, training: TestJob, env: NodeJS.ProcessEnv = {}): Promise<Started> =>
    startWorker(t, { home, release }, training, { env })
  const output = async ({ run }: TestJob): Promise<string> =>
    (await text(join(run, 'stdout'))) + (await text(join(run, 'stderr')))
  const upTo = (end: number): number[] => Array.from({ length: end }, (_, epoch) => epoch)

  async function reports(jobId: string): Promise<Report[]> {
    const storePassword = (await readFile(redis.store.passwordFile, 'utf8')).trim()
    const queue = new Queue<SignedReport>(REPORT_QUEUE, {
      connection: { host: redis.host, port: redis.port, username: redis.store.user, password: storePassword },
      prefix: KEY_PREFIX,
    })
    queue.on('error', () => undefined)
    const messages = (await queue.getWaiting()).filter(({ id }) => id?.startsWith(`${jobId}-`))
    await queue.close()
    const opened = messages.map(({ data }) => openReport(data, KEY))
    assert.ok(
      opened.every(report => report !== null),
      'every message is signed with the job’s key',
    )
    return (opened as Report[]).sort((a, b) => a.seq - b.seq)
  }
  const reportedEpochs = (messages: Report[]): number[] =>
    messages.flatMap(message => (message.kind === 'epochs' ? message.epochs.map(({ epoch }) => epoch) : []))

  async function assertNoSecret(where: string): Promise<void> {
    for (const secret of [password, KEY]) assert.ok(!where.includes(secret), 'a secret came out')
  }

  test('a thousand epochs are in the file, in order, and in the queue, signed and without a gap', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 1000 }, queueAccess())
    const { child, ended } = await start(t, training)
    await until('epochs', child, async () => (await lineCount(training)) > 10)
    await assertNoSecret(await text(`/proc/${child.pid}/cmdline`))
    await assertNoSecret(await text(`/proc/${child.pid}/environ`))
    assert.deepEqual(await ended, { code: WORKER_EXIT.completed, signal: null })

    assert.deepEqual(await epochs(training), upTo(1000))
    const messages = await reports(training.jobId)
    assert.deepEqual(
      messages.map(({ seq }) => seq),
      upTo(messages.length),
    )
    assert.equal(messages[0]?.kind, 'started')
    assert.equal(messages.at(-1)?.kind, 'ended')
    assert.deepEqual(reportedEpochs(messages), upTo(1000))
    const { outcome, training: report, release: ran, reporting } = await result(training)
    assert.deepEqual([outcome, report?.epochs, ran], ['completed', 1000, release.id])
    await assertNoSecret(await output(training))
    assert.equal(await text(join(training.run, 'stderr')), '')
    const share = (100 * reporting.secondsInReporter) / (report?.fitSeconds ?? 0)
    t.diagnostic(`${reporting.secondsInReporter.toFixed(3)} s in the reporter, ${share.toFixed(2)} % of the fit`)
  })

  test('a second process for the same run leaves with code 11 and changes no file but the log it was given', async t => {
    const training = await job({ preset: 'linear-regression', epochs: 100 })
    assert.equal((await (await start(t, training)).ended).code, WORKER_EXIT.completed)
    await rm(join(training.run, 'result.json')) // as if the first were still training: only the fence says no
    const facts = async (): Promise<unknown> =>
      Promise.all(
        (await readdir(training.run)).sort().map(async name => {
          const { ino, size, mtimeMs } = await stat(join(training.run, name))
          return name.startsWith('std') ? name : { name, ino, size, mtimeMs }
        }),
      )
    const before = await facts()
    assert.equal((await (await start(t, training)).ended).code, WORKER_EXIT.fenced)
    assert.deepEqual(await facts(), before)
    assert.match(await text(join(training.run, 'stderr')), /the fence of this run is held by Slurm job 7 on n1/)
  })

  test('a cancelled job is left alone with code 12', async t => {
    const training = await job({ preset: 'linear-regression', epochs: 100 })
    await writeFile(join(training.directory, 'cancelled'), '')
    assert.equal((await (await start(t, training)).ended).code, WORKER_EXIT.cancelled)
    assert.deepEqual((await readdir(training.run)).sort(), ['stderr', 'stdout'])
  })

  test('while Redis is killed the training goes on, and once it is back every epoch is reported', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 12_000 }, queueAccess())
    const { child, ended } = await start(t, training)
    await until('50 epochs', child, async () => (await lineCount(training)) >= 50)
    // However long Redis takes to go and to come here, the training is not over before.
    child.kill('SIGSTOP')
    await stopRedis({ home: join(home, 'redis'), signal: 'SIGKILL' })
    const atKill = await lineCount(training)
    child.kill('SIGCONT')
    await until('300 epochs without Redis', child, async () => (await lineCount(training)) >= atKill + 300)
    // 300 epochs may take less time than the first try to connect again.
    const stderrFile = join(training.run, 'stderr')
    await until('it is said', child, async () => /no connection to the report queue/.test(await text(stderrFile)))
    child.kill('SIGSTOP')
    await startRedis({ home: join(home, 'redis') })
    child.kill('SIGCONT')
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.deepEqual(await epochs(training), upTo(12_000))
    const messages = await reports(training.jobId)
    assert.deepEqual(reportedEpochs(messages), upTo(12_000))
    assert.equal(messages.at(-1)?.kind, 'ended')
    const stderr = await text(stderrFile)
    assert.match(stderr, /stands again/)
    await assertNoSecret(stderr)
  })

  const unusable: [string, () => object][] = [
    ['a wrong password', () => ({ ...queueAccess(), password: 'wrong-and-secret' })],
    ['a queue that the report user may not touch', () => ({ ...queueAccess(), name: 'other' })],
    ['a port where nobody listens', () => ({ ...queueAccess(), url: 'redis://127.0.0.1:1' })],
    ['an address that is none', () => ({ ...queueAccess(), url: 'nonsense://[' })],
  ]
  for (const [what, access] of unusable)
    test(`with ${what} it trains to the end, says so, and leaves`, async t => {
      const training = await job({ preset: 'linear-regression', epochs: 2000 }, access())
      const { ended } = await start(t, training)
      assert.equal((await ended).code, WORKER_EXIT.completed)
      assert.equal((await epochs(training)).length, 2000)
      const stderr = await text(join(training.run, 'stderr'))
      assert.match(stderr, /training goes on/)
      assert.ok(!stderr.includes('wrong-and-secret'))
      await assertNoSecret(stderr)
      t.diagnostic(stderr.trim())
    })

  test('USR2 is said and trained through; TERM then leaves a stopped result and code 143', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 100_000 }, queueAccess())
    const { child, ended } = await start(t, training)
    await until('20 epochs', child, async () => (await lineCount(training)) >= 20)
    child.kill('SIGUSR2')
    await until('the warning', child, async () => /SIGUSR2/.test(await text(join(training.run, 'stderr'))))
    const warned = await lineCount(training)
    await until('more epochs', child, async () => (await lineCount(training)) > warned)
    child.kill('SIGTERM')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, { code: WORKER_EXIT.stopped, signal: null })
    const { outcome, signal, training: report } = await result(training)
    assert.deepEqual([outcome, signal], ['stopped', 'SIGTERM'])
    assert.deepEqual(await epochs(training), upTo(report?.epochs ?? -1))
    const last = (await reports(training.jobId)).at(-1)
    assert.equal(last?.kind === 'ended' && last.outcome, 'stopped')
  })

  test('the first report of a run that goes on from another says from which and from where', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 12_000 }, queueAccess())
    const { child, ended } = await start(t, training)
    await until('10 epochs', child, async () => (await lineCount(training)) >= 10)
    child.kill('SIGTERM')
    assert.equal((await ended).code, WORKER_EXIT.stopped)
    const next = await nextRun(training, '1-1')
    assert.equal((await (await start(t, next)).ended).code, WORKER_EXIT.completed)

    const trained = (await result(training)).training?.epochs ?? 0
    const messages = (await reports(training.jobId)).filter(({ run }) => run === '1-1')
    const [started] = messages
    assert.deepEqual(started?.kind === 'started' && started.resumed, {
      ...(await result(next)).resumed,
      run: '1-0',
      epochs: trained,
    })
    assert.deepEqual(reportedEpochs(messages), upTo(12_000).slice(trained))
  })

  test('kill -9 leaves whole lines and no result', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 100_000 })
    const { child, ended } = await start(t, training)
    await until('50 epochs', child, async () => (await lineCount(training)) >= 50)
    child.kill('SIGKILL')
    await ended
    const left = await epochs(training)
    assert.deepEqual(left, upTo(left.length))
    assert.ok(!(await readdir(training.run)).includes('result.json'))
  })

  // As on a node whose clock is set by hand while it trains: 20 years ahead, back, 20 years behind, ten times a second.
  const JUMPING_CLOCK = `
    const real = Date.now, years = 20 * 365.25 * 86_400_000
    const jumped = () => real() + (Math.floor(performance.now() / 33) % 3 - 1) * years
    Date = class extends Date { constructor(...given) { super(...(given.length > 0 ? given : [jumped()])) } static now() { return jumped() } }
  `

  test('a clock that jumps by years and back is seen in the times alone', async t => {
    const preload = join(home, 'jumping-clock.cjs')
    await writeFile(preload, JUMPING_CLOCK)
    const training = await job({ preset: 'auto-mpg', epochs: 3000 }, queueAccess())
    const began = performance.now()
    const { ended } = await start(t, training, { NODE_OPTIONS: `--require ${preload}` })
    assert.deepEqual(await ended, { code: WORKER_EXIT.completed, signal: null })
    const seconds = (performance.now() - began) / 1000

    const years = new Set((await lines(training)).map(({ at }) => at.slice(0, 4)))
    assert.ok(years.size >= 2, `epochs of the years ${[...years]}`)
    assert.deepEqual(await epochs(training), upTo(3000))
    const messages = await reports(training.jobId)
    assert.deepEqual(reportedEpochs(messages), upTo(3000))
    assert.ok(messages.length <= MAX_REPORTS_PER_SECOND * seconds + 2, `${messages.length} messages in ${seconds} s`)
    const { training: report } = await result(training)
    assert.ok((report?.fitSeconds ?? 0) > 0 && (report?.fitSeconds ?? 0) < seconds)
    assert.equal(await text(join(training.run, 'stderr')), '')
  })

  test('where reports go by directory no socket is opened', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 100_000 })
    const { child } = await start(t, training)
    await until('20 epochs', child, async () => (await lineCount(training)) >= 20)
    const open = await readdir(`/proc/${child.pid}/fd`)
    const targets = await Promise.all(open.map(fd => readlink(`/proc/${child.pid}/fd/${fd}`).catch(() => '')))
    assert.deepEqual(
      targets.filter(target => target.startsWith('socket:')),
      [],
    )
    await until('a heartbeat', child, async () => (await readdir(training.run)).includes('heartbeat'))
  })

  test('it runs wherever its folder is moved to', async t => {
    const training = await job({ preset: 'auto-mpg', epochs: 3 })
    const elsewhere = join(home, 'elsewhere', release.id)
    await mkdir(join(home, 'elsewhere'))
    await rename(release.directory, elsewhere)
    t.after(() => rename(elsewhere, release.directory))
    const moved = release
    release = { ...release, directory: elsewhere }
    t.after(() => {
      release = moved
    })
    assert.equal((await (await start(t, training)).ended).code, WORKER_EXIT.completed)
    assert.equal((await result(training)).training?.backend, 'simd')
  })
})
