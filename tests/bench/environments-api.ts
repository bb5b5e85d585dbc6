// What others notice of it while the server solves: the built server and a Redis of its own, jobs asked for at a steady rate, and meanwhile
// one solve after the other over REST.
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PLACES } from '../../deploy/quickstart/places.ts'
import { buildSyntheticChannel } from '../support/conda-channel.ts'
import { record } from '../support/job-records.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import type { Scene } from '../support/slurm-itself.ts'
import { channelUrl, longestBlock } from '../support/solving.ts'
import { nowhere } from './cluster.ts'
import { SOLVE_RECORDS, SOLVE_SPEC } from './environments-solve.ts'
import { type HeldUp, heldUp, loopWatcher } from './event-loop.ts'
import { cpuSeconds } from './process-figures.ts'
import { openStore } from './store.ts'

export const ASKED_PER_SECOND = 100
/** A page of the list has 50 of them. */
const JOBS = 1_000
/** A server that has just started compiles while it works. */
const WARM_UP_SOLVES = 5

export interface ApiFigures {
  /** From POST /v1/environments to its answer; the first one after the start, and those that followed. */
  coldSeconds: number
  solveSeconds: number[]
  /** What a solve took of the server's processor time, a figure a round, less what the questions took: it says the same on a busy machine. */
  solveCpuSeconds: number[]
  /** Of the API, from the moment that a question was due to the end of its answer: one list a round. */
  quietMs: number[][]
  solvingMs: number[][]
  heldUpQuiet: HeldUp[]
  heldUpSolving: HeldUp[]
  /** Whoever asks: what the machine made it wait is in the times of the API as well. */
  askerWaitedMs: number[]
  /** What the server said instead of an answer, in all that was counted. */
  refused: string[]
}

/** `seconds`: of each half of a round. */
export async function apiFigures({
  rounds,
  seconds,
  scene,
}: {
  rounds: number
  seconds: number
  scene: Scene
}): Promise<ApiFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-bench-api-'))
  scene.after(() => rmSync(folder, { recursive: true, force: true }))
  await buildSyntheticChannel(join(folder, 'synthetic'), { records: SOLVE_RECORDS })
  const answerFile = join(folder, 'held-up.json')
  const channel = { name: 'synthetic', url: channelUrl('synthetic'), directory: join(folder, 'synthetic') }
  const story = await createStory(scene, {
    cluster: nowhere,
    settings: { log: { level: 'info' }, environments: { channels: [channel] } },
    program: file => ['--import', loopWatcher(answerFile), PLACES.orchestratorProgram, '--config', file],
  })
  const server = await story.start()
  const pid = server.process.pid ?? 0
  const ids = await writeJobs(story)
  const solve = createSolves(story)
  const coldSeconds = await solve()
  scene.diagnostic(`the first solve over REST took ${coldSeconds.toFixed(2)} s`)
  for (let i = 0; i < WARM_UP_SOLVES; i++) await solve()
  await asked(story, ids, 2, [])

  const figures: ApiFigures = {
    coldSeconds,
    solveSeconds: [],
    solveCpuSeconds: [],
    quietMs: [],
    solvingMs: [],
    heldUpQuiet: [],
    heldUpSolving: [],
    askerWaitedMs: [],
    refused: [],
  }
  for (let round = 1; round <= rounds; round++) {
    await heldUp(pid, answerFile)
    const cpuBefore = cpuSeconds(pid)
    figures.quietMs.push(await asked(story, ids, seconds, figures.refused))
    const cpuQuiet = cpuSeconds(pid) - cpuBefore
    figures.heldUpQuiet.push(await heldUp(pid, answerFile))
    const solved = repeatedly(solve, figures.refused)
    const { value, longestWaitMs } = await longestBlock(() => asked(story, ids, seconds, figures.refused))
    figures.solvingMs.push(value)
    figures.askerWaitedMs.push(longestWaitMs)
    figures.heldUpSolving.push(await heldUp(pid, answerFile))
    const times = await solved.end()
    figures.solveSeconds.push(...times)
    figures.solveCpuSeconds.push((cpuSeconds(pid) - cpuBefore - 2 * cpuQuiet) / times.length)
    scene.diagnostic(`round ${round} of ${rounds}: ${times.length} solves over REST in ${seconds} s`)
  }
  await server.stop()
  return figures
}

/** Over and done with: nobody but the list has to do with them. */
async function writeJobs(story: Story): Promise<string[]> {
  const { jobs, close } = await openStore(story.redis)
  const at = new Date().toISOString()
  const records = Array.from({ length: JOBS }, () =>
    record(
      { state: 'completed', createdAt: at, updatedAt: at, endedAt: at, owner: { id: 'tester', name: 'Tester' } },
      { dueAt: null },
    ),
  )
  try {
    for (let from = 0; from < JOBS; from += 100)
      await Promise.all(
        records.slice(from, from + 100).map(one => jobs.create(one, [], { secret: 'k'.repeat(43), idempotency: null })),
      )
  } finally {
    close()
  }
  return records.map(({ id }) => id)
}

/**
 * At a steady rate, whatever has not been answered yet: the list and a single job in turns. A question that waited behind others counts from
 * when it was due, and one that was refused as one that was answered.
 */
async function asked(story: Story, ids: readonly string[], seconds: number, refused: string[]): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const began = performance.now()
  const answers: Promise<number>[] = []
  try {
    for (let i = 0; i < seconds * ASKED_PER_SECOND; i++) {
      const due = began + (i * 1000) / ASKED_PER_SECOND
      await sleep(Math.max(0, due - performance.now()))
      const path = i % 2 === 0 ? '/v1/jobs' : `/v1/jobs/${ids[(i * 7) % ids.length]}`
      const answered = send(story, agent, path).catch((error: Error) => void refused.push(error.message))
      answers.push(answered.then(() => performance.now() - due))
    }
    return await Promise.all(answers)
  } finally {
    agent.destroy()
  }
}

/** Each for nodes of another kernel, which none of the packages asks for: the same solve, and none that was solved before. */
function createSolves(story: Story): () => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let count = 0
  return async () => {
    count += 1
    const target = { virtualPackages: { __glibc: '2.17', __linux: `5.${count}` } }
    const began = performance.now()
    await send(story, agent, '/v1/environments', JSON.stringify({ spec: SOLVE_SPEC, target }))
    return (performance.now() - began) / 1000
  }
}

/** One after the other until `end` is called; the one under way then still counts. */
function repeatedly(act: () => Promise<number>, refused: string[]): { end(): Promise<number[]> } {
  let over = false
  const figures: number[] = []
  const loop = async (): Promise<number[]> => {
    while (!over)
      await act().then(
        figure => figures.push(figure),
        (error: Error) => refused.push(error.message),
      )
    return figures
  }
  const looped = loop()
  return {
    end: () => {
      over = true
      return looped
    },
  }
}

/** Read to its end. @throws Error with the answer where it is no success */
function send({ api, token }: Story, agent: Agent, path: string, body?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const asking = request(
      `${api.url}${path}`,
      { method: body === undefined ? 'GET' : 'POST', agent, headers },
      answer => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const { statusCode = 0 } = answer
          if (statusCode >= 200 && statusCode < 300) resolve()
          else reject(new Error(`${path}: ${statusCode} ${Buffer.concat(parts).toString().slice(0, 500)}`))
        })
      },
    )
    asking.on('error', reject)
    asking.end(body)
  })
}
