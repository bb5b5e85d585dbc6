// result.json: the one file that says how a run ended. Durable before anybody hears of it.
import { join } from 'node:path'
import { RUN_FILES, RunResult, WORKER_EXIT } from '@trotline/contracts'
import type { FitOutcome } from '@trotline/trainer'
import { replaceDurably } from './durable-file.ts'
import { type StopReason, stoppedBy } from './obedience.ts'

export type Ending = Pick<RunResult, 'outcome' | 'stoppedBy' | 'signal' | 'failure' | 'training'>

/**
 * What the training came to, once its epochs are on disk. Epochs that cannot be put there make a failure of any
 * training that reached its end: the record would be incomplete, and nobody would know. A training that was stopped stays stopped:
 * its checkpoint counts only epochs that are on disk, and the next run trains the others again.
 *
 * @param reason what stopped it; null: it came to its own end
 * @param problem what kept epochs from epochs.jsonl; null: they are all there
 */
export function endingOf(
  outcome: FitOutcome,
  reason: StopReason | null,
  { problem, say }: { problem: string | null; say(line: string): void },
): Ending {
  const training = outcome.report
  const unwritten = problem === null ? null : `epochs.jsonl could not be written: ${problem}`
  if (reason !== null) {
    if (unwritten) say(unwritten)
    const signal = typeof reason === 'string' ? reason : null
    return { outcome: 'stopped', stoppedBy: stoppedBy(reason), signal, failure: null, training }
  }
  const failure = unwritten
    ? ({ reason: 'environment', code: 'EPOCHS_NOT_WRITTEN', detail: unwritten } as const)
    : outcome.kind === 'failed'
      ? outcome.failure
      : null
  return { outcome: failure ? 'failed' : outcome.kind, stoppedBy: null, signal: null, failure, training }
}

export function exitCodeOf({ outcome, stoppedBy }: Pick<Ending, 'outcome' | 'stoppedBy'>): number {
  if (stoppedBy === 'cancelled') return WORKER_EXIT.cancelled
  if (stoppedBy === 'superseded') return WORKER_EXIT.fenced
  return WORKER_EXIT[outcome]
}

/** Checked as the text that readers will see: JSON turns a NaN metric into the null that the schema asks for. */
export async function writeResult(runDirectory: string, result: RunResult): Promise<void> {
  const text = JSON.stringify(result)
  RunResult.parse(JSON.parse(text))
  await replaceDurably(join(runDirectory, RUN_FILES.result), `${text}\n`)
}
