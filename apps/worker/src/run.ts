// One run from its first look at the job directory to its exit code: may it train, is the fence ours, does the node fit, and so on to enter-and-train.ts.
// Everything that ends without training ends here, with a sentence on stderr and a code of WORKER_EXIT.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES, WORKER_EXIT } from '@trotline/contracts'
import { readReportAccess, readSpec } from './assignment.ts'
import { isFileSystemError } from './durable-file.ts'
import { endUnfit } from './end-unfit.ts'
import { enterAndTrain } from './enter-and-train.ts'
import { newFence, takeFence } from './fence.ts'
import type { Leave } from './leave.ts'
import type { Assignment, RunOrder, RunParts } from './parts.ts'
import type { Allocation } from './settings.ts'
import { standing } from './standing.ts'

export async function run(order: RunOrder, parts: RunParts): Promise<number> {
  const { directory, submission, allocation } = order
  const leave = (reason: Leave): number => {
    parts.err(`leaving without training: ${reason.why}`)
    return WORKER_EXIT[reason.leave]
  }

  const spec = await readSpec(directory, submission)
  if ('leave' in spec) return leave(spec)
  const name = `${submission}-${allocation.restart}`
  const release = order.release ?? spec.release
  parts.out(
    `run ${name} of job ${spec.jobId}: Slurm job ${allocation.slurmJobId} (${allocation.slurmJobName}) on ${allocation.node}, ` +
      `Node.js ${process.version}, release ${release.slice(0, 12)}`,
  )
  if (release !== spec.release)
    parts.err(`the job was prepared for release ${spec.release.slice(0, 12)}; this one runs it`)

  const before = await standing(directory, name)
  if (before) return leave(before)
  if (parts.stop.signal.aborted) return stoppedEarly(parts)
  const runDirectory = join(directory, FILES.runs, name)
  const held = await passFence(runDirectory, allocation)
  if (held) return leave(held)
  const since = await standing(directory, name)
  if (since) return leave(since)

  const access = await readReportAccess(directory)
  if (!access)
    parts.err(`${join(directory, FILES.report)} cannot be used: nothing is reported, epochs.jsonl has it all`)
  const duty: Assignment = {
    spec,
    directory,
    run: name,
    runDirectory,
    allocation,
    release,
    assets: order.assets,
    access,
  }
  return (await endedByNode(duty, parts)) ?? enterAndTrain(duty, parts)
}

/** null: the node is no reason not to train. Read only for jobs with GPUs: without one there is nothing on a node that has to fit. */
async function endedByNode(duty: Assignment, parts: RunParts): Promise<number | null> {
  if (duty.spec.gpus === 0) return null
  const startedAt = new Date().toISOString()
  const { preflight } = await import('./preflight.ts')
  const failure = await preflight(duty, parts)
  if (failure === null) return null
  return endUnfit(duty, { failure, startedAt, environment: null }, parts)
}

async function passFence(runDirectory: string, allocation: Allocation): Promise<Leave | null> {
  try {
    await mkdir(runDirectory, { recursive: true, mode: 0o700 })
    return await takeFence(runDirectory, newFence(allocation))
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    return { leave: 'unwritable', why: `the fence cannot be made: ${error.message}` }
  }
}

function stoppedEarly({ stop, err }: RunParts): number {
  err(`${String(stop.signal.reason)} before the training began`)
  return WORKER_EXIT.stopped
}
