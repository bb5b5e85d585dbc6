// What is done to an environment that is there: looked at byte by byte, moved aside when it does not match its lock any more, removed.
// Each is a program of the worker's release on the login node, started once and followed by its files; each can be run twice.
import { ENVIRONMENT_FILES, EnvironmentLook } from '@trotline/contracts'
import { z } from 'zod'
import { buildOf, environmentsOf, jsonOf, makeBuildDirectory } from '../clusters/environment-directory.ts'
import { aliveRun, endOf, startRun } from '../clusters/environment-run.ts'
import { provideRelease } from '../clusters/provide-release.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import { type MaterialiseContext, programOf } from './materialise-context.ts'
import { doing, drifted, into, quarantined, removed, removing, stamp } from './materialise-moves.ts'

type Record = MaterialisationRecord
type Tending = 'look' | 'quarantine' | 'remove'

// With what was moved aside of it before. Its trees are read-only.
const REMOVE = `
root=$1
lock=$2
shift 2
"$@" || exit
for aside in "$root/${ENVIRONMENT_FILES.quarantine}/$lock-"*; do
  [ -e "$aside" ] || continue
  chmod -R u+w -- "$aside"
  rm -rf -- "$aside" || exit
done
`

const LIMIT_MS = 4 * 3_600_000
const AGAIN_MS = 30_000
const LONGEST_WAIT_MS = 600_000
/** Each costs a program on the login node. */
const ALIVE_EVERY_MS = 10_000
/** When a look that was broken off is worth no more. */
const MOST_TRIES = 5

/** A wish whose time has come: null where there is nothing to be done for it. */
export async function heedWish(record: Record, context: MaterialiseContext): Promise<Record | null> {
  const { wish } = record.inner
  if (wish === null) return record
  const at = context.now().toISOString()
  const drop = (current: Record): Record => ({ ...current, inner: { ...current.inner, wish: null } })
  if (wish.kind === 'verify')
    return context.change(record.lock, current =>
      current.state === 'ready' && current.inner.doing === null
        ? into(current, at, doing('look', at, `look-${stamp(at)}`), 'It is ready, and is being looked at.', {
            inner: { ...current.inner, wish: null },
          })
        : drop(current),
    )
  if (wish.kind === 'cancel') return context.change(record.lock, drop)
  const { record: now, outcome } = await context.store.change(
    context.cluster.settings.name,
    record.lock,
    current =>
      current === null || current.inner.doing !== null || current.inner.wish?.kind !== 'remove'
        ? current
        : removing(current, at, wish.by),
    { lease: context.lease(), unneeded: true },
  )
  return outcome === 'needed'
    ? context.change(record.lock, current => ({
        ...drop(current),
        detail: `It stays: a job needs it. ${current.state === 'ready' ? 'It is ready.' : ''}`.trim(),
      }))
    : now
}

/**
 * @param seen runs that this process has started, or found started: when each was last looked for (ms); lost with it, and asked anew
 */
export async function tend(
  record: Record,
  context: MaterialiseContext,
  seen: Map<string, number>,
): Promise<Record | null> {
  const { cluster, releases, now } = context
  const { workDir } = cluster.settings
  const { transport, name } = cluster.service()
  const job = record.inner.doing
  if (job === null) return record
  const what = job.phase as Tending
  const directory = buildOf(workDir, record.lock)
  const nowMs = now().getTime()
  const askedMs = seen.get(job.run)
  if (askedMs === undefined) {
    await provideRelease(cluster, name, releases.plain)
    await makeBuildDirectory(transport, workDir, record.lock)
    const root = environmentsOf(workDir)
    const program = programOf(context, what, root, record.lock, ...(what === 'look' ? ['bytes'] : []))
    const argv = what === 'remove' ? ['sh', '-c', REMOVE, 'remove-environment', root, record.lock, ...program] : program
    await startRun(transport, directory, job.run, argv)
    seen.set(job.run, nowMs)
    return record
  }
  const end = await endOf(transport, directory, job.run)
  if (end === null) {
    if (nowMs - Date.parse(job.since) > LIMIT_MS) return again(record, context, 'It took longer than 4 hours.')
    if (nowMs - askedMs < ALIVE_EVERY_MS) return record
    seen.set(job.run, nowMs)
    const alive = await aliveRun(transport, directory, job.run)
    return alive === 'gone' ? again(record, context, 'It was ended from outside.') : record
  }
  context.log.debug({ lock: record.lock, run: job.run, code: end.code }, 'environment: a program has ended')
  if (what === 'look') {
    const look = EnvironmentLook.safeParse(jsonOf(end.out)).data ?? missing(record, end)
    if (look === null) return again(record, context, saidBy(end))
    return context.change(record.lock, current => {
      const at = now().toISOString()
      return look.drift === null
        ? into(current, at, null, 'It is ready, and every file is as its lock says.', {
            look,
            inner: { ...current.inner, tries: 0 },
          })
        : drifted(current, at, look, 'A look at it found')
    })
  }
  if (end.code !== 0) return again(record, context, saidBy(end))
  if (what === 'quarantine') {
    const needed = (await context.store.jobs(cluster.settings.name, record.lock)) > 0
    return context.change(record.lock, current => quarantined(current, now().toISOString(), needed))
  }
  await transport.exec(['rm', '-rf', '--', directory], { lane: 'submit', timeLimitMs: 60_000 })
  return context.change(record.lock, current => removed(current, now().toISOString()))
}

/** Why a look could not be taken. */
const LookTrouble = z.object({ problem: z.string().max(2_000), code: z.string() })

/** What is not there at all differs from its lock, too. null: nothing is known. */
function missing({ lock }: Record, { out }: { out: string }): EnvironmentLook | null {
  const trouble = LookTrouble.safeParse(jsonOf(out)).data
  if (trouble?.code !== 'missing') return null
  const drift = { detail: trouble.problem, files: [], count: 1 }
  return { lockId: lock, depth: 'bytes', looked: 0, of: 0, seconds: 0, drift }
}

function saidBy({ code, out, err }: { code: number; out: string; err: string }): string {
  const problem = LookTrouble.safeParse(jsonOf(out)).data?.problem
  return (problem ?? `exit code ${code}${err === '' ? '' : `: ${err.split('\n').at(-1)}`}`).slice(0, 500)
}

const UNDONE: { readonly [what in Tending]: string } = {
  look: 'It could not be looked at',
  quarantine: 'It could not be moved aside',
  remove: 'It could not be removed',
}

/** Under another name, later; a look, and only that, is given up after a few times. */
function again(record: Record, context: MaterialiseContext, why: string): Promise<Record | null> {
  return context.change(record.lock, current => {
    const job = current.inner.doing
    if (job === null) return current
    const what = job.phase as Tending
    const at = context.now().toISOString()
    const tries = current.inner.tries + 1
    const detail = `${UNDONE[what]} (${why})`
    context.log.warn({ lock: record.lock, tries }, `environment: ${detail}`)
    if (what === 'look' && tries >= MOST_TRIES)
      return into(current, at, null, `${detail}. It counts as ready; each job looks at it again.`, {
        inner: { ...current.inner, tries: 0 },
      })
    const next = into(current, at, doing(job.phase, at, `${what}-${stamp(at)}`), `${detail}; it is tried again.`)
    return {
      ...next,
      inner: { ...next.inner, tries, dueAt: Date.parse(at) + Math.min(AGAIN_MS * 2 ** (tries - 1), LONGEST_WAIT_MS) },
    }
  })
}
