// A command in place of a training: it runs in a folder of its run, in the job's environment, and what it says of its epochs is reported as a
// training's are. What it hears:
//
//   the warning before the time limit   SIGUSR2, where one of its processes listens for it; no other process is told
//   the end                             SIGTERM to all its processes (scancel, time limit, preemption, a cancel that only left its mark),
//                                       and SIGKILL 20 s later: Slurm's own follows after KillWait, 30 s by default
//
// What it did after SIGTERM does not count: the run is `stopped`, and a later one starts it again, with TROTLINE_RESUME.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CheckpointNote,
  type CommandTraining,
  type ResumedFrom,
  type RunFailure,
  rankOf,
} from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'
import type { Beside, Fitted } from '../fit-and-report.ts'
import { startHeartbeat } from '../heartbeat.ts'
import type { Duty, RunParts } from '../parts.ts'
import { recordedEpochs } from '../recorded-epochs.ts'
import { runsOf } from '../standing.ts'
import { argvOf } from './activation.ts'
import { type Command, type CommandEnd, startCommand } from './child.ts'
import { commandText, failureOf, reportOf } from './ending.ts'
import { followEpochs } from './epoch-follower.ts'
import type { Reported } from './reported-line.ts'
import { variablesOf } from './variables.ts'
import { type CommandFolders, checkpointBytes, filesConflict, findCheckpoints, layFolders } from './work-folder.ts'

const GRACE_MS = 20_000

export async function runCommand(
  duty: Duty,
  training: CommandTraining,
  parts: RunParts,
  beside: Beside,
): Promise<Fitted> {
  const conflict = filesConflict(training.files)
  if (conflict !== null)
    return unbegun({
      reason: 'training',
      code: 'command-files',
      detail: `The command’s files cannot be laid: ${conflict}.`,
    })
  if (beside.stop.aborted) return { ...NOTHING, outcome: { kind: 'stopped', report: null } }
  let folders: CommandFolders
  try {
    folders = await layFolders(duty.runDirectory, training)
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    const detail = `The command’s folder could not be made: ${error.message}`
    return unbegun({ reason: 'environment', code: 'COMMAND_FOLDER', detail })
  }
  const from = await findCheckpoints(duty.directory, duty.run, parts.err)
  if (from !== null) parts.out(`TROTLINE_RESUME is what run ${from.run} left in its checkpoints`)
  return runIn(folders, from, { duty, training, parts, beside })
}

interface Whole {
  duty: Duty
  training: CommandTraining
  parts: RunParts
  beside: Beside
}

async function runIn(
  folders: CommandFolders,
  from: { run: string; folder: string } | null,
  { duty, training, parts, beside }: Whole,
): Promise<Fitted> {
  const { out, err } = parts
  const { reporting, obedience, stop } = beside
  const { slurmJobId, node } = duty.allocation
  let newest: number | null = null
  let resumed: ResumedFrom | null = null
  let reportedAt = performance.now()

  function onEpoch({ epoch, seconds, values }: Reported): void {
    const at = performance.now()
    if (newest === null && from !== null && epoch > 0) resumed = { run: from.run, epochs: epoch, batches: 0 }
    newest = epoch
    reporting.epoch({ epoch, seconds: seconds ?? (at - reportedAt) / 1000, values })
    reportedAt = at
  }

  const prefix = duty.environment?.prefix ?? null
  const place = { jobId: duty.spec.jobId, run: duty.run, prefix, seed: training.seed, resume: from?.folder ?? null }
  out(`command ${commandText(training.command)} in ${folders.work}`)
  const command = startCommand({
    argv: argvOf(training.command, prefix !== null),
    folder: folders.work,
    variables: variablesOf(parts.inherited, training.env, { ...place, ...folders }),
  })
  reporting.started({ slurmJobId, node, runtime: process.version, backend: 'command', resumed: null })
  const follower = followEpochs(folders.reported, { onEpoch, say: err })
  const heartbeat = startHeartbeat({
    runDirectory: duty.runDirectory,
    epoch: () => newest,
    onBeat: epoch => {
      reporting.heartbeat(epoch)
      void obedience.look()
    },
    everyMs: parts.heartbeatMs,
    say: err,
  })
  let warned = Promise.resolve()
  parts.stop.onWarning(() => {
    warned = warn(command, err)
  })
  const onStop = (): void => {
    err('the command is told to stop')
    command.stop(GRACE_MS)
  }
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  let end: CommandEnd
  try {
    end = await command.ended
  } finally {
    stop.removeEventListener('abort', onStop)
    // Whoever heard the warning may have ended the command before all its processes were looked at.
    await warned
    await follower.end()
    await heartbeat.stop()
    await reporting.onDisk()
  }

  out(`the command ended: ${end.signal ?? `exit code ${end.exitCode}`} after ${end.seconds.toFixed(2)} s`)
  const report = reportOf(training.command, await recorded(duty, err), end.seconds)
  const failure = failureOf(training.command, end)
  const stopped = end.told || (failure !== null && (await abortedWithin(stop, TOGETHER_MS)))
  const { exitCode, signal, seconds } = end
  const bytes = await checkpointBytes(folders.checkpoints)
  return {
    outcome: stopped
      ? { kind: 'stopped', report }
      : failure === null
        ? { kind: 'completed', report, artifacts: [] }
        : { kind: 'failed', failure, report },
    resumed,
    checkpoints: bytes === null ? null : left({ epochs: report.epochs, batches: 0, seconds: 0, bytes }),
    command: { exitCode, signal, seconds },
  }
}

/** Slurm sends SIGTERM to all processes of a job at once: the command may be gone before the worker hears of its own. */
const TOGETHER_MS = 250

async function abortedWithin(signal: AbortSignal, limitMs: number): Promise<boolean> {
  await sleep(limitMs, null, { signal }).catch(() => undefined)
  return signal.aborted
}

async function warn(command: Command, err: (line: string) => void): Promise<void> {
  const told = await command.warn()
  err(
    told === 0
      ? 'SIGUSR2: the time limit is near; no process of the command listens for it, and SIGTERM comes at the limit'
      : `SIGUSR2: the time limit is near; ${told === 1 ? 'a process' : `${told} processes`} of the command ${told === 1 ? 'is' : 'are'} told`,
  )
}

/** The lines of this run and of those before it, as the record counts them. */
async function recorded({ directory, run }: Duty, say: (line: string) => void) {
  const runs = (await runsOf(directory)).filter(other => rankOf(other) <= rankOf(run))
  return [...(await recordedEpochs(directory, runs, say)).values()].map(({ line }) => line)
}

/** The command has written them itself. */
const left = (note: CheckpointNote): Fitted['checkpoints'] => ({
  write: async () => undefined,
  settled: async () => undefined,
  note: () => note,
})

const NOTHING = { resumed: null, checkpoints: null, command: null } as const

const unbegun = (failure: RunFailure): Fitted => ({ ...NOTHING, outcome: { kind: 'failed', failure, report: null } })
