// What the API answers a second over a store of 100,000 jobs, and how soon: the built server, a Redis that syncs every write, and the
// process that asks, all on this machine. Beside them a bare server that does nothing, because figures of one machine say little elsewhere.
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLease, RENEW_EVERY_MS } from '../../apps/orchestrator/src/store/lease.ts'
import { PLACES } from '../../deploy/quickstart/places.ts'
import { clusterFacts } from '../support/job-records.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import type { Scene } from '../support/slurm-itself.ts'
import { createRandom, EPOCHS_EACH, OWNERS, pick, type WrittenJob, writeJobs } from './api-jobs.ts'
import { startBareServer, startLoader } from './api-loader.ts'
import { answersOf, CONNECTIONS, figuresTable, measure, noFigures, type Question } from './api-measure.ts'
import { jobRequests, listRequests, submissions, tokenOf } from './api-requests.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { nowhere } from './cluster.ts'
import { residentMiB } from './process-figures.ts'
import { shown } from './rounds.ts'
import { type OpenStore, openStore } from './store.ts'

/** A server that has just started compiles while it works. */
const WARM_UP_SECONDS = 3
const WRITE_EVERY_MS = 10

export const api: Bench = {
  about:
    'The API over 100,000 stored jobs: pages of lists while others write, single jobs, durable submissions, each as fast as 50 connections go and\nat a steady rate; what an answer costs the server, Redis and the client; what the jobs take of Redis. Beside it a bare server.',
  usual: { rounds: 3, jobs: 100_000, seconds: 5 },
  small: { rounds: 1, jobs: 5_000, seconds: 1 },
  run,
}

async function run({ rounds, jobs: count, seconds, scene, print }: BenchOptions): Promise<void> {
  const story = await createStory(scene, {
    cluster: nowhere,
    settings: { log: { level: 'info' } },
    tokens: OWNERS.map(owner => ({ owner: owner.id, name: owner.name, token: tokenOf(owner.id) })),
    program: file => [PLACES.orchestratorProgram, '--config', file],
  })
  const store = await openStore(story.redis)
  scene.after(() => store.close())
  const redisPid = Number(/^process_id:(\d+)/m.exec(await store.redis.info('server'))?.[1])
  await ownCluster(scene, store)
  const { jobs, bytesEach } = await fill(scene, store, count)

  const server = await story.start()
  const pid = server.process.pid ?? 0
  const residentAtStart = residentMiB(pid)
  const loader = startLoader(scene)
  const measured = (await questionsOf(scene, story, store, jobs, pid)).map(one => [one, noFigures()] as const)
  for (const [question] of measured) await answersOf(question, { loader, seed: 0 }, WARM_UP_SECONDS, null)
  const loads = [loadavg()[0] ?? 0]
  for (let round = 1; round <= rounds; round++) {
    for (const [question, figures] of measured) {
      await measure(question, figures, { loader, seconds, redisPid, seed: round })
      const told = `${shown(figures.perSecond.at(-1) ?? 0)}/s, steadily p99 ${shown(figures.steadyP99.at(-1) ?? 0)} ms`
      scene.diagnostic(`round ${round} of ${rounds}, ${question.name}: ${told}`)
    }
    loads.push(loadavg()[0] ?? 0)
  }

  print(figuresTable(measured))
  for (const [{ name }, { refused }] of measured)
    if (refused.length > 0) print(`\n${name}: ${refused.length} were refused, and count as no answers: ${refused[0]}`)
  const load = loads.map(one => one.toFixed(1)).join(', ')
  print(
    `\n${CONNECTIONS} connections. The server, Redis and the process that asks share ${availableParallelism()} processors; load of the machine before and after each round: ${load}.`,
  )
  print(
    'Every submission is stored for a cluster that another process owns, told to that owner by a message, and read by nobody; nothing reaches Slurm.',
  )
  const together = `${shown((bytesEach * count) / 2 ** 20)} MiB together`
  print(
    `${count} jobs of ${OWNERS.length} owners, each with its events and ${EPOCHS_EACH} sealed epochs, take ${shown(bytesEach / 1000)} kB each of Redis's memory, ${together}; at the end Redis is ${shown(residentMiB(redisPid))} MiB large.`,
  )
  print(
    `The server is ${shown(residentAtStart)} MiB large when it has started, ${shown(residentMiB(pid))} MiB at the end.`,
  )
  await server.stop()
}

async function fill(scene: Scene, store: OpenStore, count: number) {
  const used = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await store.redis.info('memory'))?.[1])
  await store.facts.writeFacts(clusterFacts({ seenAt: new Date().toISOString() }))
  const before = await used()
  const began = performance.now()
  const jobs = await writeJobs(store, count, scene.diagnostic)
  scene.diagnostic(`${count} jobs were stored in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return { jobs, bytesEach: ((await used()) - before) / count }
}

async function questionsOf(
  scene: Scene,
  story: Story,
  store: OpenStore,
  jobs: readonly WrittenJob[],
  pid: number,
): Promise<Question[]> {
  const port = Number(new URL(story.api.url).port)
  const page = await story.api.list(`?limit=50&owner=${OWNERS[0]?.id}`)
  const job = await story.api.job(jobs[0]?.id ?? '')
  const bareList = await startBareServer(scene, story.redis, JSON.stringify(page))
  const bareJob = await startBareServer(scene, story.redis, JSON.stringify(job))
  const [lists, single, posts] = [await listRequests(story), jobRequests(jobs), submissions()]
  const server = { port, pid }
  const bare = { ...bareJob, bare: null }
  const [asPage, asJob, oneSet] = ['bare: as many bytes as a page', 'bare: as many bytes as a job', 'bare: one SET']
  const list = { requests: lists, steadyPerSecond: 400 }
  const one = { requests: single, steadyPerSecond: 8_000 }
  const post = { requests: posts, steadyPerSecond: 800 }
  return [
    { ...list, ...bareList, bare: null, name: asPage },
    { ...list, ...server, bare: asPage, name: 'GET /v1/jobs?limit=50', meanwhile: () => writeSteadily(store, jobs) },
    { ...one, ...bare, name: asJob },
    { ...one, ...server, bare: asJob, name: 'GET /v1/jobs/{id}' },
    { ...post, ...bare, name: oneSet },
    { ...post, ...server, bare: oneSet, name: 'POST /v1/jobs' },
  ]
}

/** As another server would, so that nothing which is submitted here goes further than the store. */
async function ownCluster(scene: Scene, { redis, keys }: OpenStore): Promise<void> {
  const lease = createLease(redis, keys, 'local')
  if (!(await lease.hold())) throw new Error('the cluster has an owner')
  const renewing = setInterval(() => void lease.hold().catch(() => undefined), RENEW_EVERY_MS)
  scene.after(() => clearInterval(renewing))
}

/** To records of any of the jobs, because the store takes no more epochs of jobs that are over. */
function writeSteadily({ jobs }: OpenStore, written: readonly WrittenJob[]): () => Promise<void> {
  const random = createRandom(7)
  let over = false
  const loop = async (): Promise<void> => {
    const began = performance.now()
    for (let writes = 1; !over; writes++) {
      const job = await jobs.read(pick(written, random).id)
      const at = new Date().toISOString()
      await jobs.commit(job, { ...job, updatedAt: at }, [{ type: 'note', at, text: 'seen again' }], null)
      await sleep(Math.max(0, began + writes * WRITE_EVERY_MS - performance.now()))
    }
  }
  const looped = loop()
  // Told by whoever ends it.
  looped.catch(() => undefined)
  return () => {
    over = true
    return looped
  }
}
