// The training of a run that holds its fence, and its end: checkpoint, result.json, last reports, exit code.
// Order at the end: epochs on disk, then the checkpoint that counts them, then the artifacts, then the result that names them, then the queue. Whatever dies in
// between leaves the durable part true.
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_FILES, type RunResult, WORKER_EXIT } from '@trotline/contracts'
import type { FitOutcome } from '@trotline/trainer'
import { historyArtifact, writeArtifacts } from './artifacts.ts'
import { isFileSystemError } from './durable-file.ts'
import { type Beside, type Fitted, fitAndReport } from './fit-and-report.ts'
import { createObedience, type Obedience, type StopReason } from './obedience.ts'
import type { Duty, RunParts } from './parts.ts'
import { endingLine } from './progress.ts'
import { openReporting, type Reporting } from './reporting.ts'
import { type Ending, endingOf, exitCodeOf, writeResult } from './result.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const DRAIN_MS = 5000
/** KILL follows TERM after KillWait, which may be as short as 5 s; the exit code should still be ours. */
const DRAIN_STOPPED_MS = 2000

export async function train(duty: Duty, parts: RunParts): Promise<number> {
  const file = openEpochs(duty, parts)
  if (file === null) return WORKER_EXIT.unwritable
  const { spec, run, access } = duty
  const { openReportThread: openThread, out, err } = parts
  const stopwatch = createStopwatch()
  const order = { jobId: spec.jobId, run, epochs: spec.training.epochs, file, access }
  const reporting = openReporting(order, { openThread, stopwatch, out, err })
  try {
    return await trainReported(duty, parts, { reporting, stopwatch })
  } finally {
    reporting.stop()
  }
}

async function trainReported(
  duty: Duty,
  parts: RunParts,
  { reporting, stopwatch }: { reporting: Reporting; stopwatch: Stopwatch },
): Promise<number> {
  const { spec, run, runDirectory, allocation } = duty
  const { out, err } = parts
  const startedAt = new Date().toISOString()
  const obedience = createObedience(duty.directory, run, err)
  const stop = AbortSignal.any([parts.stop.signal, obedience.signal, reporting.lost])

  const { outcome, resumed, checkpoints, command } = await trainOrRun(duty, parts, { reporting, obedience, stop })
  const reason = outcome.kind === 'stopped' ? (stop.reason as StopReason) : await supersededMeanwhile(obedience)
  await (reason !== null || isOfEnvironment(outcome) ? checkpoints?.write() : checkpoints?.settled())
  const { problem, messages } = await reporting.close()
  const ending = endingOf(outcome, reason, { problem, say: err })
  const data = await duty.data.settled(reason === null ? parts.stop.signal : AbortSignal.abort())
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
    environment: duty.environment?.look ?? null,
    data,
    command,
    runtime: process.version,
    reporting: { messages, secondsInReporter: stopwatch.seconds() },
  }
  const written = await writeOrSay(runDirectory, result, err)
  if (result.failure) err(`${result.failure.code}: ${result.failure.detail}`)
  if (reason !== null) err(`stopped: ${typeof reason === 'string' ? reason : reason.why}`)
  out(endingLine(result.outcome, result.training))

  // Nobody hears of an ending that is not on disk.
  if (written) reporting.ended(result.outcome)
  const { unsent } =
    result.outcome === 'stopped'
      ? await reporting.drain(DRAIN_STOPPED_MS, new AbortController().signal)
      : await reporting.drain(DRAIN_MS, parts.stop.signal)
  if (unsent) err('not every report was taken by the queue; epochs.jsonl and result.json have the rest')
  return written ? exitCodeOf(result) : WORKER_EXIT.unwritable
}

/** Loaded only where there is one: a training needs nothing of what runs a command. */
async function trainOrRun(duty: Duty, parts: RunParts, beside: Beside): Promise<Fitted> {
  const { training } = duty.spec
  if (training.kind !== 'command') return fitAndReport(duty, training, parts, beside)
  const { runCommand } = await import('./command/run-command.ts')
  return runCommand(duty, training, parts, beside)
}

/** Storage that failed says nothing against what was trained until then: it is kept, as at a stop. */
const isOfEnvironment = (outcome: FitOutcome): boolean =>
  outcome.kind === 'failed' && outcome.failure.reason === 'environment'

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

/** Opened here, before anything is trained; written and closed on the report thread. */
function openEpochs({ runDirectory }: Duty, { err }: RunParts): number | null {
  try {
    return openSync(join(runDirectory, RUN_FILES.epochs), 'a', 0o600)
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`leaving without training: epochs.jsonl cannot be made: ${error.message}`)
    return null
  }
}
