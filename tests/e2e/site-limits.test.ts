// A site that takes two jobs of a user at a time (a QOS with MaxSubmitJobsPerUser): the others wait in our queue with Slurm's word
// for it, drip in in the order in which they were accepted, and every one runs once.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LocalCluster, startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'
import { ownCluster, slurm, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

const TAKEN = 2
const JOBS = 7

/** Limits are kept to only where slurmctld is told to (man slurm.conf, AccountingStorageEnforce). */
async function narrow(cluster: LocalCluster): Promise<void> {
  const manage = (...words: string[]): Promise<string> => slurm(cluster, ['sacctmgr', '-i', ...words])
  await manage('add', 'account', 'crabs')
  await manage('add', 'qos', 'narrow', `MaxSubmitJobsPerUser=${TAKEN}`)
  await manage('add', 'user', cluster.ssh.user, 'account=crabs', 'DefaultAccount=crabs', 'qos=normal,narrow')
  await stopDaemon(cluster.home, 'slurmctld')
  for (const file of ['etc/slurm.conf', 'etc/daemons/slurm.conf']) {
    const path = join(cluster.home, file)
    await writeFile(path, `${await readFile(path, 'utf8')}\nAccountingStorageEnforce=limits,qos\n`)
  }
  await startDaemon(cluster.home, 'slurmctld')
  await eventually('the limit is known', async () => {
    const told = await slurm(cluster, ['scontrol', 'show', 'config'])
    return /AccountingStorageEnforce\s*=\s*.*limits/.test(told)
  })
}

test('jobs beyond the site’s limit wait with its reason, drip in in order, and run once each', async t => {
  const cluster = await ownCluster()
  await narrow(cluster)
  const story = await createStory(t, { cluster })
  await story.start()
  const ids: string[] = []
  for (let i = 0; i < JOBS; i++) {
    // The first are held in Slurm, so that they are not over before the others come.
    const resources = { qos: 'narrow', hold: i < TAKEN }
    ids.push((await story.api.submit(request({ preset: 'linear-regression', epochs: 20, resources }))).id)
  }

  const waiting = await eventually('some wait for the site', async () => {
    const jobs = await Promise.all(ids.map(id => story.api.job(id)))
    const those = jobs.filter(job => job.trying?.code === 'SITE_LIMIT')
    return those.length > 0 ? those : null
  })
  assert.equal(waiting[0]?.trying?.stage, 'submit')
  assert.match(
    waiting[0]?.trying?.detail ?? '',
    /^Slurm takes no more for now, QOSMaxSubmitJobPerUserLimit: .*QOS policy .*waits in our queue/,
  )

  for (const id of ids.slice(0, TAKEN)) await slurm(cluster, ['scontrol', 'release', `jobname=tl-${id}-1`])

  let most = 0
  const ended = await eventually(
    'all have ended',
    async () => {
      // Slurm takes the next one as soon as one is over, while its node still clears up (COMPLETING).
      const live = await slurm(cluster, ['squeue', '-h', '-t', 'PD,CF,R', '-o', '%A'])
      most = Math.max(most, live === '' ? 0 : live.split('\n').length)
      const jobs = await Promise.all(ids.map(id => story.api.job(id)))
      return jobs.every(job => job.endedAt !== null) ? jobs : null
    },
    300_000,
  )
  assert.ok(most <= TAKEN, `${most} stood in Slurm at a time`)
  const slurmIds = ended.map(job => Number(job.slurm?.jobId))
  assert.deepEqual(
    slurmIds,
    slurmIds.toSorted((a, b) => a - b),
    'in the order in which they were accepted',
  )
  for (const job of ended) {
    assert.equal(job.state, 'completed')
    assert.equal((await slurmJobsOf(cluster, job.id)).length, 1)
    assert.deepEqual([job.submission, job.runs.length], [1, 1])
  }
})
