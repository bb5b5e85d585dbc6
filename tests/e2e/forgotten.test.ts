// slurmctld is killed and comes back with an older state: it has forgotten a job that it acknowledged, and gives its id to
// somebody else's. The job is submitted again, once, and the new owner of the id is never touched.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { type LocalCluster, startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'
import { pickPort } from '../../deploy/local/ports.ts'
import { argumentsOf, environmentOf, listProcesses } from '../../deploy/local/proc.ts'
import { ownCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

describe('slurmctld forgets', () => {
  let cluster: LocalCluster
  let state: string
  before(async () => {
    cluster = await ownCluster()
    const [, folder] = /StateSaveLocation\s*=\s*(\S+)/.exec(await slurm(cluster, ['scontrol', 'show', 'config'])) ?? []
    state = folder ?? assert.fail('slurmctld does not say where its state lies')
  })

  /** What slurmctld acknowledges in between is lost, as after a power cut. */
  async function losing(
    acknowledged: () => Promise<void>,
    whileAway: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    const before = join(cluster.home, 'state-before')
    await rm(before, { recursive: true, force: true })
    await stopDaemon(cluster.home, 'slurmctld')
    await cp(state, before, { recursive: true, preserveTimestamps: true })
    await startDaemon(cluster.home, 'slurmctld')
    await acknowledged()
    await stopDaemon(cluster.home, 'slurmctld', 'SIGKILL')
    await whileAway()
    await rm(state, { recursive: true })
    await cp(before, state, { recursive: true, preserveTimestamps: true })
    await startDaemon(cluster.home, 'slurmctld')
  }
  const outsider = (name: string): Promise<string> =>
    slurm(cluster, ['sbatch', '--parsable', '--hold', '--output=/dev/null', `--job-name=${name}`, '--wrap=true'])
  /**
   * It listens at another port from now on, and all but slurmd-p01, which is told, are left behind: a step asks again where slurmctld was
   * when the step began, every 15 s, and at the same port it would find it within that time.
   */
  async function moveSlurmctld(): Promise<void> {
    await stopDaemon(cluster.home, 'slurmd-p01')
    const port = await pickPort()
    for (const file of ['etc/slurm.conf', 'etc/daemons/slurm.conf']) {
      const path = join(cluster.home, file)
      const text = await readFile(path, 'utf8')
      await writeFile(path, text.replace(/^SlurmctldPort=\d+$/m, `SlurmctldPort=${port}`))
    }
  }
  /** Until it is gone Slurm waits for the number to be free: COMPLETING. */
  function endStep(slurmJobId: string): void {
    const steps = listProcesses().filter(
      ({ pid, command }) =>
        command === 'slurmstepd' &&
        argumentsOf(pid).join(' ').includes(`[${slurmJobId}.batch]`) &&
        environmentOf(pid).get('SLURM_CONF')?.startsWith(`${cluster.home}/`),
    )
    assert.equal(steps.length, 1)
    for (const { pid } of steps) process.kill(pid, 'SIGKILL')
  }
  const logOf = (daemon: string): Promise<string> => readFile(join(cluster.home, 'log', `${daemon}.log`), 'utf8')
  const stateOf = (id: string): Promise<string> =>
    slurm(cluster, ['squeue', '-h', '-t', 'all', '-j', id, '-o', '%j %T'])

  test('a waiting job is submitted again, shown as such, runs once, and the new owner of its id is left alone', async t => {
    const story = await createStory(t, { cluster, clusterSettings: { resultPatienceMs: 6_000 } })
    const server = await story.start()
    const { api } = story
    let id = ''
    let lostId = ''
    await losing(async () => {
      const submitted = await api.submit(request({ epochs: 20, resources: { hold: true } }))
      id = submitted.id
      const pending = await eventually('it is pending', async () => {
        const job = await api.job(id)
        return job.state === 'pending' ? job : null
      })
      lostId = pending.slurm?.jobId ?? ''
      await server.kill()
    })
    assert.equal(await outsider('somebody-elses'), lostId, 'the id was given out again')
    await story.start()

    const again = await eventually(
      'it is submitted again',
      async () => {
        const job = await api.job(id)
        return job.submission === 2 && job.state === 'pending' ? job : null
      },
      300_000,
    )
    assert.deepEqual(
      again.submissions.map(({ cause }) => cause),
      ['request', 'forgotten'],
    )
    assert.equal(again.submissions[0]?.slurmJobId, lostId)
    assert.match(again.submissions[1]?.evidence.join('\n') ?? '', /squeue: does not list it/)
    assert.notEqual(again.slurm?.jobId, lostId)
    assert.equal(await stateOf(lostId), 'somebody-elses PENDING')

    await slurm(cluster, ['scontrol', 'release', again.slurm?.jobId ?? ''])
    const job = await api.ended(id, 'completed')
    assert.deepEqual(
      job.runs.map(({ run }) => run),
      ['2-0'],
    )
    await slurm(cluster, ['scancel', lostId])
  })

  test('a cancel of a forgotten job ends it and does not reach the job that has its id now', async t => {
    const story = await createStory(t, { cluster, clusterSettings: { resultPatienceMs: 6_000 } })
    const server = await story.start()
    const { api } = story
    let id = ''
    let lostId = ''
    await losing(async () => {
      id = (await api.submit(request({ resources: { hold: true } }))).id
      lostId = await eventually('it is pending', async () => {
        const job = await api.job(id)
        return job.state === 'pending' ? job.slurm?.jobId : null
      })
      await server.kill()
    })
    assert.equal(await outsider('somebody-elses'), lostId)
    await story.start()
    assert.equal((await api.answered('DELETE', `/v1/jobs/${id}`)).status, 202)
    const job = await api.ended(id, 'cancelled')
    assert.equal(job.submission, 1)
    assert.equal(await stateOf(lostId), 'somebody-elses PENDING')
  })

  test('a job whose number still runs on its node cannot be launched: that is told, and not taken for somebody’s cancel', async t => {
    const story = await createStory(t, { cluster })
    let taken = ''
    const runs = join(cluster.home, 'it-runs')
    await losing(
      async () => {
        const script = `touch ${runs}; while [ -e ${runs} ]; do sleep 0.1; done`
        const sbatch = ['sbatch', '--parsable', '--partition=gpup100', '--output=/dev/null', `--wrap=${script}`]
        taken = await slurm(cluster, sbatch)
        // RUNNING is said before slurmd is told.
        await eventually('it runs', () => existsSync(runs))
      },
      // Its step cannot tell that it is over, and holds its number on the node until it can.
      async () => {
        await rm(runs)
        await eventually('its step waits', async () =>
          (await logOf('slurmd-p01')).includes(`Retrying job complete RPC for StepId=${taken}.batch`),
        )
        await moveSlurmctld()
      },
    )
    await startDaemon(cluster.home, 'slurmd-p01')
    await story.start()
    const { api } = story
    const { id } = await api.submit(request({ resources: { partition: 'gpup100', requeue: false } }))
    await eventually('its launch has failed', async () =>
      (await logOf('slurmd-p01')).includes(`Could not launch job ${taken} `),
    )
    endStep(taken)

    const job = await api.ended(id, 'failed')
    assert.equal(job.slurm?.jobId, taken, 'the number was given out again')
    assert.equal(job.failure?.reason, 'launch-failed')
    assert.match(job.failure?.evidence.join('\n') ?? '', /CANCELLED.*\n.*within 1 s of its start on p01/s)
    assert.ok(job.runs.every(({ startedAt }) => startedAt === null))
    const why = await api.answered('GET', `/v1/jobs/${id}/why`)
    assert.match(JSON.stringify(why.body), /could not start it on its node/)
  })
})
