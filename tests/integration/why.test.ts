// GET /v1/jobs/{id}/why and DELETE ?force=true over a real Redis, with a cluster that nobody owns; and the questions to an owner,
// asked by another process than the one that owns it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Job, Problem, Why } from '@trotline/contracts'
import type { ClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { createAskOwner } from '../../apps/orchestrator/src/streams/ask-owner.ts'
import { clusterSettings, later, record, slurmView } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'
import { ScriptedSlurm } from '../support/scripted-scheduler.ts'

let rig: RedisRig
let store: Store
let address: string
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  const app = await rig.serve(store)
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig.close())

async function ask(method: 'GET' | 'DELETE', path: string, who: keyof typeof TOKENS = 'ada') {
  const answer = await fetch(address + path, { method, headers: { authorization: `Bearer ${TOKENS[who]}` } })
  return { status: answer.status, body: (await answer.json()) as unknown }
}
async function problem(answer: ReturnType<typeof ask>, status: number, code: string): Promise<string> {
  const { status: found, body } = await answer
  const parsed = Problem.parse(body)
  assert.deepEqual([found, parsed.code], [status, code])
  return parsed.detail
}
const HOLD = { stage: 'submit' as const, code: 'SUBMISSION_UNKNOWABLE', detail: 'Nobody can tell.', since: later(0) }

describe('why', () => {
  test('a waiting job is told from its record at once where nobody owns the cluster, and that it could not be asked', async () => {
    const slurm = slurmView({ reason: 'QOSMaxCpuPerUserLimit', name: 'tl-x-1' })
    const { id } = await store.add({ state: 'pending', slurm }, { dueAt: null })
    const asked: string[] = []
    const listener = store.waiting()
    listener.on('message', (_channel, text) => asked.push(text))
    await listener.subscribe(store.keys.ask('local'))
    const { status, body } = await ask('GET', `/v1/jobs/${id}/why`)
    assert.equal(status, 200)
    const why = Why.parse(body)
    assert.match(why.summary, /QOSMaxCpuPerUserLimit/)
    assert.deepEqual([why.pending?.jobsAhead, why.pending?.askedAt], [null, null])
    assert.ok(why.details.some(line => line.includes('could not be asked for more: No process owns cluster local')))
    await listener.unsubscribe()
    assert.deepEqual(asked, [], 'nobody waits for an answer that cannot come')
  })

  test('a running job tells the time of its last epochs by the server’s clock', async () => {
    const { id } = await store.add(
      { state: 'running', slurm: slurmView({ state: 'RUNNING', nodes: 'c01' }) },
      { dueAt: null },
    )
    await store.epochs.put(id, [
      { epoch: 4, at: '1999-01-01T00:00:00Z', seconds: 1, values: { loss: 1 }, run: '1-0', attempt: 1 },
    ])
    const why = Why.parse((await ask('GET', `/v1/jobs/${id}/why`)).body)
    assert.match(why.summary, /^It runs on c01.* 1 of 1000 epochs are trained, the last one \d+ s ago\.$/)
    assert.ok(why.evidence.some(({ source, line }) => source === 'report' && line === 'epochs 5 to 5 of run 1-0'))
  })

  test('somebody else’s job has no why, an operator sees it', async () => {
    const { id } = await store.add()
    await problem(ask('GET', `/v1/jobs/${id}/why`, 'bob'), 404, 'job-not-found')
    assert.equal((await ask('GET', `/v1/jobs/${id}/why`, 'staff')).status, 200)
    await problem(ask('GET', '/v1/jobs/abcdefghjkmn/why'), 404, 'job-not-found')
    await problem(ask('GET', `/v1/jobs/${id}/why?verbose=1`), 400, 'invalid-request')
  })
})

describe('an end by force', () => {
  test('is for operators only; somebody else’s job does not even exist', async () => {
    const { id } = await store.add({ state: 'prepared', hold: HOLD })
    await problem(ask('DELETE', `/v1/jobs/${id}?force=true`), 403, 'forbidden')
    await problem(ask('DELETE', `/v1/jobs/${id}?force=true`, 'bob'), 404, 'job-not-found')
    assert.equal((await store.jobs.read(id)).state, 'prepared')
  })

  test('ends a held job as cancelled, though the cluster cannot be asked, and the record says all of it', async () => {
    const { id } = await store.add({ state: 'prepared', hold: HOLD })
    const { status, body } = await ask('DELETE', `/v1/jobs/${id}?force=true`, 'staff')
    assert.equal(status, 202)
    assert.equal(Job.parse(body).state, 'cancelled')
    const why = Why.parse((await ask('GET', `/v1/jobs/${id}/why`)).body)
    assert.match(why.summary, /^staff ended it by force\. A Slurm job of the name tl-[a-z0-9]+-1 may still be there/)
    const lines = why.evidence.map(({ line }) => line)
    assert.ok(lines.includes('held: SUBMISSION_UNKNOWABLE: Nobody can tell.'))
    assert.ok(lines.some(line => line.startsWith('cancelled mark: not written: No process owns cluster local')))
    await problem(ask('DELETE', `/v1/jobs/${id}?force=true`, 'staff'), 409, 'job-ended')
  })

  test('is refused while the job is well, or its cancel has only just been wished', async () => {
    const well = await store.add({ state: 'running', slurm: slurmView() })
    assert.match(
      await problem(ask('DELETE', `/v1/jobs/${well.id}?force=true`, 'staff'), 409, 'job-not-held'),
      /without force first/,
    )
    const wished = await store.add({
      state: 'pending',
      slurm: slurmView(),
      cancelRequestedAt: new Date().toISOString(),
    })
    assert.match(
      await problem(ask('DELETE', `/v1/jobs/${wished.id}?force=true`, 'staff'), 409, 'job-not-held'),
      /forced in 10 minutes/,
    )
  })
})

