// The training itself, from the checkpoint it goes on from to its end, with everything that happens beside it: epochs into
// epochs.jsonl, checkpoints, heartbeats, the first report, and the warning before the time limit.
import { join } from 'node:path'
import { type ResumedFrom, RUN_FILES, type RunResult, type WorkerTraining } from '@trotline/contracts'
import type { FitOutcome } from '@trotline/trainer'
import { type CheckpointFile, createCheckpointFile, textOf } from './checkpoint-file.ts'
import { startHeartbeat } from './heartbeat.ts'
import type { Obedience } from './obedience.ts'
import type { Duty, RunParts } from './parts.ts'
import type { Reporting } from './reporting.ts'
import { type FoundCheckpoint, findCheckpoints } from './restore.ts'

export interface Beside {
  reporting: Reporting
  obedience: Obedience
  /** Aborted by a signal, by what `obedience` found, or because nothing can be reported any more. */
  stop: AbortSignal
}

export interface Fitted {
  outcome: FitOutcome
  resumed: ResumedFrom | null
  /** null: the training ended before its start, or left none. */
  checkpoints: Pick<CheckpointFile, 'write' | 'settled' | 'note'> | null
  /** null: it was none, or never started. */
  command: RunResult['command']
}

/** Whatever ends the fit, a bug too, the epochs so far are on disk afterwards. Rejects where the report thread has ended. */
export async function fitAndReport(
  duty: Duty,
  training: WorkerTraining,
  parts: RunParts,
  beside: Beside,
): Promise<Fitted> {
  const { gpus, cpus, checkpointEverySeconds } = duty.spec
  const { slurmJobId, node } = duty.allocation
  const { out, err } = parts
  const { reporting, obedience, stop } = beside
  let trained = 0
  let backend = ''
  let resumed: ResumedFrom | null = null
  let checkpoints: CheckpointFile | null = null
  let warned = false

  const { fit, decodeCheckpoint } = await parts.loadTrainer()
  const found = await findCheckpoints(duty.directory, duty.run, { decode: decodeCheckpoint, say: err })
  const foundAs = (checkpoint: unknown): FoundCheckpoint =>
    found.find(one => one.checkpoint === checkpoint) as FoundCheckpoint

  async function syncEpochs(): Promise<void> {
    const problem = await reporting.onDisk()
    if (problem !== null) throw new Error(problem)
  }

  async function warn(epochs: number): Promise<void> {
    // What keeps them from the disk has been said.
    const on = await syncEpochs().then(
      () => `${epochs} epochs are on disk`,
      () => 'not every epoch is on disk',
    )
    err(`SIGUSR2: the time limit is near; ${on}, training goes on`)
  }

  parts.stop.onWarning(() => {
    void warn(trained)
    warned = true
    checkpoints?.writeSoon()
  })
  const heartbeat = startHeartbeat({
    runDirectory: duty.runDirectory,
    epoch: () => (trained === 0 ? null : trained - 1),
    onBeat: epoch => {
      reporting.heartbeat(epoch)
      void obedience.look()
    },
    everyMs: parts.heartbeatMs,
    say: err,
  })
  out(`training ${nameOf(training)}: ${training.epochs} epochs, seed ${training.seed}, backend ${training.backend}`)
  try {
    const outcome = await fit({
      training,
      gpus,
      cpus,
      assets: { directory: duty.assets },
      signal: stop,
      resume: found.map(({ checkpoint }) => checkpoint),
      onBackend(chosen) {
        backend = chosen.backend
        out(`backend ${backend}, engine ${chosen.engine}`)
        for (const rung of chosen.skipped) out(`  not ${rung.backend}: ${rung.why}`)
      },
      onStart(start) {
        for (const { checkpoint, why } of start.refused) err(`${foundAs(checkpoint).name} ${why}; it is not used`)
        if (start.resumed) {
          const { run, name } = foundAs(start.resumed)
          const { epochs, batches } = start.resumed
          resumed = { run, epochs, batches }
          trained = epochs
          out(`resumed from ${name}: ${textOf(resumed)} are trained already`)
        } else if (duty.run !== '1-0')
          out('beginning with the first epoch: no older run left a checkpoint that can be used')
        checkpoints = createCheckpointFile({
          path: join(duty.runDirectory, RUN_FILES.checkpoint),
          previousPath: join(duty.runDirectory, RUN_FILES.previousCheckpoint),
          everySeconds: checkpointEverySeconds,
          from: resumed ?? { epochs: 0, batches: 0 },
          take: start.checkpoint,
          syncEpochs,
          say: err,
        })
        // They are whole states, and fit() has dropped its own list of them.
        found.length = 0
        // The warning came while the training was being made ready.
        if (warned) checkpoints.writeSoon()
        reporting.started({ slurmJobId, node, runtime: process.version, backend, resumed })
      },
      onEpoch(epoch) {
        reporting.epoch(epoch)
        trained = epoch.epoch + 1
      },
    })
    return { outcome, resumed, checkpoints, command: null }
  } finally {
    // A closure sets it, which the compiler does not see.
    ;(checkpoints as CheckpointFile | null)?.stop()
    await heartbeat.stop()
    await reporting.onDisk()
  }
}

const nameOf = (training: WorkerTraining): string =>
  training.kind === 'preset' ? training.preset : 'a model of the request’s own'
