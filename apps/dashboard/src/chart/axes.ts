// Where an epoch stands on each of the four x axes.
import type { XAxis } from '../router/view-states.ts'
import type { EpochHistory } from './history.ts'

/** One line under the picker. */
export const AXIS_MEANINGS: Readonly<Record<XAxis, string>> = {
  epoch: 'Epochs, counted from 1.',
  step: 'Batches that the weights were changed by, up to the end of the epoch: as the job logs them, as `step`.',
  trained: 'Time spent training; waits and gaps between attempts are left out.',
  clock: 'Time of day on the node, gaps included.',
}

export interface AxisOptions {
  axis: XAxis
  /** Batches of an epoch; null: not known, and then they are what the job logs as `step`. */
  stepsPerEpoch?: number | null
}

/** By row: epochs from 1, steps, seconds trained, or milliseconds since 1970. */
export function xOf(history: EpochHistory, { axis, stepsPerEpoch = null }: AxisOptions): (row: number) => number {
  switch (axis) {
    case 'epoch':
      return row => history.epochOf(row) + 1
    case 'step': {
      if (stepsPerEpoch !== null) return row => (history.epochOf(row) + 1) * stepsPerEpoch
      const steps = loggedSteps(history)
      return row => steps[row] ?? 0
    }
    case 'clock':
      return row => Date.parse(history.atOf(row))
    case 'trained': {
      const trained = trainedSeconds(history)
      return row => trained[row] ?? 0
    }
  }
}

/** What a training of one's own logs beside its loss, as most frameworks' trainers do. */
export const STEP = 'step'
export const hasSteps = (history: EpochHistory): boolean =>
  history.line.length > 0 && history.line.every(row => Number.isFinite(history.valueOf(STEP, row) ?? Number.NaN))

/** Where an epoch says none it stands at the one before it. */
function loggedSteps(history: EpochHistory): Float64Array {
  const steps = new Float64Array(history.length)
  for (const { rows } of history.attempts) {
    let before = 0
    for (const row of rows) {
      const step = history.valueOf(STEP, row)
      if (step !== undefined && Number.isFinite(step)) before = step
      steps[row] = before
    }
  }
  return steps
}

/** An attempt goes on from the time that the epoch before its first one had on the line of its own time. */
function trainedSeconds(history: EpochHistory): Float64Array {
  const trained = new Float64Array(history.length)
  const line: number[] = []
  for (const { rows } of history.attempts) {
    const first = history.epochOf(rows[0] ?? 0)
    while (line.length > 0 && history.epochOf(line.at(-1) ?? 0) >= first) line.pop()
    let seconds = line.length === 0 ? 0 : (trained[line.at(-1) ?? 0] ?? 0)
    for (const row of rows) {
      seconds += history.secondsOf(row)
      trained[row] = seconds
      line.push(row)
    }
  }
  return trained
}
