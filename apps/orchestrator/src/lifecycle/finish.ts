// finishing -> completed | failed | cancelled, or prepared where the training goes on in a further submission: collects the
// result, the epochs that were never reported and the log tail, then ends the record. A result may be invisible for up to a minute (NFS attribute caches), so a missing one is looked
// for again before it is called missing.
import { type Epoch, FILES, isTerminal, type RunResult, WORKER_EXIT } from '@trotline/contracts'
import { listRuns, type RunFolder, readEpochLines, readFence, readLogTail, readResult } from '../clusters/runs.ts'
import { isCoded } from '../errors.ts'
import type { Ending, JobRecord } from '../store/record.ts'
import { isFaultOfCluster, nextSubmission, retriesOf } from './attempts.ts'
import { placeOf, type StageContext } from './context.ts'
import { explain, explainedBySlurm } from './failures.ts'
import { cancelled, completed, failed, type Move, ranWith, runSeen, submitAgain } from './machine.ts'
import { tellDrifted, tellMissed } from './materialise-jobs.ts'
import { collectSightings } from './node-sightings.ts'
import type { Wait } from './outcome.ts'
import { timeLimitPassed } from './time-limit.ts'

const LOOK_AGAIN_MS = 2_000
/** For what may last for hours. */
const LOOK_AGAIN_LATER_MS = 30_000

/** What runs these jobs, all of one identity, have left: one question for all. */
export async function runsOf(jobs: readonly JobRecord[], context: StageContext): Promise<Map<string, RunFolder[]>> {
  const places = jobs.map(job => placeOf(job, context))
  const [first] = places
  if (first === undefined) return new Map()
  const found = await listRuns(
    first.access.transport,
    places.map(({ directory }) => directory),
  )
  return new Map(jobs.map(({ id }, at) => [id, found[at] ?? []]))
}

export async function finish(
  job: JobRecord,
  folders: readonly RunFolder[],
  context: StageContext,
  onCommit: (job: JobRecord) => void,
): Promise<Move | Wait> {
  const { access, directory } = placeOf(job, context)
  const newest = newestOf(folders, job.submission)
  job = namingLaunchFailure(job, newest)
  const ending = job.inner.ending
  if (ending === null) throw new TypeError(`job ${job.id} is finishing without an ending`)
  const result = await resultOf(folders, job, context)

  const waitedMs = context.now().getTime() - Date.parse(ending.at)
  const patient = waitedMs < context.cluster.settings.resultPatienceMs
  if (result === null && patient && !explainedBySlurm(ending)) {
    return { untilMs: context.now().getTime() + LOOK_AGAIN_MS, why: 'The result is not visible yet.' }
  }
  if (result === null && (await mayTrainElsewhere(job, ending, newest, context))) {
    return {
      untilMs: context.now().getTime() + LOOK_AGAIN_LATER_MS,
      why: 'The process that holds the fence may still train.',
    }
  }

  const current = await collectRuns(job, context, folders, result)
  onCommit(current)
  await collectSightings(current, folders, context)
  await collectEpochs(current, context, folders)
  context.crash('finish:after-collect')
  const progress = await context.epochs.progress(current)
  const complete = result?.outcome === 'completed' && progress.epochs >= (result.training?.epochs ?? 0)
  if (result?.outcome === 'completed' && !complete && patient) {
    return { untilMs: context.now().getTime() + LOOK_AGAIN_MS, why: 'Some epochs are not visible yet.' }
  }
  const at = context.now()
  if (!complete && !(await isMarkedEnded(current, context))) {
    const next = nextSubmission(current, result, progress.epochs, context.cluster.settings, at.getTime())
    if (next) return submitAgain(current, at.toISOString(), next.why, ending.evidence, next)
  }
  if (result === null || result.outcome === 'stopped') await markEnded(current, context, folders.length > 0)
  const logTail = complete ? '' : await readLogTail(access.transport, directory, result?.run ?? newest?.run ?? null)
  return conclude(current, result, complete, logTail, at.toISOString())
}

/**
 * What Slurm saw the end of left at its fence, and the fence is held by another process of the same run: slurmctld had come back
 * with an older state and started the run once more. That process is waited for, as observe.ts waits for a fenced run.
 */
