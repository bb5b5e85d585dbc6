// What watching costs: thousands of real Slurm jobs wait, the server looks at them every five seconds.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { record, slurmView } from '../support/job-records.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { slurm } from '../support/slurm-itself.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { benchCluster, jobQuestions } from './cluster.ts'
import { cpuSeconds, residentMiB } from './process-figures.ts'
import { median, percentile, shown } from './rounds.ts'
import { openStore } from './store.ts'
import { table } from './table.ts'

const TICK_MS = 5_000
/** More shells at once than this submit no faster on two cores. */
const SHELLS = 4
const CHANGES_PER_ROUND = 4
const QUESTIONS = 500

export const watch: Bench = {
  about: `Thousands of jobs wait in a real Slurm, each known to the server, which asks every ${TICK_MS / 1000} s. Measured: squeue calls a tick
(slurmctld's own count), the server's processor time and memory, how long after a change in Slurm the REST API shows
it, and what ${QUESTIONS} questions for a job's status cost the cluster. The records are put into Redis directly; the Slurm
jobs are submitted one by one, which takes about two minutes for 10,000.`,
  usual: { rounds: 5, jobs: 10_000, seconds: 60 },
  small: { rounds: 1, jobs: 200, seconds: 15 },
  run,
}

interface Round {
  squeuePerTick: number
  cpuPercent: number
  rssMiB: number
  latenciesMs: number[]
}

async function run({ rounds, jobs, seconds, scene, print }: BenchOptions): Promise<void> {
  const cluster = await benchCluster(scene)
  const story = await createStory(scene, {
    cluster,
    clusterSettings: { pollIntervalMs: TICK_MS },
    settings: { log: { level: 'info' } },
  })
  const ids = Array.from({ length: jobs }, () => record().id)
  scene.diagnostic(`${jobs} jobs are submitted to Slurm`)
  const slurmIds = await submitAll(cluster, ids, scene.diagnostic)
  scene.diagnostic('their records are written')
  await writeRecords(story, ids, slurmIds)

  const startedAt = performance.now()
  const server = await story.start()
  const pid = server.process.pid ?? 0
  await settled(story, ids)
  scene.diagnostic(`the server knows them all after ${shown((performance.now() - startedAt) / 1000)} s`)
  await sleep(2 * TICK_MS)

  const measured: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    const quiet = await watchQuietly(cluster, pid, seconds)
    const latenciesMs: number[] = []
    for (let i = 0; i < CHANGES_PER_ROUND; i++) {
      const at = ((round - 1) * CHANGES_PER_ROUND + i) % ids.length
      // At every phase of a tick.
      await sleep((TICK_MS * i) / CHANGES_PER_ROUND)
      latenciesMs.push(await changeSeen(story, cluster, ids[at] ?? '', slurmIds[at] ?? ''))
    }
    measured.push({ ...quiet, latenciesMs })
    scene.diagnostic(
      `round ${round} of ${rounds}: ${shown(quiet.squeuePerTick)} squeue a tick, ${shown(quiet.cpuPercent)} % of a core, ${shown(quiet.rssMiB)} MiB, changes seen after ${latenciesMs.map(ms => `${Math.round(ms)} ms`).join(', ')}`,
    )
  }

  const asked = await costOfQuestions(story, cluster, ids)
  const latencies = measured.flatMap(round => round.latenciesMs)
  const of = (figure: (round: Round) => number): string[] => {
    const figures = measured.map(figure)
    return [shown(median(figures)), `${shown(Math.min(...figures))} - ${shown(Math.max(...figures))}`]
  }
  print(
    table(
      [`${jobs} live jobs, a tick every ${TICK_MS / 1000} s`, 'median', 'least - most'],
      [
        ['squeue a tick', ...of(round => round.squeuePerTick)],
        ['server, % of one core', ...of(round => round.cpuPercent)],
        ['server, MiB resident', ...of(round => round.rssMiB)],
        [
          `change in Slurm to REST, ms (${latencies.length} changes)`,
          shown(median(latencies)),
          `${shown(Math.min(...latencies))} - ${shown(Math.max(...latencies))}`,
        ],
      ],
    ),
  )
  print(
    `\n${QUESTIONS} questions for a job's status were answered in ${shown(asked.seconds)} s (99 of 100 within ${shown(asked.p99Ms)} ms). slurmctld was asked for jobs ${asked.questions} times meanwhile, the ticks' own share of that time: ${shown(asked.seconds / (TICK_MS / 1000))}.`,
  )
}

