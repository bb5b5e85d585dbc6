// The epochs seen so far, as far as a progress line needs them: the last, the best loss, the pace.
// A later attempt supersedes equal epochs of an earlier one, so "best" never comes from a curve that no longer counts.
import type { Epoch } from '@trotline/contracts'
import { PACE_WINDOW, type Pace, paceOf } from './pace.ts'

export type EpochTrack = {
  add(epochs: readonly Epoch[]): void
  last(): Epoch | null
  /** `epoch` counts from 1. null before the first finite loss. */
  best(): { value: number; epoch: number } | null
  pace(): Pace | null
  /** Whether every epoch up to the last one was seen; else `best` would be a guess. */
  complete(): boolean
  /** The highest epoch below which nothing is missing, null for none: where to ask on from. */
  knownTo(): number | null
}

export function createEpochTrack(): EpochTrack {
  const losses: (number | null | undefined)[] = []
  let last: Epoch | null = null
  let times: number[] = []
  let known = 0
  let best: { value: number; epoch: number } | null = null

  const consider = (index: number, loss: number | null | undefined) => {
    if (typeof loss === 'number' && (best === null || loss < best.value)) best = { value: loss, epoch: index + 1 }
  }
  const restart = (from: number) => {
    // What the new attempt will train again no longer counts.
    losses.length = Math.min(losses.length, from)
    known = Math.min(known, from)
    times = []
    best = null
    for (const [index, loss] of losses.entries()) consider(index, loss)
  }
  const addOne = (epoch: Epoch) => {
    if (last !== null && epoch.attempt < last.attempt) return
    if (last !== null && epoch.attempt > last.attempt) restart(epoch.epoch)
    losses[epoch.epoch] = lossOf(epoch)
    consider(epoch.epoch, losses[epoch.epoch])
    while (known < losses.length && known in losses) known += 1
    if (last === null || epoch.attempt > last.attempt || epoch.epoch > last.epoch) {
      // A gap between two reports would read as one long epoch.
      times = last !== null && epoch.attempt === last.attempt && epoch.epoch === last.epoch + 1 ? times : []
      times.push(Date.parse(epoch.at))
      if (times.length > PACE_WINDOW + 1) times.shift()
      last = epoch
    }
  }

  return {
    add: epochs => {
      for (const epoch of epochs) addOne(epoch)
    },
    last: () => last,
    best: () => best,
    pace: () => paceOf(times),
    complete: () => last !== null && known > last.epoch,
    knownTo: () => (known === 0 ? null : known - 1),
  }
}

/** The metric called loss, or the first there is; null where it is not a number, such as NaN. */
function lossOf(epoch: Epoch): number | null {
  return epoch.values.loss ?? ('loss' in epoch.values ? null : (Object.values(epoch.values)[0] ?? null))
}
