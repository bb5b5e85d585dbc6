// What runs say through the queue, as the consumer takes it: believed only with the job's own signature.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { EPOCH_REPORTS_QUEUE, type Report, type SignedReport } from '@trotline/contracts'
import { signReport } from '@trotline/contracts/signature'
import { Queue } from 'bullmq'
import { consumeReports, createKnown, take } from '../../apps/orchestrator/src/streams/reports.ts'
import { eventually } from '../support/eventually.ts'
import { AT, epochsOf, record } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, silent } from '../support/orchestrator-store.ts'

const newKey = (): string => randomBytes(32).toString('base64url')

describe('reports', () => {
  let rig: RedisRig
  let store: Store
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
  })
  after(() => rig.close())

  async function runningJob(): Promise<{ id: string; key: string }> {
    const job = record({ state: 'running', worker: { release: 'r', runtime: null } }, { dueAt: null })
    const key = newKey()
    await store.jobs.create(job, [], { secret: key, idempotency: null })
    return { id: job.id, key }
  }
  const epochs = (jobId: string, first: number, last: number, over: Partial<Report> = {}): Report =>
    ({
      v: 1,
      jobId,
      run: '1-0',
      seq: 1,
      at: AT,
      kind: 'epochs',
      epochs: epochsOf('1-0', first, last).map(({ run: _, attempt: __, ...line }) => line),
      ...over,
    }) as Report
  const started = (jobId: string): Report => ({
    v: 1,
    jobId,
    run: '1-0',
    seq: 0,
    at: AT,
    kind: 'started',
    slurmJobId: '17',
    node: 'c01',
    runtime: 'v20.20.2',
    backend: 'simd',
    resumed: null,
  })
  const taken = (message: unknown): Promise<void> => take(message, { ...store, log: silent })

  test('a signed report is stored under its run', async () => {
    const { id, key } = await runningJob()
    await taken(signReport(epochs(id, 0, 2), key))
    assert.deepEqual(await store.epochs.read(id, -1, 10), epochsOf('1-0', 0, 2))
    assert.deepEqual(
      (await store.jobs.read(id)).runs.map(({ run, attempt }) => [run, attempt]),
      [['1-0', 1]],
    )
  })

  test('the first word of a run brings its node and its runtime into the record', async () => {
    const { id, key } = await runningJob()
    await taken(signReport(started(id), key))
    const job = await store.jobs.read(id)
    assert.deepEqual([job.runs[0]?.node, job.runs[0]?.slurmJobId, job.runs[0]?.startedAt], ['c01', '17', AT])
    assert.equal(job.worker?.runtime, 'v20.20.2')
  })

  test('a run enters the record once, however many of its messages come at once', async () => {
    const { id, key } = await runningJob()
    const messages = [started(id), ...Array.from({ length: 7 }, (_, i) => epochs(id, i, i))]
    await Promise.all(messages.map(message => taken(signReport(message, key))))
    const job = await store.jobs.read(id)
    assert.deepEqual(
      job.runs.map(({ run, attempt, node }) => [run, attempt, node]),
      [['1-0', 1, 'c01']],
    )
    const { events } = await store.jobs.eventsAfter(id, 0, 100)
    assert.equal(events.filter(({ event }) => event.type === 'run').length, 1)
    assert.equal((await store.epochs.progress(job)).epochs, 7)
  })

  test('the same message twice changes nothing the second time', async () => {
    const { id, key } = await runningJob()
    for (const message of [started(id), epochs(id, 0, 3)]) await taken(signReport(message, key))
    const [job, seq] = [await store.jobs.read(id), await store.jobs.lastSeq(id)]
    for (const message of [started(id), epochs(id, 0, 3)]) await taken(signReport(message, key))
    assert.deepEqual([await store.jobs.read(id), await store.jobs.lastSeq(id)], [job, seq])
  })

  test('whatever is not signed with the job’s own key changes nothing', async () => {
    const [mine, other] = [await runningJob(), await runningJob()]
    const good = signReport(epochs(mine.id, 0, 2), mine.key)
    const hostile: [what: string, message: unknown][] = [
      ['another job’s key', signReport(epochs(mine.id, 0, 2), other.key)],
      ['no key of ours', signReport(epochs(mine.id, 0, 2), newKey())],
      ['a changed body', { ...good, body: good.body.replace('"epoch":0', '"epoch":9') }],
      ['a changed mac', { ...good, mac: good.mac.replace(/^./, c => (c === '0' ? '1' : '0')) }],
      ['a short mac', { ...good, mac: good.mac.slice(2) }],
      ['an extra field', { ...good, jobId: mine.id }],
      ['a body that names two jobs', doubled(epochs(mine.id, 0, 2), other)],
      ['a job that does not exist', signReport(epochs('zzzzzzzzzzzz', 0, 2), mine.key)],
      ['the wrong shape, well signed', signReport({ ...epochs(mine.id, 0, 2), v: 2 } as unknown as Report, mine.key)],
      ['a submission that never was', signReport(epochs(mine.id, 0, 2, { run: '2-0' }), mine.key)],
      ['a restart out of all proportion', signReport(epochs(mine.id, 0, 2, { run: '1-999999' }), mine.key)],
      ['no message', undefined],
      ['null', null],
      ['text', 'epochs'],
      ['a list', [good]],
      ['no JSON', { body: '{"jobId":', mac: '0'.repeat(64) }],
    ]
    const state = async (): Promise<unknown> =>
      Promise.all(
        [mine, other].map(async ({ id }) => [
          await store.jobs.read(id),
          await store.jobs.lastSeq(id),
          await store.epochs.read(id, -1, 100),
        ]),
      )
    const before = await state()
    for (const [what, message] of hostile) {
      await taken(message)
      assert.deepEqual(await state(), before, what)
    }
    await taken(good)
    assert.notDeepEqual(await state(), before)
  })

  test('of a run whose key and number are known a message is stored without another look at the record', async () => {
    const { id, key } = await runningJob()
    let looks = 0
    const looked = <T>(answer: Promise<T>): Promise<T> => {
      looks += 1
      return answer
    }
    const jobs = {
      ...store.jobs,
      read: (job: string) => looked(store.jobs.read(job)),
      secret: (job: string) => looked(store.jobs.secret(job)),
    }
    const known = createKnown()
    for (const [i, message] of [started(id), epochs(id, 0, 1), epochs(id, 2, 3), epochs(id, 4, 5)].entries()) {
      await take(signReport(message, key), { ...store, jobs, log: silent, known })
      if (i === 0) looks = 0
    }
    assert.equal(looks, 0)
    assert.equal((await store.epochs.read(id, -1, 10)).length, 6)
    await take(signReport(epochs(id, 6, 7), newKey()), { ...store, jobs, log: silent, known })
    await take(signReport(epochs(id, 6, 7, { run: '2-0' }), key), { ...store, jobs, log: silent, known })
    assert.equal((await store.epochs.read(id, -1, 10)).length, 6)
  })

  test('an ended job’s epochs are closed to late reports', async () => {
    const { id, key } = await runningJob()
    await taken(signReport(epochs(id, 0, 2), key))
    await store.epochs.seal(id)
    await taken(signReport(epochs(id, 3, 5), key))
    assert.equal((await store.epochs.read(id, -1, 10)).length, 3)
  })

  test('reports that came while nobody consumed are taken when somebody does', async () => {
    const { id, key } = await runningJob()
    const connection = store.waiting()
    const queue = new Queue(EPOCH_REPORTS_QUEUE, { connection, prefix: store.prefix })
    for (let i = 0; i < 5; i++)
      await queue.add('report', signReport(epochs(id, i, i, { seq: i }), key), { jobId: `${id}-1-0-${i}` })
    await queue.add('report', { body: 'garbage', mac: '' })
    const consumer = consumeReports({
      connection: store.waiting(),
      prefix: store.prefix,
      jobs: store.jobs,
      epochs: store.epochs,
      log: silent,
    })
    try {
      await eventually('five epochs are stored', async () => (await store.epochs.read(id, -1, 10)).length === 5)
      await eventually(
        'the queue is empty',
        async () => (await queue.getJobCountByTypes('wait', 'active', 'failed')) === 0,
      )
    } finally {
      await consumer.stop()
      await queue.close()
    }
  })
})

/** A body whose text names another job first, signed with that job's key: a parser takes the last of the two. */
function doubled(report: Report, other: { id: string; key: string }): SignedReport {
  const body = JSON.stringify(report).replace('{', `{"jobId":"${other.id}",`)
  return { body, mac: createHmac('sha256', Buffer.from(other.key, 'base64url')).update(body).digest('hex') }
}
