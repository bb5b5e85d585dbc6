// What requests meet: the whole server over a Redis of its own, with jobs in every state, logs, artifacts, environments and webhooks, and a
// cluster whose files are this machine's. No Slurm is asked: what the cluster's owner would do with a job is not done.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, JobState } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { bundleOf } from '../../apps/orchestrator/src/lifecycle/bundle.ts'
import { failure } from '../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { createMaterialisationStore } from '../../apps/orchestrator/src/store/materialisations.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { serveChannels } from '../support/channel-server.ts'
import { A100, fact, K80, kindOf } from '../support/compatibility.ts'
import { AT, clusterFacts, epochsOf, request, sha256, slurmView, trainingReport } from '../support/job-records.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { LOCKS_CHANNELS, pinnedLock, tutorialLock } from '../support/locks.ts'
import { materialisation } from '../support/materialisations.ts'
import { createRedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'
import { buildTutorialChannels, TUTORIAL_SPEC } from '../support/tutorial-channel.ts'
import type { Pools } from './request.ts'

export interface Prepared {
  pools: Pools
  /** By route: bodies that lead deep. */
  bodies: Readonly<Record<string, readonly unknown[]>>
}

export interface World {
  app: App
  store: Store
  /** Where it listens. */
  port: number
  /** Makes another generation of jobs, of every kind; the pools name the newest. */
  prepare(): Promise<Prepared>
  /** Something happens to jobs that are not over: events, epochs, lines of their logs. */
  stir(): Promise<void>
  close(): Promise<void>
}

const MEASURED = { glibc: fact('2.28'), cpuArch: fact('x86_64'), kernel: fact('4.18.0-553.el8_10.x86_64') }
const partition = (name: string, type: string | null, nodeKinds: ReturnType<typeof kindOf>[]) => ({
  name,
  maxTimeMinutes: 600,
  maxCpusPerNode: 24,
  maxMemoryMiBPerNode: 120_000,
  gpus: type === null ? [] : [{ type, perNode: 4 }],
  preemption: null,
  nodeKinds,
})
const PARTITIONS = [
  partition('shared', null, [kindOf(null, MEASURED)]),
  partition('gpuk80', 'k80', [kindOf('k80', { ...K80, ...MEASURED })]),
  partition('gpu', 'a100', [kindOf('a100', { ...A100, ...MEASURED })]),
]
const GPUK80 = { cluster: 'local', partition: 'gpuk80' }
const MODEL = '{"format":"layers-model"}'
/** Receivers that are not there: the address ends in loopback's discard port. */
const RECEIVER = 'http://127.0.0.1:9/hook'
const WEBHOOKS = 4

export async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-requests-'))
  const workDir = join(folder, 'work')
  await buildTutorialChannels(join(folder, 'channels'), { archives: false })
  const channels = await serveChannels(join(folder, 'channels'))
  const rig = await createRedisRig()
  const store = await rig.open({ eventsPerJob: 200 })
  const app = await rig.serve(
    store,
    { sseClients: 2_000, eventsPerJob: 200 },
    {
      cluster: { workDir },
      webhooks: { privateHosts: [new URL(RECEIVER).host] },
      environments: {
        channels: [...['pytorch', 'main'].map(name => ({ name, url: `${channels.url}/${name}` })), ...LOCKS_CHANNELS],
      },
    },
  )
  const facts = createFactsStore(store.redis, store.prefix)
  await facts.writeFacts(clusterFacts({ partitions: PARTITIONS }))
  const owner = await answerAsOwner(store)
  const port = Number(new URL(await app.http.listen({ host: '127.0.0.1', port: 0 })).port)
  const live: JobRecord[] = []
  let generation = 0

  const ask = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const headers = { authorization: `Bearer ${TOKENS.ada}` }
    const answer = await app.http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.body}`)
    return answer
  }
  const locks = [tutorialLock(), pinnedLock()]
  const made = createMaterialisationStore(store.redis, store.keys)

  async function environments(): Promise<string[]> {
    const ids: string[] = []
    for (const [i, { lock }] of locks.entries())
      ids.push(((await ask('POST', '/v1/environments', { name: `ml-${i}`, lock })).json() as { id: string }).id)
    const inner = { doing: null, wish: null, dueAt: 0, tries: 0, wantedAgain: false, gaveUpAt: null }
    for (const [i, id] of ids.entries()) {
      const { jobs: _, ...shown } = materialisation({
        lock: id,
        state: i === 0 ? 'ready' : 'failed',
        prefix: `${workDir}/e`,
      })
      await made.change('local', id, () => ({ ...shown, revision: 1, by: 'ada', inner }))
    }
    return ids
  }

  function files(id: string): void {
    const run = join(workDir, 'jobs/ada', id, 'runs/1-0')
    mkdirSync(join(run, 'artifacts'), { recursive: true })
    writeFileSync(join(run, 'stdout'), Array.from({ length: 200 }, (_, i) => `epoch ${i} loss 0.${i} é\r`).join('\n'))
    writeFileSync(join(run, 'stderr'), Buffer.from([0xff, 0xfe, 0x0a, 0xc3]))
    writeFileSync(join(run, '../../slurm.log'), 'slurmstepd: error: killed\n')
    writeFileSync(join(run, 'artifacts/model.json'), MODEL)
    writeFileSync(join(run, 'artifacts/weights.bin'), Buffer.alloc(10_000, 7))
  }

  /** One of each kind. */
  async function jobs(lock: string): Promise<JobRecord[]> {
    const running = {
      run: '1-0',
      slurmJobId: '17',
      node: 'c01',
      attempt: 1,
      resumed: null,
      startedAt: AT,
      endedAt: null,
      ending: null,
    }
    const over = { runs: [{ ...running, endedAt: AT, ending: 'completed' as const }], endedAt: AT }
    const script = { script: '#!/bin/bash\n#SBATCH --job-name=tl\n' }
    const artifacts = [
      { path: 'model.json', bytes: MODEL.length, sha256: sha256(MODEL) },
      { path: 'weights.bin', bytes: 10_000, sha256: sha256('weights') },
      { path: 'lost.bin', bytes: 5, sha256: sha256('lost') },
    ]
    const kinds: [Partial<JobRecord>, Partial<JobRecord['inner']>][] = [
      [{ request: request({}, { labels: { team: 'vision' } }) }, {}],
      [
        {
          hold: { stage: 'submit', code: 'SLURM_REJECTED', detail: 'Slurm does not take it.', since: AT },
          state: 'pending',
          slurm: slurmView(),
        },
        script,
      ],
      [{ state: 'prepared' }, script],
      [{ state: 'pending', slurm: slurmView({ reason: 'Resources' }) }, script],
      [{ state: 'pending', slurm: slurmView(), cancelRequestedAt: AT }, script],
      [{ state: 'running', slurm: slurmView({ state: 'RUNNING', startTime: AT }), runs: [running] }, script],
      [{ state: 'finishing', slurm: slurmView({ state: 'COMPLETING', startTime: AT }), runs: [running] }, script],
      [{ state: 'completed', ...over, result: trainingReport({ artifacts }) }, script],
      [
        {
          state: 'failed',
          ...over,
          failure: failure('out-of-memory', 'It used more memory than it asked for.', ['oom']),
        },
        script,
      ],
      [{ state: 'cancelled', endedAt: AT }, {}],
      [{ owner: { id: 'bob', name: 'Bob' } }, {}],
      [{ environment: { lock, name: 'ml-0@1', look: null }, state: 'pending', slurm: slurmView() }, script],
    ]
    const added: JobRecord[] = []
    // Releasing one uses it up.
    const held = kinds.filter(([{ hold }]) => hold)
    for (const [over, inner] of [...kinds, ...held, ...held]) {
      const job = await store.add(over, inner)
      if (job.runs.length > 0) {
        files(job.id)
        await store.epochs.put(job.id, epochsOf('1-0', 0, 9))
      }
      added.push(job)
    }
    return added
  }

  return {
    app,
    store,
    port,
    async prepare() {
      generation += 1
      await facts.writeHealth('local', {
        ok: true,
        code: 'ok',
        detail: 'It answers.',
        at: new Date().toISOString(),
      })
      const ids = await environments()
      const added = await jobs(ids[0] ?? '')
      const isOver = ({ state }: { state: JobState }): boolean => ['completed', 'failed', 'cancelled'].includes(state)
      live.splice(0, live.length, ...added.filter(job => !isOver(job)))
      const completed = added.find(({ state }) => state === 'completed')
      const bundle = completed === undefined ? null : bundleOf(completed, null)
      const list = (await ask('GET', '/v1/jobs?limit=2')).json() as { items: Job[]; nextCursor: string | null }
      const etag = String((await ask('GET', '/v1/compatibility/matrix')).headers.etag)
      return {
        pools: {
          job: added.map(({ id }) => id),
          completed: added.filter(({ state }) => state === 'completed').map(({ id }) => id),
          lock: ids,
          environment: ['ml-0', 'ml-1@1', ids[0]?.slice(0, 12) ?? '', `ml-${generation}`],
          name: ['ml-0', 'ml-1', 'nobody'],
          cursor: [list.nextCursor ?? 'none', ids[0] ?? ''],
          etag: [etag, `"${sha256(MODEL)}"`],
          webhooks: await webhooks(),
        },
        bodies: {
          'post /v1/environments': [
            { spec: TUTORIAL_SPEC, target: GPUK80 },
            { name: 'ml-0', lock: locks[0]?.lock },
            { name: 'ml-1', lock: locks[1]?.lock },
          ],
          'post /v1/reruns': [{ bundle }, { bundle, name: 'once-more' }],
          'post /v1/jobs/{id}/rerun': [{}, { name: 'once-more' }],
          'post /v1/compatibility/check': [
            GPUK80,
            { gpu: 'k80', driver: '396.37' },
            { cluster: 'local', partition: 'shared' },
          ],
          'post /v1/compatibility/suggest': [GPUK80],
          'post /v1/clusters/{name}/environments/collect': [{}, { dryRun: true }],
          'post /v1/clusters/{name}/probe': [{}, { partition: 'gpuk80' }],
          'post /v1/webhooks': [{ url: RECEIVER }, { url: RECEIVER, events: ['failed', 'completed'], format: 'slack' }],
        },
      }
    },
    async stir() {
      for (const { id } of live) {
        const job = await store.jobs.read(id)
        const { next, events } = machine.noted(job, AT, 'Something happened.')
        // Another write may come first; the next stir comes soon.
        await store.jobs.commit(job, next, events, null).catch(() => undefined)
        if (job.runs.length > 0)
          appendFileSync(join(workDir, 'jobs/ada', id, 'runs/1-0/stdout'), `more ${'x'.repeat(2_000)}\n`)
      }
    },
    async close() {
      await owner.close()
      await rig.close()
      await channels.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }

  /** Some of them are removed by requests. */
  async function webhooks(): Promise<string[]> {
    const list = async (): Promise<string[]> =>
      ((await ask('GET', '/v1/webhooks')).json() as { items: { id: string }[] }).items.map(({ id }) => id)
    for (let have = (await list()).length; have < WEBHOOKS; have += 1)
      await ask('POST', '/v1/webhooks', { url: RECEIVER })
    return list()
  }
}
