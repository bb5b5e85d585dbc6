// Runs the stages of one cluster's jobs: each job at most once at a time, and again at once while it moves.
// A nudge is only a hint: the record says what is due, so a lost or doubled nudge changes nothing.
//
// nudged   somebody says "look at this one"                      -> ready    it is read, and its stage is due
// ready    in the lane of its stage and identity, oldest first   -> working  the lane has a free hand
// working  in a batch of its lane                                -> ready    it moved: in the lane of its next stage
//                                                                -> (gone)   until it is nudged or due again
//
// Nobody waits for a batch: a free hand takes whatever is ready at once, and what comes meanwhile makes the next batch.
import type { Logger } from 'pino'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { advanceAll, isDue, type Step, stepOf } from './advance.ts'
import { BackPressure, rankOf } from './back-pressure.ts'
import type { StageContext } from './context.ts'
import { isPatience } from './ladder.ts'
import { waitsForEnvironment } from './materialise-jobs.ts'
import type { Advanced } from './outcome.ts'

/** How many batches of a lane go at once, and how many jobs a batch has at most. */
const LANES: Record<Step, { hands: number; batch: number }> = {
  // Two hands would only wait for the one SSH channel that submissions have; one keeps the order of acceptance.
  prepare: { hands: 1, batch: 100 },
  submit: { hands: 1, batch: 100 },
  finish: { hands: 2, batch: 16 },
  cancel: { hands: 2, batch: 1 },
  seal: { hands: 2, batch: 1 },
}
const READ_AT_ONCE = 200
/** Waits longer than this are left to the sweep of the due index. */
const OWN_TIMER_MS = 5_000
/** How soon after its end a pause is noticed: a read of one key, as long as anybody waits for it. */
const PAUSE_LOOK_MS = 1_000

interface Lane {
  step: Step
  ready: Map<string, JobRecord>
  working: number
}

export interface Runner {
  nudge(jobId: string): void
  /** No new stage begins; resolves when those under way are done. */
  stop(): Promise<void>
}

