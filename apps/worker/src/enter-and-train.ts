// Between the fence and the training: is the environment what it was when it was made, and the data what a rerun expects? Nothing expensive has
// happened by then. Whatever comes of it, the environment is left again.
import type { EnvironmentLook, RunEnvironment } from '@trotline/contracts'
import { createDataDigests } from './data-digests.ts'
import { isFileSystemError } from './durable-file.ts'
import { endUnfit, type Unfit } from './end-unfit.ts'
import type { Entered, NotEntered } from './environment/enter.ts'
import { linkLibraries } from './environment-libraries.ts'
import type { Assignment, Duty, RunParts } from './parts.ts'
import { train } from './train.ts'

export async function enterAndTrain(assignment: Assignment, parts: RunParts): Promise<number> {
  const { environment } = assignment.spec
  if (environment === null) return checkAndTrain({ ...assignment, environment: null }, parts)
  const startedAt = new Date().toISOString()
  const entered = await enter(environment, assignment, parts)
  // The training finds that it has to stop, and leaves a result that says so.
  if (entered === null) return checkAndTrain({ ...assignment, environment: null }, parts)
  if ('failure' in entered)
    return endUnfit(assignment, { failure: entered.failure, startedAt, environment: entered.look }, parts)
  try {
    const { prefix, look } = entered
    parts.out(wordsOf(environment, prefix, look))
    await bringLibraries(assignment, prefix, parts)
    return await checkAndTrain({ ...assignment, environment: { prefix, look } }, parts)
  } finally {
    await entered.leave()
  }
}

/** null: it was told to stop meanwhile. */
async function enter(
  environment: RunEnvironment,
  { allocation, run }: Assignment,
  { stop: { signal }, err }: RunParts,
): Promise<Entered | NotEntered | null> {
  const { enterEnvironment } = await import('./environment/enter.ts')
  try {
    const options = { slurmJobId: allocation.slurmJobId, salt: run, say: err, signal }
    return await enterEnvironment(environment, options)
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}

async function checkAndTrain(assignment: Omit<Duty, 'data'>, parts: RunParts): Promise<number> {
  const startedAt = new Date().toISOString()
  const data = createDataDigests(assignment.spec, parts.err)
  const failure = await data.check(parts.stop.signal)
  if (failure !== null) {
    const unfit: Unfit = { failure, startedAt, environment: assignment.environment?.look ?? null }
    return endUnfit(assignment, unfit, parts)
  }
  await data.begin()
  return train({ ...assignment, data }, parts)
}

/** A command loads its own, as its environment has them; linear regression and the CPU's kernels load none. */
async function bringLibraries(
  { spec, runDirectory }: Assignment,
  prefix: string,
  { out, err }: RunParts,
): Promise<void> {
  if (spec.training.kind === 'command' || spec.gpus === 0) return
  try {
    const linked = await linkLibraries(prefix, runDirectory)
    out(`${linked} NVIDIA libraries of the environment are linked`)
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`the NVIDIA libraries of the environment cannot be linked: ${error.message}`)
  }
}

const wordsOf = ({ lockId }: RunEnvironment, prefix: string, { looked, of, seconds, depth }: EnvironmentLook): string =>
  `environment ${lockId.slice(0, 12)} in ${prefix}: ${looked} of ${of} files looked at by their ${depth} in ${seconds.toFixed(2)} s`