/** Waiting until tomorrow, so that nothing runs and holding one of them is a change. One name each, as our submissions have. */
async function submitAll(
  cluster: LocalCluster,
  ids: readonly string[],
  say: (line: string) => void,
): Promise<string[]> {
  const slurmIds = new Map<string, string>()
  const shares = Array.from({ length: SHELLS }, (_, i) => ids.filter((_, at) => at % SHELLS === i))
  const loop = `while read -r name; do echo "$name $(sbatch --parsable --begin=now+1day --output=/dev/null --partition=shared --job-name="$name" --wrap='exit 0')"; done`
  await Promise.all(
    shares.map(async share => {
      const shell = spawn('sh', ['-c', loop], {
        env: { ...process.env, SLURM_CONF: cluster.slurmConf },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      shell.stdin.end(share.map(id => `tl-${id}-1\n`).join(''))
      let text = ''
      shell.stdout.setEncoding('utf8').on('data', part => {
        text += part
      })
      await once(shell, 'close')
      for (const line of text.trim().split('\n')) {
        const [name = '', slurmId = ''] = line.split(' ')
        if (!/^\d+$/.test(slurmId)) throw new Error(`sbatch said "${line}"`)
        slurmIds.set(name, slurmId)
      }
      say(`${slurmIds.size} submitted`)
    }),
  )
  return ids.map(id => slurmIds.get(`tl-${id}-1`) ?? '')
}

async function writeRecords(story: Story, ids: readonly string[], slurmIds: readonly string[]): Promise<void> {
  const { jobs, close } = await openStore(story.redis)
  const at = new Date().toISOString()
  const unixUser = userInfo().username
  try {
    for (let from = 0; from < ids.length; from += 200) {
      await Promise.all(
        ids.slice(from, from + 200).map((id, i) => {
          const slurmId = slurmIds[from + i] ?? ''
          const job = record(
            {
              id,
              state: 'pending',
              createdAt: at,
              updatedAt: at,
              owner: { id: 'tester', name: 'Tester' },
              identity: { name: 'default', unixUser },
              slurm: slurmView({ jobId: slurmId, name: `tl-${id}-1`, source: 'receipt', submitTime: null, seenAt: at }),
            },
            { dueAt: null, submitIntentAt: at, script: '#!/bin/bash\n' },
          )
          return jobs.create(job, [], { secret: 'k'.repeat(43), idempotency: null })
        }),
      )
    }
  } finally {
    close()
  }
}

/** Every record shows what squeue says of it: the submit time is not in a receipt. */
async function settled(story: Story, ids: readonly string[]): Promise<void> {
  for (const id of [ids[0], ids.at(-1), ids[Math.floor(ids.length / 2)]]) {
    while (((await story.api.job(id ?? '')).slurm?.submitTime ?? null) === null) await sleep(250)
  }
}

/** Nobody asks the server anything meanwhile. */
async function watchQuietly(cluster: LocalCluster, pid: number, seconds: number): Promise<Omit<Round, 'latenciesMs'>> {
  // Whole ticks, so that the count is of as many as passed.
  const ticks = Math.max(1, Math.round((seconds * 1000) / TICK_MS))
  const [asked, cpu, began] = [await jobQuestions(cluster), cpuSeconds(pid), performance.now()]
  let rssMiB = 0
  for (let i = 0; i < ticks; i++) {
    await sleep(began + (i + 1) * TICK_MS - performance.now())
    rssMiB = Math.max(rssMiB, residentMiB(pid))
  }
  const wall = (performance.now() - began) / 1000
  const cpuPercent = (100 * (cpuSeconds(pid) - cpu)) / wall
  return { squeuePerTick: ((await jobQuestions(cluster)) - asked) / ticks, cpuPercent, rssMiB }
}

/** From the moment in which Slurm has taken the change to the answer of the REST API that shows it. */
async function changeSeen(story: Story, cluster: LocalCluster, id: string, slurmId: string): Promise<number> {
  await slurm(cluster, ['scontrol', 'hold', slurmId])
  const began = performance.now()
  // JobHeldAdmin where root asks, JobHeldUser where the job's own user does.
  while (!(await story.api.job(id)).slurm?.reason?.startsWith('JobHeld')) {
    if (performance.now() - began > 60_000) throw new Error(`job ${id} was never seen to be held`)
    await sleep(25)
  }
  return performance.now() - began
}

async function costOfQuestions(story: Story, cluster: LocalCluster, ids: readonly string[]) {
  const times: number[] = []
  const before = await jobQuestions(cluster)
  const began = performance.now()
  for (let i = 0; i < QUESTIONS; i++) {
    const from = performance.now()
    await story.api.job(ids[(i * 7919) % ids.length] ?? '')
    times.push(performance.now() - from)
  }
  const seconds = (performance.now() - began) / 1000
  return { seconds, p99Ms: percentile(times, 0.99), questions: (await jobQuestions(cluster)) - before }
}
