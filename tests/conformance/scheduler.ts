// What everything that stands in the place of a SlurmScheduler must do, real or fake, when it is asked about jobs and told to end them.
// Run by scheduler.test.ts. What can befall a submission has a room of its own (integration/submit-once.test.ts), and partitions and
// submissions have no fake.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AccountedJob, SlurmError, type SlurmJob, type SlurmScheduler, type SubmitOrder } from '@trotline/slurm'
import { eventually } from '../support/eventually.ts'

/** A Slurm of which nobody else uses anything. What a control does has happened, as far as slurmctld knows, when its promise is kept. */
export interface Stage {
  /** Whose jobs the controls make. New, so it has not asked anything yet. */
  open(): SlurmScheduler
  /** On the same cluster for a user who has no jobs there. */
  openForAnother(): SlurmScheduler
  /** Over a transport whose key the cluster does not take. */
  openWithWrongKey(): Promise<SlurmScheduler>
  /** The job waits until it is told to run. */
  submit(name: string): Promise<string>
  run(slurmJobId: string): Promise<void>
  end(slurmJobId: string, exitCode: number): Promise<void>
  /** slurmctld no longer remembers a job that is over. */
  forget(slurmJobId: string): Promise<void>
  slurmctld(is: 'away' | 'there'): Promise<void>
  accounting(is: 'away' | 'there'): Promise<void>
  /** What it takes to submit a job of that name that waits; null where submissions are not staged. */
  order: ((name: string) => Promise<SubmitOrder>) | null
  close(): Promise<void>
}

export interface Stages {
  withAccounting: () => Promise<Stage>
  withoutAccounting: () => Promise<Stage>
}

const SINCE = '2020-01-01T00:00:00Z'
const keyRefused = (error: unknown): boolean => error instanceof SlurmError && error.code === 'SSH_AUTH'
const passing = (error: unknown): boolean => error instanceof SlurmError && error.transient
const ms = (time: string | null): number => Date.parse(time ?? '')

