// One run: jobs flow, faults come, both stop, everything is left to end, the books are audited.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Audit, audit } from './audit/audit.ts'
import { collectEvidence } from './audit/collect.ts'
import type { Evidence } from './audit/evidence.ts'
import type { Recovery } from './audit/table.ts'
import type { Fault, Track } from './faults/fault.ts'
import { settleQueue } from './faults/slurm-daemons.ts'
import { grouped } from './grouped.ts'
import { drawJob } from './job-mix.ts'
import { createRandom, type Random } from './random.ts'
import { createVictims } from './victims.ts'
import type { World } from './world.ts'

export interface StormOptions {
  seed: number
  /** Faults begin within this time; then the jobs are left to end. */
  minutes: number
  jobsPerMinute: number
  faults: readonly Fault[]
  /** Each once, however long it takes: `minutes` only bounds what comes after. */
  wholeDeck?: boolean
  settleLimitMs?: number
  /** Between a recovery and the next fault of the same track. */
  calmMs?: readonly [number, number]
  say: (line: string) => void
}

export interface FaultTally {
  name: string
  ran: number
  effects: number
  /** Why it was not done. */
  skipped: string | null
  /** What went wrong while it was done. */
  errors: string[]
}

export interface StormReport {
  tallies: FaultTally[]
  recoveries: Recovery[]
  evidence: Evidence
  audit: Audit
}

/** A lease that nobody gave back takes 12 s to end; faults without a pause would leave no time in which anything is under way. */
const CALM_MS = [2_000, 9_000] as const
/** A run that Slurm forgot while it trained ends its record some 16 minutes later (lifecycle/time-limit.ts). */
const SETTLE_LIMIT_MS = 20 * 60_000
const LINE_EVERY_MS = 10_000
const RECOVERY_LIMIT_MS = 120_000

export async function storm(world: World, options: StormOptions): Promise<StormReport> {
  const { seed, say } = options
  const random = createRandom(seed)
  const endMs = Date.now() + options.minutes * 60_000
  const tallies = options.faults.map(
    (fault): FaultTally => ({
      name: fault.name,
      ran: 0,
      effects: 0,
      skipped: fault.unavailable?.() ?? null,
      errors: [],
    }),
  )
  const recoveries: Recovery[] = []
  const stop = new AbortController()
  const lines = progressLines(world, tallies, say)
  try {
    const flow = flowOfJobs(world, random.fork('jobs'), options, stop.signal)
    const tracks = (['service', 'cluster'] as const).map(track =>
      runTrack(world, track, random.fork(track), { ...options, endMs, tallies, recoveries }),
    )
    const done = await Promise.allSettled(tracks)
    stop.abort()
    await flow
    for (const outcome of done) if (outcome.status === 'rejected') throw outcome.reason
    say('the faults are over; what runs is left to end')
    await settle(world, options.settleLimitMs ?? SETTLE_LIMIT_MS)
  } finally {
    stop.abort()
    world.client.giveUp()
    clearInterval(lines)
  }
  for (const tally of tallies) if (tally.ran === 0) tally.skipped ??= 'no time was left for it'
  const evidence = await collectEvidence(world)
  return { tallies, recoveries, evidence, audit: audit(evidence) }
}

/** More would only starve the victims: every worker trains on the cores of this one machine. */
const MOST_OPEN = 40

/** Jobs arrive as callers do: at random, on average so many a minute, as long as the machine keeps up with them. */
async function flowOfJobs(
  world: World,
  random: Random,
  { seed, jobsPerMinute }: StormOptions,
  stop: AbortSignal,
): Promise<void> {
  for (let number = 1; !stop.aborted; number++) {
    void world.client.submit(drawJob(random, number, `chaos-${seed}`))
    const pauseMs = Math.min((-Math.log(1 - random.next()) * 60_000) / jobsPerMinute, 30_000)
    do await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined)
    while (!stop.aborted && world.watcher.live().length + world.client.open >= MOST_OPEN)
  }
}

