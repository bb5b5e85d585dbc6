// What a run has to say and has not said yet, and how it becomes messages. Pure: no clock but the message's time, no I/O.
// Bounded however long the queue is away: heartbeats become one, and of the epochs the oldest are forgotten.
import { type EpochLine, MAX_EPOCHS_PER_REPORT, type Report } from '@trotline/contracts'
import type { WrittenLine } from './epoch-file.ts'

type Kind<K extends Report['kind']> = Extract<Report, { kind: K }>
export type Started = Pick<Kind<'started'>, 'slurmJobId' | 'node' | 'runtime' | 'backend' | 'resumed'>
export type Outcome = Kind<'ended'>['outcome']

export interface Outbox {
  started(facts: Started): void
  /** @returns how many of the oldest were forgotten to make room */
  epochs(lines: readonly WrittenLine[]): number
  heartbeat(epoch: number | null): void
  ended(outcome: Outcome): void
  waiting(): boolean
  /** The next message; null where nothing waits. Each has the next `seq`. */
  next(): Report | null
}

/** Below the contract's 1 MiB. */
const MAX_BODY_CHARACTERS = 900_000
/** About 6 MB. */
const MAX_BACKLOG = 20_000

export function createOutbox(jobId: string, run: string, maxBacklog = MAX_BACKLOG): Outbox {
  let seq = 0
  let started: Started | null = null
  let backlog: WrittenLine[] = []
  let heartbeat: { epoch: number | null } | null = null
  let ended: Outcome | null = null

  function takeEpochs(): EpochLine[] {
    let characters = 0
    let count = 0
    while (count < backlog.length && count < MAX_EPOCHS_PER_REPORT) {
      characters += backlog[count]?.length ?? 0
      if (characters > MAX_BODY_CHARACTERS && count > 0) break
      count += 1
    }
    return backlog.splice(0, count).map(({ line }) => line)
  }

  const waiting = (): boolean => started !== null || backlog.length > 0 || heartbeat !== null || ended !== null

  return {
    started: facts => {
      started = facts
    },
    epochs(lines) {
      backlog = backlog.concat(lines)
      const forgotten = Math.max(0, backlog.length - maxBacklog)
      if (forgotten > 0) backlog = backlog.slice(forgotten)
      return forgotten
    },
    heartbeat: epoch => {
      heartbeat = { epoch }
    },
    ended: outcome => {
      ended = outcome
    },
    waiting,
    next() {
      if (!waiting()) return null
      const head = { v: 1, jobId, run, seq: seq++, at: new Date().toISOString() } as const
      if (started) {
        const facts = started
        started = null
        return { ...head, kind: 'started', ...facts }
      }
      if (backlog.length > 0) return { ...head, kind: 'epochs', epochs: takeEpochs() }
      if (heartbeat) {
        const { epoch } = heartbeat
        heartbeat = null
        return { ...head, kind: 'heartbeat', epoch }
      }
      const outcome = ended as Outcome
      ended = null
      return { ...head, kind: 'ended', outcome }
    },
  }
}