export function createRunner(context: StageContext, log: Logger): Runner {
  const nudged = new Set<string>()
  const lanes = new Map<string, Lane>()
  /** Ready or working. */
  const held = new Set<string>()
  const working = new Set<string>()
  /** Nudged while at work: its record may have changed since it was read. */
  const again = new Set<string>()
  const timers = new Map<string, NodeJS.Timeout>()
  const underWay = new Set<Promise<void>>()
  const pressure = new BackPressure()
  let probeTimer: NodeJS.Timeout | undefined
  let pauseTimer: NodeJS.Timeout | undefined
  let takeOverTimer: NodeJS.Timeout | undefined
  let reading = false
  let stopped = false

  const nowMs = (): number => context.now().getTime()

  function nudge(jobId: string): void {
    if (stopped) return
    if (working.has(jobId)) again.add(jobId)
    else if (!held.has(jobId)) nudged.add(jobId)
    if (!reading && nudged.size > 0) follow(readNudged())
  }

  function follow(work: Promise<void>): void {
    const ended = work
      .catch((error: unknown) => log.error({ err: error }, 'the runner failed in a way nobody foresaw'))
      .finally(() => underWay.delete(ended))
    underWay.add(ended)
  }

  async function readNudged(): Promise<void> {
    reading = true
    // Who is nudged in the same breath is read together: the first would go alone, and the others would wait for its step.
    await null
    try {
      while (nudged.size > 0 && !stopped) await readSome([...nudged].slice(0, READ_AT_ONCE))
    } finally {
      reading = false
    }
  }

  async function readSome(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      nudged.delete(id)
      held.add(id)
      working.add(id)
    }
    const reads = ids.map(id =>
      context.jobs.read(id).then(
        job => place(job),
        error => leave(id, error),
      ),
    )
    await Promise.all(reads)
    startAll()
    // Whose turn it was may have turned out to be ended, held or unreadable: the next in line has it.
    attendPressure()
  }

  /** Into the lane of its stage, where one is due. */
  function place(job: JobRecord): void {
    working.delete(job.id)
    const step = stepOf(job)
    if (job.state === 'finishing') pressure.roomMade(job.identity.name, nowMs())
    // What waits for the site is due when the site has room, whatever time was told.
    const mayGo =
      step === 'seal' ||
      isDue(job, nowMs()) ||
      (step === 'submit' && isPatience(job.trying?.code ?? '') && !pressure.holds(job.id)) ||
      // What waits for its environment is told when that is ready, whatever time was told.
      ((step === 'prepare' || step === 'submit') && waitsForEnvironment(job))
    if (step === null || !mayGo || stopped) {
      leave(job.id, { moved: false, dueAtMs: step === null ? null : job.inner.dueAt })
      return
    }
    const key = `${step} ${job.identity.name}`
    const lane = lanes.get(key) ?? { step, ready: new Map<string, JobRecord>(), working: 0 }
    lanes.set(key, lane)
    lane.ready.set(job.id, job)
  }

  /** After all of a read or a batch were placed: the first of them would go alone, and the others wait for its step. */
  function startAll(): void {
    for (const lane of lanes.values()) start(lane)
  }

  function start(lane: Lane): void {
    const { hands, batch } = LANES[lane.step]
    while (lane.working < hands && lane.ready.size > 0 && !stopped) {
      const jobs = oldest(lane.ready, batch)
      for (const { id } of jobs) {
        lane.ready.delete(id)
        working.add(id)
      }
      lane.working += 1
      follow(
        work(lane.step, jobs).finally(() => {
          lane.working -= 1
          start(lane)
        }),
      )
    }
  }

  async function work(step: Step, jobs: readonly JobRecord[]): Promise<void> {
    const beganMs = performance.now()
    const done = await advanceAll(step, jobs, context, pressure)
    log.debug({ step, jobs: jobs.length, ms: Math.round(performance.now() - beganMs) }, 'a batch is done')
    for (const { id } of jobs) {
      const outcome = done.get(id) ?? new TypeError(`job ${id} was not advanced`)
      clearTimeout(timers.get(id))
      timers.delete(id)
      if (!(outcome instanceof Error) && outcome.moved && !stopped) place(outcome.job)
      else leave(id, outcome)
    }
    startAll()
    attendPressure()
  }

  /** Nothing more can be done for it now. */
  function leave(id: string, outcome: Advanced | Error): void {
    working.delete(id)
    held.delete(id)
    pressure.done(id)
    if (!(outcome instanceof Error) && !outcome.moved && outcome.dueAtMs === null) pressure.forget(id)
    if (again.delete(id)) nudge(id)
    else if (!(outcome instanceof Error)) {
      if (!outcome.moved && outcome.dueAtMs !== null && !pressure.holds(id)) comeAgain(id, outcome.dueAtMs - nowMs())
    } else if (isCoded(outcome) && outcome.code === 'JOB_STALE_REVISION') {
      // Another write came first: look at the record again. Everything else waits for the sweep.
      comeAgain(id, 50)
    } else if (isCoded(outcome)) log.warn({ jobId: id, code: outcome.code }, outcome.message)
    else log.error({ jobId: id, err: outcome }, 'a job could not be advanced')
  }

  function comeAgain(jobId: string, inMs: number): void {
    if (stopped || inMs > OWN_TIMER_MS) return
    clearTimeout(timers.get(jobId))
    const timer = setTimeout(
      () => {
        timers.delete(jobId)
        nudge(jobId)
      },
      Math.max(inMs, 10),
    )
    timers.set(jobId, timer)
  }

  /** Wakes those whose turn it is in the lines before the site's limits, and those that wait for the end of a pause. */
  function attendPressure(): void {
    if (stopped) return
    for (const id of pressure.takeWoken()) nudge(id)
    clearTimeout(probeTimer)
    const probeAtMs = pressure.nextProbeMs()
    if (probeAtMs !== null) {
      probeTimer = setTimeout(
        () => {
          for (const id of pressure.release(nowMs())) nudge(id)
          attendPressure()
        },
        Math.max(probeAtMs - nowMs(), 10),
      )
    }
    if (!pressure.anyPaused || pauseTimer !== undefined) return
    pauseTimer = setTimeout(() => follow(lookAtPause()), PAUSE_LOOK_MS)
  }

  async function lookAtPause(): Promise<void> {
    pauseTimer = undefined
    const over = await context.cluster.paused().then(
      paused => paused === null,
      () => false,
    )
    if (over) pressure.resume()
    attendPressure()
  }

  /** Jobs that waited for the site, or for the end of a pause, under the last owner are due later than they need be. */
  async function takeOver(): Promise<void> {
    try {
      for (const id of await context.jobs.idsInState(context.cluster.settings.name, 'prepared')) nudge(id)
    } catch (error) {
      log.debug({ err: error }, 'the jobs that wait for the site are asked for again')
      if (!stopped) takeOverTimer = setTimeout(() => follow(takeOver()), PAUSE_LOOK_MS)
    }
  }
  follow(takeOver())

  return {
    nudge,
    async stop() {
      stopped = true
      for (const timer of [...timers.values(), probeTimer, pauseTimer, takeOverTimer]) clearTimeout(timer)
      timers.clear()
      nudged.clear()
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

function oldest(ready: ReadonlyMap<string, JobRecord>, count: number): JobRecord[] {
  const jobs = [...ready.values()]
  if (jobs.length <= count && count > 1) return jobs
  return jobs.toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1)).slice(0, count)
}
