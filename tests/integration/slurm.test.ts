// The scheduler against a real Slurm over SSH, and whether this machine's Slurm still says what the fixtures say.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createSlurmScheduler,
  createSsh2Transport,
  type SlurmJob,
  type SlurmScheduler,
  type Transport,
} from '@trotline/slurm'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { ROW_END, UNIT } from '../../packages/slurm/src/formats/rows.ts'
import { type Fixture, majorOf, readFixtures } from '../fixtures/fixture-file.ts'
import { quickScenes } from '../fixtures/scenes.ts'
import { Stage } from '../fixtures/stage.ts'
import { sharedCluster } from '../support/cluster.ts'

let cluster: LocalCluster
let transport: Transport
let scheduler: SlurmScheduler

const submit = async (name: string, ...options: string[]): Promise<string> => {
  const fixed = ['--parsable', `--job-name=${name}`, '--output=/dev/null', '--wrap=sleep 600']
  const { stdout, stderr } = await transport.exec(['sbatch', ...fixed, ...options])
  assert.match(stdout, /^\d+$/m, stderr)
  return stdout.trim()
}

async function sees(name: string, fact: (job: SlurmJob) => boolean): Promise<SlurmJob> {
  for (const giveUpAt = Date.now() + 60_000; ; await sleep(200)) {
    const job = (await scheduler.listJobs()).find(one => one.name === name)
    if (job && fact(job)) return job
    assert.ok(Date.now() < giveUpAt, `${name} is ${JSON.stringify(job)}`)
  }
}

/** What does not change from one recording to the next: exit code, columns, and whether something was said. */
function shapeOf({ exitCode, stdout, stderr }: Fixture) {
  const columns = new Set(
    stdout
      .replaceAll(ROW_END, '\n')
      .split('\n')
      .map(line => line.split(UNIT).length),
  )
  return { exitCode, columns: [...columns].sort(), said: stderr !== '' }
}

describe('scheduler', () => {
  before(async () => {
    cluster = await sharedCluster()
    const { user, ...ssh } = cluster.ssh
    transport = createSsh2Transport({ ...ssh, username: user })
    scheduler = createSlurmScheduler({ transport, user })
  })
  after(() => transport?.close())

  test('facts and partitions of the cluster are read, facts only once', async () => {
    const facts = await scheduler.facts()
    assert.deepEqual([facts.clusterName, facts.accounting, facts.minJobAgeSeconds], ['trotline', true, 300])
    assert.equal(await scheduler.facts(), facts)
    const partitions = await scheduler.partitions()
    assert.ok(partitions.some(({ isDefault }) => isDefault))
    assert.ok(partitions.some(({ groups }) => groups.some(({ gres }) => gres.some(({ name }) => name === 'gpu'))))
  })

  test('a job is seen waiting, living and over, by name and by id', async () => {
    const slurmJobId = await submit('seen', '--hold')
    const waits = await sees('seen', () => true)
    assert.deepEqual([waits.slurmJobId, waits.state.phase, waits.reason], [slurmJobId, 'waiting', 'JobHeldUser'])
    await transport.exec(['scontrol', 'release', slurmJobId])
    const lives = await sees('seen', ({ state }) => state.phase === 'live')
    assert.ok(lives.startAt !== null && lives.nodeList !== '')
    await scheduler.cancel({ slurmJobId, name: 'seen' })
    await sees('seen', ({ state }) => state.ending === 'cancelled')
    for (const query of [{ ids: [slurmJobId] }, { names: ['seen'], since: '2020-01-01T00:00:00Z' }]) {
      for (const giveUpAt = Date.now() + 30_000; ; await sleep(200)) {
        const accounting = await scheduler.account(query)
        assert.ok(accounting.kind === 'answered')
        const [job] = accounting.jobs
        // slurmdbd names a job "allocation" until slurmctld's own record of it has arrived (seen on 22.05).
        if (job?.state.ending === 'cancelled' && job.name === 'seen') break
        assert.ok(Date.now() < giveUpAt, JSON.stringify(job))
      }
    }
  })

  test('an id whose job has another name is not cancelled', async () => {
    const slurmJobId = await submit('of-another', '--hold')
    await scheduler.cancel({ slurmJobId, name: 'ours' })
    await scheduler.cancel({ slurmJobId: '999999', name: 'ours' })
    assert.equal((await sees('of-another', () => true)).state.word, 'PENDING')
    await scheduler.cancel({ slurmJobId, name: 'of-another' })
    await sees('of-another', ({ state }) => state.ending === 'cancelled')
  })

  test('2,500 ids are asked about in one call, and those that nobody knows are left out', async () => {
    const slurmJobId = await submit('among-many', '--hold')
    await scheduler.cancel({ slurmJobId, name: 'among-many' })
    const ids = [slurmJobId, ...Array.from({ length: 2_499 }, (_, n) => String(500_000 + n))]
    for (const giveUpAt = Date.now() + 30_000; ; await sleep(200)) {
      const accounting = await scheduler.account({ ids })
      assert.ok(accounting.kind === 'answered')
      if (accounting.jobs.length === 1 && accounting.jobs[0]?.name === 'among-many') break
      assert.ok(Date.now() < giveUpAt, 'sacct does not show the job')
    }
  })

  test('about nobody nothing is asked', async () => {
    assert.deepEqual(await scheduler.account({ ids: [] }), { kind: 'answered', jobs: [] })
  })

  test('a cluster whose Slurm is not on the PATH, or a command that hangs, could not be asked', async () => {
    const elsewhere = createSlurmScheduler({
      transport: withWords(transport, ['env', 'PATH=/usr/bin/nowhere:/bin']),
      user: 'x',
    })
    await assert.rejects(elsewhere.listJobs(), { code: 'SLURM_UNREACHABLE', transient: true })
  })

  test('this Slurm still answers in the shapes that were recorded', async t => {
    const stage = new Stage(cluster)
    await quickScenes(stage)
    await stage.close()
    const recorded = new Map(
      (await readFixtures()).map(fixture => [`${majorOf(fixture.slurm)}/${fixture.name}`, fixture]),
    )
    const version = majorOf(stage.fixtures[0]?.slurm ?? '')
    if (!recorded.has(`${version}/scontrol-config`))
      t.diagnostic(`nothing is recorded of Slurm ${version}: npm run record`)
    for (const now of stage.fixtures) {
      const then = recorded.get(`${version}/${now.name}`)
      if (then) assert.deepEqual(shapeOf(now), shapeOf(then), now.name)
    }
  })
})

const withWords = (over: Transport, words: readonly string[]): Transport => ({
  ...over,
  health: over.health,
  exec: (argv, options) => over.exec([...words, ...argv], options),
})