async function mayTrainElsewhere(
  job: JobRecord,
  ending: Ending,
  newest: RunFolder | undefined,
  context: StageContext,
): Promise<boolean> {
  if (ending.exitCode !== LEFT_AT_FENCE || job.cancelRequestedAt !== null) return false
  if (newest?.reached !== 'fenced' && newest?.reached !== 'heartbeat') return false
  if (await isMarkedEnded(job, context)) return false
  const facts = await placeOf(job, context).access.scheduler.facts()
  return !timeLimitPassed(job, facts, { nowMs: context.now().getTime(), startedByMs: Date.parse(ending.at) })
}

const LEFT_AT_FENCE = `${WORKER_EXIT.fenced}:0`

/** The record had ended before (it was lost and made anew from the directory): whatever runs now leaves at its fence. */
async function isMarkedEnded(job: JobRecord, context: StageContext): Promise<boolean> {
  const { access, directory } = placeOf(job, context)
  return (await access.transport.readAt(`${directory}/${FILES.ended}`, 0, 0)) !== null
}

/**
 * Slurm can be told to requeue a job that is over, and no result of ours would keep such a run from training: this mark does.
 * Durable before the record ends. A directory that is gone holds no run either.
 */
async function markEnded(job: JobRecord, context: StageContext, hasRuns: boolean): Promise<void> {
  const { access, directory } = placeOf(job, context)
  const content = `${job.inner.ending?.state ?? ''}\n`
  await access.transport.put(`${directory}/${FILES.ended}`, content, { mode: 0o600 }).catch(error => {
    if (hasRuns || !isCoded(error) || error.code !== 'FILE_FAILED') throw error
  })
}

function conclude(job: JobRecord, result: RunResult | null, complete: boolean, logTail: string, at: string): Move {
  const ending = job.inner.ending
  if (ending === null) throw new TypeError(`job ${job.id} is finishing without an ending`)
  if (complete && result?.training) {
    return completed(job, at, result.training, [...ending.evidence, `result.json of run ${result.run}: completed`])
  }
  if (ending.state.startsWith('CANCELLED')) {
    const who =
      job.cancelRequestedAt === null
        ? `It was cancelled outside Trotline (${ending.state}).`
        : 'It was cancelled as wished.'
    return cancelled(job, at, who, ending.evidence)
  }
  // Without the wish it would have been submitted again.
  if (job.cancelRequestedAt !== null && result?.outcome !== 'failed' && isFaultOfCluster(ending)) {
    const detail = `It was cancelled as wished; Slurm’s word for its end is ${ending.state}.`
    return cancelled(job, at, detail, ending.evidence)
  }
  // A wished cancel also shows as the worker's own orderly stop, where Slurm calls that FAILED 143:0.
  if (
    job.cancelRequestedAt !== null &&
    (result?.outcome === 'stopped' ||
      ending.exitCode === `${WORKER_EXIT.cancelled}:0` ||
      (result === null && ending.exitCode === LEFT_AT_FENCE))
  ) {
    return cancelled(job, at, 'It was cancelled as wished.', ending.evidence)
  }
  return failed(job, at, explain(ending, result, logTail, retriesOf(job)), result?.training ?? null)
}

/** The end comes with the start: Slurm counts in seconds. */
const AT_ONCE_SECONDS = 1

/**
 * slurmd kills a job that it cannot launch and that may not be requeued, and Slurm's word for that is "CANCELLED by 0". Seen where a
 * process of the same number still ran on the node, because slurmctld had forgotten a job and given its id out again
 * (22.05, slurmd's req.c: _launch_job_fail). A person's scancel as root in that second, before the worker is at its fence, is taken
 * for the same.
 */
function namingLaunchFailure(job: JobRecord, newest: RunFolder | undefined): JobRecord {
  const { ending } = job.inner
  const elapsedSeconds = job.submissions.at(-1)?.elapsedSeconds ?? null
  const started = job.slurm?.nodes != null && elapsedSeconds !== null
  const bySlurmd = ending?.state === 'CANCELLED by 0' && started && elapsedSeconds <= AT_ONCE_SECONDS
  if (!bySlurmd || newest !== undefined || job.cancelRequestedAt !== null) return job
  const evidence = [
    ...ending.evidence,
    `Slurm’s own user 0 ended it within ${AT_ONCE_SECONDS} s of its start on ${job.slurm?.nodes}, before its first process`,
  ]
  return { ...job, inner: { ...job.inner, ending: { ...ending, state: 'LAUNCH_FAILED', exitCode: null, evidence } } }
}

