// What waits because the site takes no more (QOSMaxSubmitJobPerUserLimit, MaxJobCount ...), and when it is tried again.
// In memory only: after a take-over the first batch of each line meets the limit again and tells it anew.
//
// open     no line: jobs are submitted as they come        -> waiting  when one of them is limited
// waiting  nothing goes in until the probe is due          -> probing  5 s to 60 s later, or when a job has left Slurm
// probing  as many as there is room for, oldest first      -> waiting  when one is limited: room for one, a longer wait
//                                                          -> probing  when all went in: twice the room, at once
//                                                          -> open     when all went in and nobody waits any more
//
// One line per identity, account, QOS and partition: what limits one of them says nothing about another.
// Beside the lines: those that wait because an operator has paused the cluster.
import type { JobRecord } from '../store/record.ts'
import { PATIENT_RUNGS_MS } from './ladder.ts'

export interface SiteLimit {
  /** Slurm's name of it. */
  limit: string
  /** Slurm's own words. */
  message: string
}

interface Waiter {
  id: string
  /** Sorts by acceptance. */
  rank: string
}

interface Line extends SiteLimit {
  identity: string
  waiting: Waiter[]
  probing: Set<string>
  probeAtMs: number
  /** How many the next probe takes. */
  room: number
  /** Probes in a row that were limited. */
  refused: number
  /** A job left Slurm while a probe was under way. */
  roomMade: boolean
}

const MOST_ROOM = 100
/** Those behind the first are due this late only, should their line be forgotten; their turn in it comes earlier. */
export const BEHIND_MS = 600_000

export class BackPressure {
  readonly #lines = new Map<string, Line>()
  readonly #lineOf = new Map<string, string>()
  readonly #paused = new Set<string>()
  readonly #woken: string[] = []

