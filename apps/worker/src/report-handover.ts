// What the training thread and the report thread say to each other, beside the epochs in their ring. Messages arrive in the order in which
// they were posted: what a question asks about is what was put into the ring, or said, before it.
import type { ReportAccess, RunId } from '@trotline/contracts'
import type { EpochRing } from './epoch-ring.ts'
import type { EndedEpoch } from './epoch-text.ts'
import type { Outcome, Started } from './outbox.ts'

/** What the report thread is started with. */
export interface ReportOrder {
  jobId: string
  run: RunId
  /** Of the whole training: lines of progress tell how far it is. null: a command that does not say. */
  epochs: number | null
  /** The descriptor of epochs.jsonl, open for appending. Descriptors are the whole process's; the report thread closes it. */
  file: number
  /** null: nothing is reported. */
  access: ReportAccess | null
  ring: EpochRing
}

/** To the report thread. Those with an `id` are questions. */
export type Handed =
  /** Those of the rows that come next. */
  | { kind: 'names'; names: string[] }
  /** There is much in the ring. */
  | { kind: 'look' }
  /** What came after all that is in the ring: a detour, during which nothing more is written there. */
  | { kind: 'late'; ended: EndedEpoch[] }
  | { kind: 'started'; facts: Started }
  | { kind: 'heartbeat'; epoch: number | null }
  | { kind: 'ended'; outcome: Outcome }
  | { kind: 'sync' | 'close'; id: number }
  | { kind: 'drain'; id: number; limitMs: number }
  /** The drain has lasted long enough. */
  | { kind: 'enough' }

/** From the report thread. */
export type Told =
  /** For stdout. */
  | { kind: 'out'; text: string }
  /** For stderr. */
  | { kind: 'err'; text: string }
  | ({ kind: 'answer'; id: number } & Standing)

/** How things stand on the report thread when a question has been done. */
export interface Standing {
  /** What keeps epochs from the file or the disk; null: they are all there. */
  problem: string | null
  /** Messages that the queue has taken. */
  messages: number
  /** Not every message was taken. */
  unsent: boolean
}

/** The report thread as the training thread has it. */
export interface ReportThread {
  post(handed: Handed): void
  /** It does nothing more. */
  stop(): void
}

export interface ReportThreadListeners {
  onTold(told: Told): void
  /** It ended without having been stopped. May be called more than once. */
  onEnd(why: unknown): void
}

export type OpenReportThread = (order: ReportOrder, listeners: ReportThreadListeners) => ReportThread