/** Of a job with more runs than this the oldest results are not looked at. */
const MOST_RESULTS = 50

/**
 * The one result that counts. A run that completed or failed has ended the job whatever its number: a later run that finds such
 * a result leaves at its fence. A stop ends nothing but its own submission.
 */
async function resultOf(
  folders: readonly RunFolder[],
  job: JobRecord,
  context: StageContext,
): Promise<RunResult | null> {
  const { access, directory } = placeOf(job, context)
  let stopped: RunResult | null = null
  for (const folder of folders
    .filter(({ reached }) => reached === 'result')
    .slice(-MOST_RESULTS)
    .reverse()) {
    const result = await readResult(access.transport, directory, folder.run)
    if (result !== null && result.outcome !== 'stopped') return result
    // One that was superseded speaks for nobody: a newer run took its place.
    if (folder.run.startsWith(`${job.submission}-`) && result?.stoppedBy !== 'superseded') stopped ??= result
  }
  return stopped
}

/** A run that never passed its fence left nothing. */
const newestOf = (folders: readonly RunFolder[], submission: number): RunFolder | undefined =>
  folders.filter(folder => folder.reached !== 'none' && folder.run.startsWith(`${submission}-`)).at(-1)

/** Runs that were never reported (directory mode, Redis away) get into the record from their own files. */
async function collectRuns(
  job: JobRecord,
  context: StageContext,
  folders: readonly RunFolder[],
  result: RunResult | null,
): Promise<JobRecord> {
  const { access, directory } = placeOf(job, context)
  const at = context.now().toISOString()
  let current = job
  const events: Move['events'] = []
  for (const folder of folders.filter(candidate => candidate.reached !== 'none')) {
    const known = current.runs.find(run => run.run === folder.run)
    if (known?.endedAt) continue
    const fence = await readFence(access.transport, directory, folder.run).catch(error => {
      // Only says who ran: a fence that is none of ours must not keep the job from ending.
      if (isCoded(error) && error.code === 'RESULT_UNREADABLE') return null
      throw error
    })
    const own = result?.run === folder.run ? result : null
    const move = runSeen(current, at, {
      run: folder.run,
      slurmJobId: fence?.slurmJobId ?? current.slurm?.jobId ?? '',
      node: fence?.node ?? null,
      resumed: own?.resumed ?? null,
      startedAt: own?.startedAt ?? fence?.at ?? null,
      endedAt: own?.endedAt ?? null,
      ending: own?.outcome ?? (folder.run === folders.at(-1)?.run ? (job.inner.ending?.state ?? null) : 'superseded'),
    })
    if (move === null) continue
    current = move.next
    events.push(...move.events)
  }
  if (result !== null) {
    current = ranWith(current, result)
    await tellMissed(job, result, context.environments)
    await tellDrifted(current, context.environments)
  }
  return current === job ? job : context.jobs.commit(job, current, events, context.lease())
}

async function collectEpochs(job: JobRecord, context: StageContext, folders: readonly RunFolder[]): Promise<void> {
  const { access, directory } = placeOf(job, context)
  for (const folder of folders) {
    const attempt = job.runs.find(run => run.run === folder.run)?.attempt
    if (attempt === undefined) continue
    const { lines, damaged } = await readEpochLines(access.transport, directory, folder.run, 0)
    if (damaged > 0)
      context.log.warn({ jobId: job.id, run: folder.run, damaged }, 'epochs.jsonl has lines that do not parse')
    const epochs: Epoch[] = lines.map(line => ({ ...line, run: folder.run, attempt }))
    await context.epochs.put(job.id, epochs)
  }
}

/** After the move is stored: what only live jobs need goes away. Can run twice. */
export async function afterEnd(job: JobRecord, context: StageContext): Promise<void> {
  if (!isTerminal(job.state)) return
  context.crash('finish:before-seal')
  await context.epochs.seal(job.id)
}
