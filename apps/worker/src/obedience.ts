// A run that trains obeys what it would have obeyed before it began: a cancel that scancel did not bring, and a newer run
// (the node's daemon was lost, Slurm gave the job to another node, and this process lived on: NODE_FAIL kills nobody).
import type { RunId } from '@trotline/contracts'
import type { Leave } from './leave.ts'
import { whyNotTrain } from './standing.ts'

export interface Obedience {
  /** Aborted when the training has to end; the reason is a Leave. */
  signal: AbortSignal
  /** Looks at the marks, one look at a time. What cannot be asked is said once and changes nothing. */
  look(): Promise<void>
}

export function createObedience(directory: string, run: RunId, say: (line: string) => void): Obedience {
  const stop = new AbortController()
  let underWay: Promise<void> | null = null
  let said = false

  async function ask(): Promise<void> {
    try {
      const leave = await whyNotTrain(directory, run, 'fence')
      if (leave) stop.abort(leave)
    } catch (error) {
      if (!said) say(`whether this run may go on cannot be asked (${(error as Error).message}); it goes on`)
      said = true
    }
  }

  return {
    signal: stop.signal,
    look() {
      underWay ??= ask().finally(() => {
        underWay = null
      })
      return underWay
    },
  }
}

/** What ended the training: a signal's name, or the reason to leave that was found. */
export type StopReason = string | Leave

export const stoppedBy = (reason: StopReason): 'signal' | 'cancelled' | 'superseded' => {
  if (typeof reason === 'string') return 'signal'
  return reason.leave === 'cancelled' ? 'cancelled' : 'superseded'
}