interface TrackOptions extends StormOptions {
  endMs: number
  tallies: FaultTally[]
  recoveries: Recovery[]
}

/** The faults of a track one after another, in an order that the seed gives, again and again until the time is over. */
async function runTrack(world: World, track: Track, random: Random, options: TrackOptions): Promise<void> {
  const { endMs, tallies, wholeDeck = false } = options
  const deck = options.faults.filter(fault => fault.track === track && (fault.unavailable?.() ?? null) === null)
  if (deck.length === 0) return
  for (let round = 1; Date.now() < endMs || (wholeDeck && round === 1); round++) {
    for (const fault of random.fork(`round ${round}`).shuffle(deck)) {
      if (Date.now() >= endMs && !(wholeDeck && round === 1)) return
      const own = random.fork(`${fault.name} ${round}`)
      const tally = tallies.find(one => one.name === fault.name)
      if (tally === undefined) continue
      await runFault(world, fault, tally, own, `${options.seed}-${round}`, options)
      await sleep(own.whole(...(options.calmMs ?? CALM_MS)))
    }
  }
}

async function runFault(
  world: World,
  fault: Fault,
  tally: FaultTally,
  random: Random,
  runName: string,
  { recoveries, say }: TrackOptions,
): Promise<void> {
  const startedMs = performance.now()
  const victims = createVictims(world, random.fork('victims'), `${runName}-${fault.name}`)
  tally.ran++
  try {
    const effects = await fault.inject({ world, victims, random })
    tally.effects += effects
    say(
      `${fault.name}: ${effects} ${effects === 1 ? 'effect' : 'effects'}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
    )
  } catch (error) {
    tally.errors.push(String((error as Error).message ?? error))
    say(`${fault.name}: ${(error as Error).stack ?? error}`)
  }
  const endedMs = Date.now()
  const progress = await Promise.race([world.watcher.nextProgress(), sleep(RECOVERY_LIMIT_MS, null, { ref: false })])
  recoveries.push({ fault: fault.name, ms: (progress ?? Date.now()) - endedMs })
}

/** Until every acknowledged job has ended and every caller has an answer. */
async function settle(world: World, limitMs: number): Promise<void> {
  const endMs = Date.now() + limitMs
  for (let round = 0; Date.now() < endMs; round++) {
    if (world.watcher.live().length === 0 && world.client.open === 0) return
    if (round % 5 === 0) await settleQueue(world)
    await sleep(1_000)
  }
}

function progressLines(world: World, tallies: readonly FaultTally[], say: (line: string) => void): NodeJS.Timeout {
  const startedMs = Date.now()
  return setInterval(() => {
    const states = [...grouped(world.watcher.jobs.values(), job => job.state)]
      .map(([state, jobs]) => `${jobs.length} ${state}`)
      .join(', ')
    const ran = tallies.reduce((sum, tally) => sum + tally.ran, 0)
    say(
      `${((Date.now() - startedMs) / 1000).toFixed(0)} s  ${world.client.asked.length} asked; ${states || 'none known'}; ${ran} faults`,
    )
  }, LINE_EVERY_MS)
}

/** What makes a run red, in words; empty: it is green. */
export function verdict({ tallies, audit: { bad } }: StormReport): string[] {
  return [
    ...Object.entries(bad)
      .filter(([, count]) => count > 0)
      .map(([column, count]) => `${column}: ${count}`),
    ...tallies
      .filter(one => one.ran > 0 && one.effects === 0)
      .map(one => `${one.name} ran ${one.ran} times and was never felt`),
    ...tallies.flatMap(one => one.errors.map(error => `${one.name}: ${error}`)),
  ]
}

export function tallyTable(tallies: readonly FaultTally[]): string {
  const width = Math.max(...tallies.map(one => one.name.length))
  return tallies
    .map(
      ({ name, ran, effects, skipped }) =>
        `  ${name.padEnd(width)}  ${ran > 0 ? `ran ${ran}, effects ${effects}` : `skipped: ${skipped}`}`,
    )
    .join('\n')
}
