// The maker is followed by its state file, and by its process or Slurm job where it falls silent; what it left becomes the next move. It is
// told to end where that is wished, or where it outlives its time limit. An owner that takes over goes on from the same files.
import { type BuildState, type BuildTrouble, FILES } from '@trotline/contracts'
import { buildOf, readBuildState, readMade } from '../clusters/environment-directory.ts'
import { aliveRun, endOf, stopRun } from '../clusters/environment-run.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import type { MaterialiseContext } from './materialise-context.ts'
import { cancelledBy, into, made, troubled } from './materialise-moves.ts'
import { fail } from './materialise-trouble.ts'

type Record = MaterialisationRecord

/** A maker says something every few seconds; one that is silent for this long is looked for. */
const SILENT_MS = 15_000
/** One that was started on another login node can only be judged by its silence. */
const LOST_MS = 180_000
/** How long a file may stay invisible after its writer has ended (NFS attribute caches: up to 60 s). */
const FILE_PATIENCE_MS = 60_000
/** SIGKILL follows SIGTERM after this. */
const GRACE_MS = 30_000
/** The maker minds its time limit itself; what outlives it by so much is ended from here. */
const BEYOND_LIMIT_MS = 600_000

/** What this process has seen of a maker, by lock; lost with it, and seen anew. */
export interface Watched {
  run: string
  /** The newest word of the maker, and when it was first seen here. */
  word: string
  wordMs: number
  /** Since when it seems to be over without a word. */
  overMs: number | null
  askedMs: number
}

/** While the maker works, and until what it left has been seen. `stop`: it was told to end. */
export async function follow(record: Record, context: MaterialiseContext, watched: Watched): Promise<Record | null> {
  const { cluster, now } = context
  const { workDir, environments } = cluster.settings
  const { transport } = cluster.service()
  const job = record.inner.doing
  if (job === null) return record
  const nowMs = now().getTime()
  const directory = buildOf(workDir, record.lock)
  const said = await readBuildState(transport, workDir, record.lock)
  const state = said !== null && said.attempt === record.attempt ? said : null
  const word = state === null ? '' : `${state.host} ${state.pid} ${state.at}`
  if (watched.run !== job.run || watched.word !== word) {
    Object.assign(watched, { run: job.run, word, wordMs: nowMs, overMs: null })
  }
  if (state?.outcome === 'made' || state?.outcome === 'ready') {
    const marker = await readMade(transport, workDir, record.lock)
    if (marker !== null) {
      context.crash('environment:before-ready')
      const late = record.inner.wish?.kind === 'cancel' || job.phase === 'stop' ? ' The cancel came too late.' : ''
      return context.change(record.lock, current => made(current, now().toISOString(), marker, `It is ready.${late}`))
    }
    if (isOver(watched, context))
      return fail(record, context, died('Its maker says that it is made, and its marker is not there.', [], true))
    return record
  }
  if (state?.outcome === 'failed') {
    const trouble = state.trouble ?? died('Its maker failed and did not say why.', [], true)
    if (job.phase === 'stop' || trouble.code === 'cancelled') return stopped(record, context)
    return fail(record, context, trouble)
  }
  const end = await endOf(transport, directory, job.run)
  if (end !== null) {
    if (job.phase === 'stop') return stopped(record, context)
    // Its last word may not be visible yet.
    if (job.slurm !== null && !isOver(watched, context)) return record
    const again = await readBuildState(transport, workDir, record.lock)
    if (again?.attempt === record.attempt && again.outcome !== null) return record
    return fail(record, context, endedWithout(end))
  }
  if (job.phase === 'stop') return stopping(record, context, watched)
  if (record.inner.wish?.kind === 'cancel') return beginStop(record, context)
  const silentMs = nowMs - watched.wordMs
  const startedMs = state === null ? null : Date.parse(state.startedAt)
  const limitMs = environments.timeLimitMinutes * 60_000 + BEYOND_LIMIT_MS
  if (startedMs !== null && Date.parse(state?.at ?? '') - startedMs > limitMs)
    return beginStop(record, context, `It was not made within ${environments.timeLimitMinutes} min and is ended.`)
  // Slurm is asked about one that says nothing: it waits, or has ended.
  if (job.slurm !== null)
    return state === null || silentMs > SILENT_MS
      ? followSlurm(record, context, watched, state)
      : tell(record, context, state)
  if ((silentMs > SILENT_MS || watched.askedMs === 0) && nowMs - watched.askedMs > 5_000) {
    watched.askedMs = nowMs
    const alive = await aliveRun(transport, directory, job.run)
    const lost = alive === 'gone' || ((alive === 'elsewhere' || alive === 'unknown') && silentMs > LOST_MS)
    if (lost && isOver(watched, context, SETTLE_MS))
      return fail(
        record,
        context,
        died('Its maker ended without a word.', [`process group of ${job.run}: ${alive}`], true),
      )
    if (!lost) watched.overMs = null
  }
  return tell(record, context, state)
}

/** Between two looks that find nobody: the first may have come before the process had its number written down. */
const SETTLE_MS = 4_000

/** Has it been over for so long that nothing of it is on its way any more? */
function isOver(watched: Watched, { now }: MaterialiseContext, patienceMs = FILE_PATIENCE_MS): boolean {
  const nowMs = now().getTime()
  watched.overMs ??= nowMs
  return nowMs - watched.overMs >= patienceMs
}