export function schedulerConformance(driver: string, stages: Stages): void {
  describe(`scheduler: ${driver}`, () => {
    let stage: Stage
    let scheduler: SlurmScheduler
    const submitted = new Map<string, string>()
    const idOf = (name: string): string => submitted.get(name) ?? assert.fail(`${name} was not submitted`)
    const submit = async (name: string): Promise<string> => {
      const id = await stage.submit(name)
      submitted.set(name, id)
      return id
    }

    async function listed(name: string): Promise<SlurmJob> {
      const rows = (await scheduler.listJobs()).filter(job => job.name === name)
      assert.equal(rows.length, 1, `${name} is listed ${rows.length} times`)
      return rows[0] as SlurmJob
    }
    async function answered(query: Parameters<SlurmScheduler['account']>[0]): Promise<readonly AccountedJob[]> {
      const answer = await scheduler.account(query)
      assert.ok(answer.kind === 'answered')
      return answer.jobs
    }
    const known = (...names: string[]) => answered({ names, since: SINCE })
    /** Accounting may lag behind. */
    const accounted = (name: string, phase: 'live' | 'over'): Promise<AccountedJob> =>
      eventually(`accounting calls ${name} ${phase}`, async () =>
        (await known(name)).find(({ state }) => state.phase === phase),
      )

    const ofSlurmctld = (asked: SlurmScheduler): Promise<unknown>[] => [
      asked.facts(),
      asked.listJobs(),
      asked.listPending(),
      asked.cancel({ slurmJobId: idOf('runs'), name: 'runs' }),
    ]
    const ofAccounting = (asked: SlurmScheduler): Promise<unknown>[] => [
      asked.account({ names: ['runs'], since: SINCE }),
      asked.account({ ids: [idOf('runs')] }),
    ]
    async function allFail(answers: Promise<unknown>[], rightly: (error: unknown) => boolean): Promise<void> {
      await Promise.all(answers.map(answer => assert.rejects(answer, rightly)))
    }

    before(async () => {
      stage = await stages.withAccounting()
      scheduler = stage.open()
      for (const name of ['waits', 'runs', 'ends', 'fails', 'ends-2']) await submit(name)
      await Promise.all(['runs', 'ends', 'fails', 'ends-2'].map(name => stage.run(idOf(name))))
    })
    after(() => stage?.close())

    test('facts say which Slurm it is, whether it keeps accounts and how long it remembers, and are kept', async () => {
      const facts = await scheduler.facts()
      assert.match(facts.version, /^\d+\.\d+/)
      assert.notEqual(facts.clusterName, '')
      assert.ok(facts.minJobAgeSeconds > 0)
      assert.equal(facts.accounting, true)
      assert.ok(facts.killWaitSeconds > 0)
      assert.equal(await scheduler.facts(), facts)
    })

    test('every job of the user is listed once, under its own name and id, and no other', async () => {
      const rows = (await scheduler.listJobs()).map(({ name, slurmJobId }) => [name, slurmJobId])
      assert.deepEqual(rows.sort(), [...submitted].sort())
    })

    describe('a job that waits', () => {
      test('is waiting, with a reason, on no node', async () => {
        const { state, reason, nodeList, restarts, array, submitAt } = await listed('waits')
        assert.deepEqual([state.phase, state.ending, nodeList, restarts, array], ['waiting', null, '', 0, null])
        assert.ok(reason)
        assert.ok(ms(submitAt) > 0)
      })

      test('is pending, alone of them all, with its reason and priority', async () => {
        const pending = await scheduler.listPending()
        assert.deepEqual(
          pending.map(({ name, slurmJobId }) => [name, slurmJobId]),
          [['waits', idOf('waits')]],
        )
        const [{ reason, priority, partition } = assert.fail()] = pending
        assert.equal(reason, (await listed('waits')).reason)
        assert.ok(Number.isSafeInteger(priority) && priority >= 0)
        assert.equal(partition, (await listed('waits')).partition)
      })

      test('is never more than waiting for accounting, which may not know it yet', async () => {
        for (const { name, state } of await known('waits')) {
          assert.deepEqual([name, state.phase], ['waits', 'waiting'])
        }
      })
    })

    describe('a job that runs', () => {
      test('is live, on its nodes, since its start, and was never restarted', async () => {
        const { state, reason, nodeList, restarts, submitAt, startAt } = await listed('runs')
        assert.deepEqual([state.word, state.phase, state.ending, reason, restarts], ['RUNNING', 'live', null, null, 0])
        assert.notEqual(nodeList, '')
        assert.ok(ms(startAt) >= ms(submitAt))
      })

      test('is live for accounting too, on the same nodes, and has no end', async () => {
        const { slurmJobId, state, nodeList, endAt } = await accounted('runs', 'live')
        assert.deepEqual([slurmJobId, state.ending, endAt], [idOf('runs'), null, null])
        assert.equal(nodeList, (await listed('runs')).nodeList)
      })
    })

    describe('a job that has ended', () => {
      test('is over while Slurm remembers it, with its ending, its times and its nodes', async () => {
        await stage.end(idOf('ends'), 0)
        const { state, reason, startAt, endAt, nodeList } = await listed('ends')
        assert.deepEqual([state.word, state.phase, state.ending, reason], ['COMPLETED', 'over', 'completed', null])
        assert.ok(ms(endAt) >= ms(startAt))
        assert.notEqual(nodeList, '')
      })

      test('is over for accounting, asked by name and by id', async () => {
        const job = await accounted('ends', 'over')
        assert.deepEqual([job.name, job.slurmJobId, job.state.word], ['ends', idOf('ends'), 'COMPLETED'])
        assert.deepEqual([job.state.ending, job.exitCode], ['completed', { code: 0, signal: 0 }])
        assert.ok(ms(job.endAt) >= ms(job.startAt))
        assert.notEqual(job.nodeList, '')
        assert.deepEqual(await answered({ ids: [idOf('ends')] }), [job])
        assert.deepEqual(await answered({ ids: [idOf('ends')], everyRun: true }), [job])
      })

      test('has failed when its script did, and accounting knows the exit code', async () => {
        await stage.end(idOf('fails'), 3)
        const { state } = await listed('fails')
        assert.deepEqual([state.word, state.phase, state.ending], ['FAILED', 'over', 'failed'])
        const job = await accounted('fails', 'over')
        assert.deepEqual([job.state.ending, job.exitCode], ['failed', { code: 3, signal: 0 }])
      })

      test('is not found by name since a time after its end', async () => {
        const hourAhead = new Date(ms((await accounted('ends', 'over')).endAt) + 3_600_000).toISOString()
        assert.deepEqual(await answered({ names: ['ends'], since: hourAhead }), [])
      })
    })

    describe('accounting', () => {
      test('leaves out what it does not know, by name and by id', async () => {
        const job = await accounted('ends', 'over')
        assert.deepEqual(await known('nobody', 'ends', 'nobody-2'), [job])
        assert.deepEqual(await answered({ ids: ['999998', idOf('ends'), '999999'] }), [job])
        assert.deepEqual(await known('nobody'), [])
        assert.deepEqual(await answered({ ids: ['999999'] }), [])
      })

      test('gives nothing under a name or an id that was not asked for, however alike', async () => {
        await accounted('ends-2', 'live')
        for (const names of [['ends'], ['ends-2'], ['ends', 'ends-2']]) {
          assert.deepEqual((await known(...names)).map(({ name }) => name).sort(), names)
          const ids = names.map(idOf)
          assert.deepEqual((await answered({ ids })).map(({ slurmJobId }) => slurmJobId).sort(), ids.sort())
        }
        assert.deepEqual(await known('end'), [])
      })
    })

    test('the jobs of one user are not listed, accounted or cancelled for another', async () => {
      const another = stage.openForAnother()
      assert.deepEqual(await another.listJobs(), [])
      assert.deepEqual(await another.listPending(), [])
      const ids = [...submitted.values()]
      assert.deepEqual(await another.account({ ids }), { kind: 'answered', jobs: [] })
      const names = [...submitted.keys()]
      assert.deepEqual(await another.account({ names, since: SINCE }), { kind: 'answered', jobs: [] })
      await another.cancel({ slurmJobId: idOf('runs'), name: 'runs' })
      assert.equal((await listed('runs')).state.phase, 'live')
    })

    describe('cancel', () => {
      test('does nothing to a job that has another name than its id should have, nor for an id that nobody has', async () => {
        await scheduler.cancel({ slurmJobId: idOf('waits'), name: 'runs' })
        await scheduler.cancel({ slurmJobId: idOf('runs'), name: 'waits' })
        await scheduler.cancel({ slurmJobId: '999999', name: 'runs' })
        assert.deepEqual([(await listed('waits')).state.phase, (await listed('runs')).state.phase], ['waiting', 'live'])
      })

      test('is harmless for a job that is over: its ending stays', async () => {
        await scheduler.cancel({ slurmJobId: idOf('ends'), name: 'ends' })
        for (const { name, state } of await scheduler.listJobs()) {
          if (name === 'ends') assert.equal(state.ending, 'completed')
        }
        assert.equal((await accounted('ends', 'over')).state.ending, 'completed')
      })

      test('ends a job that waits and one that runs, and accounting says by whom', async () => {
        await stage.run(await submit('stopped'))
        for (const [name, ran] of [
          ['waits', false],
          ['stopped', true],
        ] as const) {
          await scheduler.cancel({ slurmJobId: idOf(name), name })
          await eventually(`${name} is cancelled`, async () => (await listed(name)).state.ending === 'cancelled')
          const { state, nodeList, startAt } = await accounted(name, 'over')
          assert.deepEqual([state.word, state.ending], ['CANCELLED', 'cancelled'])
          assert.match(state.raw, /^CANCELLED by \d+$/)
          assert.deepEqual([nodeList !== '', startAt !== null], [ran, ran], name)
        }
      })
    })

    test('submitMany answers for each order in its place, the same when asked again, and nothing for none', async t => {
      const { order } = stage
      if (order === null) return t.skip('submissions are not scripted')
      const orders = await Promise.all(['first', 'second', 'third'].map(name => order(name)))
      const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = orders
      const asked = [first, { ...second, mode: 'look' as const }, third]
      const told: [at: number, outcome: unknown][] = []
      const outcomes = await scheduler.submitMany(asked, (...each) => void told.push(each))
      assert.deepEqual(
        told.toSorted(([a], [b]) => a - b),
        [0, 2].map(at => [at, outcomes[at]]),
        'jobs are told of while the step goes on, other answers at its end',
      )
      assert.deepEqual(
        outcomes.map(outcome => ('kind' in outcome ? outcome.kind : outcome.code)),
        ['submitted', 'absent', 'submitted'],
      )
      for (const [at, name] of [
        [0, 'first'],
        [2, 'third'],
      ] as const) {
        const outcome = outcomes[at]
        assert.ok(outcome && 'kind' in outcome && outcome.kind === 'submitted')
        assert.equal(outcome.slurmJobId, (await listed(name)).slurmJobId)
        submitted.set(name, outcome.slurmJobId)
      }
      const again = await scheduler.submitMany(asked)
      const known = outcomes.map(outcome => ('slurmJobId' in outcome ? { ...outcome, how: 'known' } : outcome))
      assert.deepEqual(again, known)
      assert.deepEqual(await scheduler.submitOnce(third), known[2])
      assert.deepEqual(await scheduler.submitMany([]), [])
    })

    test('a refused key is said to every question', async () => {
      const refused = await stage.openWithWrongKey()
      await allFail([...ofSlurmctld(refused), ...ofAccounting(refused)], keyRefused)
    })

    test('about nobody nothing is asked, so even a refused key does not matter', async () => {
      const refused = await stage.openWithWrongKey()
      assert.deepEqual(await refused.account({ ids: [] }), { kind: 'answered', jobs: [] })
      assert.deepEqual(await refused.account({ names: [], since: SINCE }), { kind: 'answered', jobs: [] })
    })

    test('while accounting is away its questions throw what passes, and jobs are listed all the same', async () => {
      await stage.accounting('away')
      await allFail(ofAccounting(scheduler), passing)
      await stage.end(idOf('ends-2'), 4)
      assert.equal((await listed('ends-2')).state.ending, 'failed')
      await stage.accounting('there')
    })

    test('a job that slurmctld has forgotten is not listed, is accounted, and can be cancelled harmlessly', async () => {
      await stage.forget(idOf('fails'))
      const names = (await scheduler.listJobs()).map(({ name }) => name)
      assert.ok(!names.includes('fails') && names.includes('runs'), names.join(' '))
      await scheduler.cancel({ slurmJobId: idOf('fails'), name: 'fails' })
      assert.equal((await accounted('fails', 'over')).state.ending, 'failed')
    })

    test('while slurmctld is away its questions throw what passes, never an empty list; what is kept or accounted still answers', async () => {
      const facts = await scheduler.facts()
      const ended = await accounted('ends', 'over')
      await stage.slurmctld('away')
      await allFail(ofSlurmctld(stage.open()), passing)
      assert.equal(await scheduler.facts(), facts)
      assert.deepEqual(await known('ends'), [ended])
      assert.deepEqual(await answered({ ids: [idOf('ends')] }), [ended])
      await stage.slurmctld('there')
      assert.equal((await listed('runs')).state.phase, 'live', 'a cancel that failed does not come later')
    })

    test('a job that ended while accounting was away is accounted once it is back', async () => {
      const { state, exitCode } = await accounted('ends-2', 'over')
      assert.deepEqual([state.ending, exitCode.code], ['failed', 4])
    })
  })

  describe(`scheduler without accounting: ${driver}`, () => {
    let stage: Stage
    before(async () => {
      stage = await stages.withoutAccounting()
    })
    after(() => stage?.close())

    test('says that accounting is off, by name and by id, and lists jobs as ever', async () => {
      const scheduler = stage.open()
      assert.equal((await scheduler.facts()).accounting, false)
      const id = await stage.submit('alone')
      await stage.run(id)
      await stage.end(id, 0)
      assert.deepEqual(await scheduler.account({ names: ['alone'], since: SINCE }), { kind: 'off' })
      assert.deepEqual(await scheduler.account({ ids: [id] }), { kind: 'off' })
      assert.deepEqual(
        (await scheduler.listJobs()).map(({ name, state }) => [name, state.ending]),
        [['alone', 'completed']],
      )
    })
  })
}
