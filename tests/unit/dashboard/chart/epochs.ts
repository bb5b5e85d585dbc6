// Epochs as the API has them, made from plain numbers.
import { EpochHistory } from '../../../../apps/dashboard/src/chart/history.ts'
import { type Epoch, epochValues } from '../../../../packages/contracts/src/index.ts'

const BEGIN = Date.UTC(2026, 0, 1)

/** An epoch takes two seconds, and an attempt begins a minute after the one before would have come to it. */
export const epoch = (
  index: number,
  values: number | Record<string, number>,
  { attempt = 1, seconds = 2 }: { attempt?: number; seconds?: number } = {},
): Epoch => ({
  epoch: index,
  at: new Date(BEGIN + (index + 1) * 2000 + (attempt - 1) * 60_000).toISOString(),
  seconds,
  run: `${attempt}-0`,
  attempt,
  ...epochValues(typeof values === 'number' ? { loss: values } : values),
})

export function historyOf(...epochs: readonly Epoch[]): EpochHistory {
  const history = new EpochHistory()
  history.add(epochs)
  return history
}

/** `values[i]` is the loss of epoch `from + i`. */
export const losses = (values: readonly number[], { from = 0, attempt = 1 } = {}): Epoch[] =>
  values.map((value, at) => epoch(from + at, value, { attempt }))

export const epochsOfLine = (history: EpochHistory): [number, number][] =>
  Array.from(history.line, row => [history.epochOf(row), history.attemptOf(row)])