async function followSlurm(
  record: Record,
  context: MaterialiseContext,
  watched: Watched,
  state: BuildState | null,
): Promise<Record | null> {
  const slurm = record.inner.doing?.slurm
  if (!slurm) return record
  const row = (await context.listed()).find(({ name }) => name === slurm.name)
  if (row === undefined || row.state.phase === 'over') {
    if (!isOver(watched, context)) return record
    const word = row?.state.raw ?? 'no longer listed'
    return fail(
      record,
      context,
      died(`The Slurm job that made it ended (${word}) without a word.`, [`squeue: ${slurm.id} ${word}`], true),
    )
  }
  watched.overMs = null
  if (row.state.phase !== 'waiting') return tell(record, context, state)
  const detail = `Its maker waits in Slurm as job ${row.slurmJobId} (${row.reason ?? 'no reason given'}).`
  return context.change(record.lock, current =>
    current.detail === detail ? current : { ...current, detail, at: context.now().toISOString() },
  )
}

const STEP_WORDS: { readonly [step in BuildState['step']]: string } = {
  wait: 'It waits for another process that makes or removes it.',
  download: 'Its archives are being downloaded.',
  install: 'Its packages are being installed.',
  pip: 'Its pip packages are being installed.',
  verify: 'What was installed is compared with the lock.',
  pack: 'It is being packed.',
  publish: 'It is being published.',
}

async function tell(record: Record, context: MaterialiseContext, state: BuildState | null): Promise<Record | null> {
  if (state === null) return record
  const { step, progress, installer } = state
  return context.change(record.lock, current => {
    const detail = STEP_WORDS[step]
    const same =
      current.step === step &&
      current.detail === detail &&
      JSON.stringify([current.progress, current.installer]) === JSON.stringify([progress, installer])
    return same || current.inner.doing?.phase !== 'follow'
      ? current
      : { ...current, step, progress, installer, detail, at: context.now().toISOString() }
  })
}

const died = (detail: string, evidence: string[], transient: boolean): BuildTrouble => ({
  code: 'died',
  detail,
  evidence: evidence.map(line => line.slice(0, 1_000)),
  transient,
})

/** As a shell tells it: 126 and 127 are "not executable" and "not found". */
function endedWithout({ code, err }: { code: number; err: string }): BuildTrouble {
  const lines = err
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(-8)
  const last = lines.at(-1)
  const neverBegan = code === 126 || code === 127
  const how = code > 128 ? `was killed by signal ${code - 128}` : `ended with exit code ${code}`
  return died(
    `Its maker ${how}${last === undefined || code > 128 ? '' : `: ${last.slice(0, 500)}`}.`,
    lines,
    !neverBegan,
  )
}

/** Durable before anything is ended. */
async function beginStop(record: Record, context: MaterialiseContext, detail?: string): Promise<Record | null> {
  const { now } = context
  const next = await context.change(record.lock, current => {
    const job = current.inner.doing
    if (job === null || job.phase !== 'follow') return current
    const by = current.inner.wish?.by
    return into(
      current,
      now().toISOString(),
      { ...job, phase: 'stop', since: now().toISOString() },
      detail ?? `It is being cancelled, as ${by} wished.`,
    )
  })
  if (next?.inner.doing?.phase === 'stop') await signalMaker(next, context, 'TERM')
  return next
}

async function stopping(record: Record, context: MaterialiseContext, watched: Watched): Promise<Record | null> {
  const { cluster, now } = context
  const job = record.inner.doing
  if (job === null) return record
  const nowMs = now().getTime()
  if (nowMs - watched.askedMs < 2_000) return record
  watched.askedMs = nowMs
  const late = nowMs - Date.parse(job.since) > GRACE_MS
  if (job.slurm !== null) {
    const row = (await context.listed()).find(({ name }) => name === job.slurm?.name)
    if (row === undefined || row.state.phase === 'over') return stopped(record, context)
    await signalMaker(record, context, 'TERM')
    return record
  }
  const alive = await aliveRun(cluster.service().transport, buildOf(cluster.settings.workDir, record.lock), job.run)
  if (alive === 'gone' || (alive !== 'alive' && late)) return stopped(record, context)
  if (alive === 'alive') await signalMaker(record, context, late ? 'KILL' : 'TERM')
  return record
}

async function signalMaker(record: Record, { cluster }: MaterialiseContext, signal: 'TERM' | 'KILL'): Promise<void> {
  const { transport, scheduler } = cluster.service()
  const directory = buildOf(cluster.settings.workDir, record.lock)
  const job = record.inner.doing
  if (job === null) return
  if (job.slurm === null) return stopRun(transport, directory, job.run, signal)
  // The mark first: a job that starts now obeys it.
  await transport.put(`${directory}/${FILES.cancelled}`, `${job.since}\n`, { mode: 0o600 })
  await scheduler.cancel({ name: job.slurm.name, slurmJobId: job.slurm.id ?? '' })
}

/** Its maker is no more. What it left half-made is taken away by the maker, or by whoever makes or removes it next. */
const stopped = (record: Record, context: MaterialiseContext): Promise<Record | null> =>
  context.change(record.lock, current => {
    const { wish } = current.inner
    const at = context.now().toISOString()
    if (wish?.kind === 'cancel') return cancelledBy(current, at, wish.by)
    const limit = context.cluster.settings.environments.timeLimitMinutes
    const trouble: BuildTrouble =
      current.inner.doing?.phase === 'stop'
        ? { code: 'time-limit', detail: `It was not made within ${limit} min.`, evidence: [], transient: false }
        : {
            code: 'cancelled',
            detail: 'Its maker was ended by somebody else on the cluster.',
            evidence: [],
            transient: true,
          }
    return troubled(current, at, trouble)
  })
