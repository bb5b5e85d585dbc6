// What a stage answers about each job it was given: the record as it stands in the store, and what is to become of it.
// Stages decide, advance.ts stores.
import type { JobRecord } from '../store/record.ts'
import type { Move } from './machine.ts'

/** Not a fault, but not now: nothing changes but when the job is looked at again. */
export interface Wait {
  untilMs: number
  why: string
}

/** It could not be done. `untilMs`: when to come again, where the stage knows better than the ladder. */
export interface Failed {
  failed: unknown
  untilMs?: number
}

export type Outcome = Move | Wait | Failed

export interface Result {
  job: JobRecord
  outcome: Outcome
}

/** Stores what has become of a job while others of its batch are on their way still. */
export type Keep = (result: Result) => void

/** `dueAtMs`: when to come again; null: nothing is due. A job that moved may be advanced again at once, as it stands in `job`. */
export type Advanced = { moved: true; job: JobRecord } | { moved: false; dueAtMs: number | null }
