// How far a job's training is, of what its epochs left in the store.
import { type Epoch, epochsAskedFor, type Job } from '@trotline/contracts'
import type { JobRecord } from './record.ts'

/** As Redis has it; null: not there. */
export interface KeptProgress {
  /** Epochs that are not sealed. */
  live: number
  superseded: string | null
  /** JSON of the newest epoch. */
  last: string | null
  /** How many were sealed; null: they are not. */
  sealed: string | null
}

export function progressOf(
  { request }: Pick<JobRecord, 'request'>,
  { live, superseded, last, sealed }: KeptProgress,
): Job['progress'] {
  const epochs = sealed === null ? live : Number(sealed)
  return {
    epochs,
    // A command that does not say how many it means to report is as far as it is.
    of: Math.max(epochsAskedFor(request), request.training.epochs === null ? epochs : 0),
    superseded: Number(superseded ?? 0),
    // Parsed when it was reported.
    last: last === null ? null : (JSON.parse(last) as Epoch),
  }
}