  /** Whether the job waits here, and not for a stage. */
  holds(id: string): boolean {
    if (this.#paused.has(id)) return true
    const line = this.#lines.get(this.#lineOf.get(id) ?? '')
    return line !== undefined && !line.probing.has(id)
  }

  /** The limit that the job has to wait for, and until when at the latest; null: it may be submitted. */
  admit(job: JobRecord, nowMs: number): (SiteLimit & { untilMs: number }) | null {
    const line = this.#lines.get(keyOf(job))
    if (line === undefined || line.probing.has(job.id)) return null
    this.#join(line, job)
    return { limit: line.limit, message: line.message, untilMs: this.#untilMs(line, job.id, nowMs) }
  }

  /** What Slurm said to those that were submitted; `limited` null: the job waits no more. Answers when each limited one comes again. */
  told(answers: readonly { job: JobRecord; limited: SiteLimit | null }[], nowMs: number): Map<string, number> {
    const until = new Map<string, number>()
    for (const key of new Set(answers.map(({ job }) => keyOf(job)))) {
      const those = answers.filter(({ job }) => keyOf(job) === key)
      const limited = those.filter(answer => answer.limited !== null)
      const took = those.length - limited.length
      const found = this.#lines.get(key)
      for (const { job } of those) this.#leave(job.id)
      const [first] = limited
      if (first?.limited) {
        const line = found ?? this.#open(key, first.job)
        line.limit = first.limited.limit
        line.message = first.limited.message
        line.refused = took > 0 ? 1 : line.refused + 1
        line.room = 1
        line.probeAtMs = line.roomMade ? nowMs : nowMs + paceMs(line.refused)
        line.roomMade = false
        for (const { job } of limited) this.#join(line, job)
        for (const { job } of limited) until.set(job.id, this.#untilMs(line, job.id, nowMs))
      } else if (found && took > 0) {
        found.refused = 0
        found.room = Math.min(found.room * 2, MOST_ROOM)
        found.probeAtMs = nowMs
        if (found.waiting.length === 0 && found.probing.size === 0) this.#lines.delete(key)
      }
    }
    return until
  }

  /** The probes that are due now: their jobs may be submitted, and are to be looked at. */
  release(nowMs: number): string[] {
    const released: string[] = []
    for (const [key, line] of this.#lines) {
      if (line.probing.size > 0 || line.probeAtMs > nowMs) continue
      if (line.waiting.length === 0) {
        this.#lines.delete(key)
        continue
      }
      const head = line.waiting.splice(0, line.room)
      for (const { id } of head) line.probing.add(id)
      line.roomMade = false
      // Whatever becomes of them, the next probe is not at once unless they are told to be in.
      line.probeAtMs = nowMs + paceMs(1)
      released.push(...head.map(({ id }) => id))
    }
    return released
  }

  /** An operator has paused the cluster: until when the job waits at the latest. */
  pause(job: JobRecord, nowMs: number): number {
    this.#paused.add(job.id)
    return nowMs + BEHIND_MS
  }

  get anyPaused(): boolean {
    return this.#paused.size > 0
  }

  /** The pause is over: those that waited for its end are to be woken, before anybody who came later goes in. */
  resume(): void {
    this.#woken.push(...this.#paused)
    this.#paused.clear()
  }

  takeWoken(): string[] {
    return this.#woken.splice(0)
  }

  /** The job's turn is over, however it ended: nobody waits for it. */
  done(id: string): void {
    const line = this.#lines.get(this.#lineOf.get(id) ?? '')
    if (line?.probing.delete(id)) this.#lineOf.delete(id)
  }

  /** Nothing is to be done for the job any more (it has ended, or is held): it keeps no place that others wait for. */
  forget(id: string): void {
    this.#leave(id)
    this.#paused.delete(id)
  }

  /** A job of this identity has left Slurm. */
  roomMade(identity: string, nowMs: number): void {
    for (const line of this.#lines.values()) {
      if (line.identity !== identity) continue
      line.probeAtMs = nowMs
      line.roomMade = line.probing.size > 0
    }
  }

  /** null: no line waits for its probe. */
  nextProbeMs(): number | null {
    const times = [...this.#lines.values()].filter(line => line.probing.size === 0).map(line => line.probeAtMs)
    return times.length > 0 ? Math.min(...times) : null
  }

  #open(key: string, job: JobRecord): Line {
    const line: Line = {
      limit: '',
      message: '',
      identity: job.identity.name,
      waiting: [],
      probing: new Set(),
      probeAtMs: 0,
      room: 1,
      refused: 0,
      roomMade: false,
    }
    this.#lines.set(key, line)
    return line
  }

  #join(line: Line, job: JobRecord): void {
    const rank = rankOf(job)
    let at = line.waiting.length
    // Most come in order, so the place is near the end.
    while (at > 0 && (line.waiting[at - 1]?.rank ?? '') > rank) at--
    if (line.waiting[at - 1]?.rank === rank) return
    line.waiting.splice(at, 0, { id: job.id, rank })
    this.#lineOf.set(job.id, keyOf(job))
  }

  #leave(id: string): void {
    const line = this.#lines.get(this.#lineOf.get(id) ?? '')
    this.#lineOf.delete(id)
    if (line === undefined || line.probing.delete(id)) return
    const at = line.waiting.findIndex(waiter => waiter.id === id)
    if (at >= 0) line.waiting.splice(at, 1)
  }

  #untilMs(line: Line, id: string, nowMs: number): number {
    return line.waiting[0]?.id === id ? Math.max(line.probeAtMs, nowMs) : nowMs + BEHIND_MS
  }
}

/** The order of acceptance. */
export const rankOf = (job: JobRecord): string => `${job.createdAt} ${job.id}`

const paceMs = (refused: number): number =>
  PATIENT_RUNGS_MS[Math.min(refused, PATIENT_RUNGS_MS.length) - 1] ?? PATIENT_RUNGS_MS[0]

function keyOf(job: JobRecord): string {
  const { account, qos, partition } = job.request.resources
  return [job.identity.name, account ?? '', qos ?? '', partition].join(' ')
}
