// Why a job waits, as the real Slurm tells it, and the forced end of a job whose cancel cannot be concluded.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Job, Why } from '@trotline/contracts'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request, slowRequest } from '../support/requests.ts'
import { slurm } from '../support/slurm-itself.ts'

test('a job held in Slurm says so in words, a running one says what it trains, an ended one how it ended', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const why = async (id: string): Promise<Why> =>
    Why.parse((await story.api.answered('GET', `/v1/jobs/${id}/why`)).body)

  const held = await story.api.submit(request({ resources: { hold: true } }))
  const pending = await eventually('squeue was asked', async () => {
    const told = await why(held.id)
    return told.pending?.reason === 'JobHeldUser' ? told : null
  })
  assert.match(pending.summary, /^It waits in Slurm \(JobHeldUser\): It is held in Slurm by its own user/)
  assert.notEqual(pending.pending?.askedAt, null)
  assert.match(pending.action ?? '', /scontrol release/)
  assert.ok(pending.evidence.some(({ source, line }) => source === 'squeue' && line.includes('PENDING JobHeldUser')))

  const running = await story.api.submit(slowRequest(100_000))
  const trains = await eventually('it trains', async () => {
    const told = await why(running.id)
    return /epochs are trained/.test(told.summary) ? told : null
  })
  assert.match(trains.summary, /^It runs on c\d+ since .* \d+ of 100000 epochs are trained, the last one \d+ s ago\.$/)

  await slurm(cluster, ['scancel', (await story.api.job(running.id)).slurm?.jobId ?? ''])
  await story.api.ended(running.id, 'cancelled')
  // By whom is sacct's word alone; where that is seconds behind, squeue's ends the job.
  assert.match((await why(running.id)).summary, /^It was cancelled outside Trotline \(CANCELLED(?: by \d+)?\)\.$/)

  await story.api.answered('DELETE', `/v1/jobs/${held.id}`)
  await story.api.ended(held.id, 'cancelled')
  assert.equal((await why(held.id)).summary.startsWith('It was cancelled as wished.'), true)
})

test('a cancel that cannot be concluded is ended by force, and the mark lies in the job directory', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster, settings: { limits: { forceAfterMinutes: 0 } } })
  await story.start()
  const { id, identity } = await story.api.submit(request({ resources: { hold: true } }))
  const job = await eventually('Slurm has it', async () => {
    const found = await story.api.job(id)
    return found.state === 'pending' ? found : null
  })
  const early = await story.api.answered('DELETE', `/v1/jobs/${id}?force=true`)
  assert.equal(early.status, 409)
  await story.api.answered('DELETE', `/v1/jobs/${id}`)
  const forced = await story.api.answered('DELETE', `/v1/jobs/${id}?force=true`)
  // Slurm may have been faster: then there was nothing to force.
  if (forced.status === 409) assert.equal((await story.api.job(id)).state, 'cancelled')
  else assert.equal(Job.parse(forced.body).state, 'cancelled')
  const mark = join(story.workDir, 'jobs', identity.unixUser, id, 'cancelled')
  assert.match(readFileSync(mark, 'utf8'), /^\d{4}-/)
  const events: string[] = []
  for await (const { data } of story.api.events(id)) {
    if (data.type === 'state') events.push(...data.evidence)
    if (data.type === 'state' && data.to === 'cancelled') break
  }
  if (forced.status === 202) assert.ok(events.includes('cancelled mark: written'), events.join('; '))
  await slurm(cluster, ['scancel', '-n', `tl-${id}-1`])
  assert.equal(job.slurm?.name, `tl-${id}-1`)
})
