// Lines of epochs.jsonl as text, which goes into the queue's messages as well. Many are made by one JSON.stringify: 1.2 µs an epoch,
// the first ones too, where putting strings and numbers together takes 4 to 12 (V8 of Node 20).
import { type EpochLine, epochValues } from '@trotline/contracts'

/** An epoch as the trainer gives it. A value may be infinite or NaN. */
export interface RawEpoch {
  epoch: number
  seconds: number
  values: Record<string, number>
}

/** With the time of its end, in ms since 1970. */
export interface EndedEpoch {
  epoch: RawEpoch
  at: number
}

/** Epochs that are in the file. */
export interface WrittenEpochs {
  epochs: readonly RawEpoch[]
  /** Their lines as JSON, a comma between each two: what stands in a message's list. */
  text: string
}

/** Where one line ends and the next begins: inside a line no object follows another. */
const BETWEEN = '},{"epoch":'

/** @param ended at least one */
export function epochsText(ended: readonly EndedEpoch[]): string {
  return JSON.stringify(ended.map(({ epoch, at }) => lineOf(epoch, at))).slice(1, -1)
}

/** The same as lines of a file. */
export const linesText = (text: string): string => `${text.replaceAll(BETWEEN, '}\n{"epoch":')}\n`

function lineOf({ epoch, seconds, values }: RawEpoch, at: number): EpochLine {
  // Microseconds: the clock gives fifteen digits, of which nobody reads more.
  const rounded = Math.round(1e6 * seconds) / 1e6
  const line = { epoch, at: timeText(at), seconds: rounded, values }
  for (const name in values) if (!Number.isFinite(values[name])) return { ...line, ...epochValues(values) }
  return line
}

/** Several epochs of a fast training end in one millisecond. */
let last = { at: Number.NaN, text: '' }

function timeText(at: number): string {
  if (last.at !== at) last = { at, text: new Date(at).toISOString() }
  return last.text
}
