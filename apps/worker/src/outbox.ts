// What a run has to say and has not said yet, and how it becomes messages. Pure: no clock but the message's time, no I/O.
// Bounded however long the queue is away: heartbeats become one, and of the epochs the oldest are forgotten.
import { MAX_EPOCHS_PER_REPORT, type Report, reportMessageId } from '@trotline/contracts'
import type { WrittenEpochs } from './epoch-text.ts'

type Kind<K extends Report['kind']> = Extract<Report, { kind: K }>
export type Started = Pick<Kind<'started'>, 'slurmJobId' | 'node' | 'runtime' | 'backend' | 'resumed'>
export type Outcome = Kind<'ended'>['outcome']

export interface Message {
  kind: Report['kind']
  id: string
  /** A Report's JSON. Epochs are in it as their lines stand in the file: a second JSON.stringify would cost as much as the first. */
  body: string
}

export interface Outbox {
  started(facts: Started): void
  /** @returns how many of the oldest were forgotten to make room */
  epochs(written: readonly WrittenEpochs[]): number
  heartbeat(epoch: number | null): void
  ended(outcome: Outcome): void
  waiting(): boolean
  /** The next message; null where nothing waits. Each has the next `seq`. */
  next(): Message | null
}

/** Below the contract's 1 MiB. */
const MAX_BODY_CHARACTERS = 900_000
/** About 6 MB. */
const MAX_BACKLOG = 20_000

export function createOutbox(jobId: string, run: string, maxBacklog = MAX_BACKLOG): Outbox {
  let seq = 0
  let started: Started | null = null
  let backlog: WrittenEpochs[] = []
  let heartbeat: { epoch: number | null } | null = null
  let ended: Outcome | null = null

  function takeEpochs(): string {
    let characters = 0
    let count = 0
    let taken = 0
    for (const { epochs, text } of backlog) {
      characters += text.length
      count += epochs.length
      if ((characters > MAX_BODY_CHARACTERS || count > MAX_EPOCHS_PER_REPORT) && taken > 0) break
      taken += 1
    }
    const texts = backlog.splice(0, taken).map(({ text }) => text)
    return texts.join(',')
  }

  function message(kind: Message['kind'], rest: object, epochs: string | null = null): Message {
    const head = { v: 1, jobId, run, seq: seq++, at: new Date().toISOString(), kind } as const
    const text = JSON.stringify({ ...head, ...rest })
    return {
      kind,
      id: reportMessageId(head),
      body: epochs === null ? text : `${text.slice(0, -1)},"epochs":[${epochs}]}`,
    }
  }

  const waiting = (): boolean => started !== null || backlog.length > 0 || heartbeat !== null || ended !== null

  return {
    started: facts => {
      started = facts
    },
    epochs(written) {
      backlog = backlog.concat(written)
      let waits = backlog.reduce((sum, { epochs }) => sum + epochs.length, 0)
      let forgotten = 0
      while (waits > maxBacklog && backlog.length > 1) {
        const { length } = (backlog.shift() as WrittenEpochs).epochs
        forgotten += length
        waits -= length
      }
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
      if (started) {
        const facts = started
        started = null
        return message('started', facts)
      }
      if (backlog.length > 0) return message('epochs', {}, takeEpochs())
      if (heartbeat) {
        const { epoch } = heartbeat
        heartbeat = null
        return message('heartbeat', { epoch })
      }
      const outcome = ended as Outcome
      ended = null
      return message('ended', { outcome })
    },
  }
}