describe('questions to the owner from another process', () => {
  /** A cluster whose one file and one Slurm the test moves by hand. */
  function access(slurm: ScriptedSlurm): { access: ClusterAccess; looks(): number; written: Map<string, string> } {
    const written = new Map<string, string>()
    let looks = 0
    const scheduler = slurm.schedulerOf('ada')
    const counted = {
      ...scheduler,
      listPending: () => {
        looks += 1
        return scheduler.listPending()
      },
    }
    const transport = { put: async (path: string, content: string) => void written.set(path, content) }
    const identity = () => ({ name: 'default', unixUser: 'ada', transport, scheduler: counted })
    return {
      access: { settings: clusterSettings(), identity } as unknown as ClusterAccess,
      looks: () => looks,
      written,
    }
  }

  async function twoProcesses(own: ClusterAccess) {
    const of = (access: ClusterAccess | null) =>
      createAskOwner({
        publisher: store.redis,
        subscriber: store.waiting(),
        keys: store.keys,
        clusters: ['local'],
        own: () => access,
      })
    await store.redis.set(store.keys.lease('local'), 'owner', 'PX', 60_000)
    return { owner: await of(own), other: await of(null) }
  }
  after(() => store.redis.del(store.keys.lease('local')))

  test('a hundred that ask why their jobs wait cost the cluster one question', async () => {
    const slurm = new ScriptedSlurm()
    slurm.submit('ada', 'tl-one-1')
    const cluster = access(slurm)
    const { owner, other } = await twoProcesses(cluster.access)
    const about = { identity: 'default', partition: 'shared' }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? owner : other).queue('local', about)),
    )
    assert.equal(cluster.looks(), 1)
    for (const { jobs } of answers) assert.deepEqual([jobs[0]?.name, jobs[0]?.reason], ['tl-one-1', 'Priority'])
    await owner.queue('local', { identity: 'default', partition: 'gpu' })
    assert.equal(cluster.looks(), 2)
  })

  test('what could not be asked is told as the owner’s own trouble and not kept', async () => {
    const slurm = new ScriptedSlurm()
    slurm.slurmctld = 'away'
    const cluster = access(slurm)
    const { other } = await twoProcesses(cluster.access)
    const about = { identity: 'default', partition: 'shared' }
    await assert.rejects(other.queue('local', about), {
      code: 'CLUSTER_NOT_OWNED',
      message: /Slurm could not be asked/,
    })
    slurm.slurmctld = 'there'
    assert.deepEqual((await other.queue('local', about)).jobs, [])
  })

  test('what is no question, and what is no answer, ends neither process', async () => {
    const { other } = await twoProcesses(access(new ScriptedSlurm()).access)
    const answers = ((await store.redis.pubsub('CHANNELS', `${store.keys.ask('answers')}:*`)) as string[]).toSorted()
    assert.ok(answers.length >= 2)
    for (const channel of [store.keys.ask('local'), ...answers]) {
      for (const text of ['not JSON', '{}', 'null']) await store.redis.publish(channel, text)
    }
    assert.deepEqual((await other.queue('local', { identity: 'default', partition: 'shared' })).jobs, [])
  })

  test('the mark of a forced end is written by the owner', async () => {
    const cluster = access(new ScriptedSlurm())
    const { other } = await twoProcesses(cluster.access)
    await other.mark('local', { identity: 'default', path: '/scratch/trotline/x/cancelled', content: 'now\n' })
    assert.equal(cluster.written.get('/scratch/trotline/x/cancelled'), 'now\n')
  })
})

describe('restoring', () => {
  test('a job restored under its own id is listed and answers its old key, for as long as the key would have lived', async () => {
    const job = record({ state: 'prepared' })
    const key = { owner: 'ada', keySha256: 'a'.repeat(64), bodySha256: 'b'.repeat(64) }
    await store.redis.set(store.keys.lease('local'), 'recover', 'PX', 60_000)
    const lease = { cluster: 'local', value: 'recover' }
    const options = { secret: 'k'.repeat(43), idempotency: { key, lifeMs: 30_000 }, lease }
    assert.equal(await store.jobs.restore(job, [], options), true)
    assert.equal(await store.jobs.restore(job, [], options), false)
    assert.equal(await store.jobs.idempotent(key), job.id)
    const { owner: _, ...hashes } = key
    assert.deepEqual(await store.jobs.idempotencyOf(job.id), hashes)
    assert.ok((await store.redis.pttl(store.keys.idempotency('ada', key.keySha256))) <= 30_000)
    assert.ok((await store.jobs.idsInState('local', 'prepared')).includes(job.id))
    // Somebody has used the key meanwhile: that job keeps it, and this one is restored without.
    const other = record({ state: 'prepared' })
    assert.equal(await store.jobs.restore(other, [], options), true)
    assert.equal(await store.jobs.idempotent(key), job.id)
    await assert.rejects(store.jobs.restore(record(), [], { ...options, lease: { cluster: 'local', value: 'lost' } }), {
      code: 'LEASE_LOST',
    })
  })
})
