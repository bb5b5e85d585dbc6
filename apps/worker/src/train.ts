// The training of a run that holds its fence, and its end: checkpoint, result.json, last reports, exit code.
// Order at the end: epochs on disk, then the checkpoint that counts them, then the artifacts, then the result that names them, then the queue. Whatever dies in
// between leaves the durable part true.
import { join } from 'node:path'
import { RUN_FILES, type RunResult, WORKER_EXIT } from '@trotline/contracts'
import type { FitOutcome } from '@trotline/trainer'
import { historyArtifact, writeArtifacts } from './artifacts.ts'
import { isFileSystemError } from './durable-file.ts'
import { type EpochFile, openEpochFile } from './epoch-file.ts'
import { fitAndReport } from './fit-and-report.ts'
import { createObedience, type Obedience, type StopReason } from './obedience.ts'
import { createOutbox } from './outbox.ts'
import type { Duty, RunParts } from './parts.ts'
import { createProgress, endingLine } from './progress.ts'
import { createReporter, type Reporter } from './reporter.ts'
import { type Ending, endingOf, exitCodeOf, writeResult } from './result.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const DRAIN_MS = 5000
/** KILL follows TERM after KillWait, which may be as short as 5 s; the exit code should still be ours. */
const DRAIN_STOPPED_MS = 2000

export async function train(duty: Duty, parts: RunParts): Promise<number> {
  const { spec, run, runDirectory, allocation } = duty
  const { out, err } = parts
  const startedAt = new Date().toISOString()
  const stopwatch = createStopwatch()
  const reporter = await openReporter(duty, parts, stopwatch)
  const epochs = openEpochs(duty, parts, { reporter, stopwatch })
  if (epochs === null) return WORKER_EXIT.unwritable
  const obedience = createObedience(duty.directory, run, err)
  const stop = AbortSignal.any([parts.stop.signal, obedience.signal])

  const { outcome, resumed, checkpoints } = await fitAndReport(duty, parts, {
    reporter,
    epochs,
    obedience,
    stopwatch,
    stop,
  })
  const reason = outcome.kind === 'stopped' ? (stop.reason as StopReason) : await supersededMeanwhile(obedience)
  await (reason === null ? checkpoints?.settled() : checkpoints?.write())
  const ending = endingOf(outcome, reason, { epochs, say: err })
  const result: RunResult = {
    v: 1,
    jobId: spec.jobId,
    run,
    slurmJobId: allocation.slurmJobId,
    node: allocation.node,
    ...(await withArtifacts(ending, outcome, duty, err)),
    resumed,
    checkpoint: checkpoints?.note() ?? null,
    startedAt,
    endedAt: new Date().toISOString(),
    release: duty.release,
    runtime: process.version,
    reporting: { messages: reporter?.messages() ?? 0, secondsInReporter: stopwatch.seconds() },
  }
  const written = await writeOrSay(runDirectory, result, err)
  if (result.failure) err(`${result.failure.code}: ${result.failure.detail}`)
  if (reason !== null) err(`stopped: ${typeof reason === 'string' ? reason : reason.why}`)
  out(endingLine(result.outcome, result.training))

  // Nobody hears of an ending that is not on disk.
  if (written) reporter?.ended(result.outcome)
  const drained =
    result.outcome === 'stopped'
      ? await reporter?.drain(DRAIN_STOPPED_MS, new AbortController().signal)
      : await reporter?.drain(DRAIN_MS, parts.stop.signal)
  if (drained?.unsent) err('not every report was taken by the queue; epochs.jsonl and result.json have the rest')
  return written ? exitCodeOf(result) : WORKER_EXIT.unwritable
}

/** A training whose model or history cannot be kept has not been of use: it fails for its environment, whatever it learned. */
async function withArtifacts(
  ending: Ending,
  outcome: FitOutcome,
  duty: Duty,
  say: (line: string) => void,
): Promise<Ending> {
  if (ending.outcome !== 'completed' || outcome.kind !== 'completed' || ending.training === null) return ending
  try {
    const history = await historyArtifact(duty, say)
    const artifacts = await writeArtifacts(duty.runDirectory, [...outcome.artifacts, history])
    return { ...ending, training: { ...ending.training, artifacts } }
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    const detail = `The artifacts could not be written: ${error.message}`
    return { ...ending, outcome: 'failed', failure: { reason: 'environment', code: 'ARTIFACTS_NOT_WRITTEN', detail } }
  }
}

/**
 * Only the newest run ends the job: one that was superseded during its last epochs says so instead. A cancel that comes
 * after the last epoch comes too late.
 */
async function supersededMeanwhile(obedience: Obedience): Promise<StopReason | null> {
  await obedience.look()
  const reason = obedience.signal.reason as Exclude<StopReason, string> | undefined
  return reason?.leave === 'fenced' ? reason : null
}

/** The text of the failure stands in stderr where there is room for it; the exit code says it in any case. */
async function writeOrSay(runDirectory: string, result: RunResult, err: (line: string) => void): Promise<boolean> {
  try {
    await writeResult(runDirectory, result)
    return true
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`result.json could not be written: ${error.message}. The run ${result.outcome}.`)
    return false
  }
}

function openEpochs(
  { spec, runDirectory }: Duty,
  { out, err }: RunParts,
  { reporter, stopwatch }: { reporter: Reporter | null; stopwatch: Stopwatch },
): EpochFile | null {
  const progress = createProgress(spec.training.epochs, out)
  try {
    return openEpochFile(join(runDirectory, RUN_FILES.epochs), {
      onWritten(written) {
        reporter?.epochs(written)
        for (const { epochs } of written) for (const epoch of epochs) progress.epoch(epoch)
      },
      say: err,
      stopwatch,
    })
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`leaving without training: epochs.jsonl cannot be made: ${error.message}`)
    return null
  }
}

/** Answers at once: the connection comes to stand while the training begins. */
async function openReporter(
  { access, spec, run }: Duty,
  { loadReportQueue, err }: RunParts,
  stopwatch: Stopwatch,
): Promise<Reporter | null> {
  if (!access?.queue) return null
  const openReportQueue = await loadReportQueue()
  try {
    return createReporter({
      outbox: createOutbox(spec.jobId, run),
      key: access.key,
      queue: openReportQueue(access.queue, err),
      stopwatch,
      say: err,
    })
  } catch (error) {
    // An address that is none, a queue name that BullMQ refuses. Its message may quote the address, so only its kind is said.
    err(`the report queue cannot be used (${(error as Error).name}); training goes on without reports`)
    return null
  }
}
