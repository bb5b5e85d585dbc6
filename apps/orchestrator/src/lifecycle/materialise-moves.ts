// What becomes of an environment on a cluster. Pure: a record and what happened in, the next record out.
//
//   wanted -> making -> ready | failed | cancelled          made by the maker (materialise-bring.ts, -start.ts, -follow.ts); a passing trouble: wanted again, later
//   ready -> quarantined -> (wanted, where a job needs it)  it does not match its lock any more
//   ready, failed, cancelled, quarantined -> removing -> forgotten, or wanted where somebody came meanwhile
import type { BuildTrouble, EnvironmentForm, EnvironmentLook, MadeEnvironment } from '@trotline/contracts'
import type { MaterialisationRecord } from '../store/materialisations.ts'

type Record = MaterialisationRecord
type Doing = NonNullable<Record['inner']['doing']>

/** After which trouble the making is tried again, and how much later. A trouble that stays is told after about half an hour. */
const RUNGS_MS = [2_000, 10_000, 60_000, 300_000, 600_000, 600_000] as const

export function asked(cluster: string, lock: string, form: EnvironmentForm, by: string, at: string): Record {
  return {
    cluster,
    lock,
    revision: 0,
    state: 'wanted',
    form,
    detail: 'It is wanted, and is made as soon as the cluster has room for it.',
    step: null,
    progress: null,
    installer: null,
    trouble: null,
    look: null,
    prefix: null,
    bytes: null,
    files: null,
    attempt: 0,
    wantedAt: at,
    at,
    madeAt: null,
    lastUsedAt: null,
    by,
    inner: { doing: null, wish: null, dueAt: 0, tries: 0, wantedAgain: false, gaveUpAt: null },
  }
}

/**
 * Somebody needs it: made anew unless it is there, or on its way.
 *
 * @param since when he came: a job that waits asks again and again, and a cancel that was wished meanwhile is its end
 */
export function wantAgain(record: Record, at: string, since = at): Record {
  const { state, inner } = record
  const { doing: under, wish } = inner
  if (wish?.kind === 'cancel' && wish.at > since) return record
  const goes =
    under !== null &&
    (under.phase === 'stop' || state === 'removing' || state === 'quarantined' || state === 'cancelled')
  if (goes || (state === 'making' && wish?.kind === 'cancel'))
    return inner.wantedAgain ? record : { ...record, inner: { ...inner, wantedAgain: true } }
  if (state === 'ready' || state === 'wanted' || state === 'making') {
    // What was only wished, and not begun, gives way to whoever needs it.
    const gives = wish?.kind === 'remove' || wish?.kind === 'cancel'
    return gives ? { ...record, at, inner: { ...inner, wish: null } } : record
  }
  return anew(record, at, 'It is wanted again, and is made as soon as the cluster has room for it.')
}

const anew = (record: Record, at: string, detail: string): Record => ({
  ...record,
  state: 'wanted',
  detail,
  step: null,
  progress: null,
  wantedAt: at,
  at,
  inner: { ...record.inner, doing: null, wish: null, dueAt: 0, tries: 0, wantedAgain: false },
})

/** Durable before the first of it reaches the cluster. */
export function began(record: Record, at: string, attempt: number, form: EnvironmentForm): Record {
  return {
    ...record,
    state: 'making',
    form,
    attempt,
    detail: 'What its maker needs is being brought to the cluster.',
    step: null,
    progress: null,
    trouble: null,
    at,
    inner: { ...record.inner, doing: doing('bring', at, `make-${attempt}`), dueAt: 0 },
  }
}

export const doing = (phase: Doing['phase'], since: string, run: string, slurm: Doing['slurm'] = null): Doing => ({
  phase,
  since,
  run,
  slurm,
})

export const into = (
  record: Record,
  at: string,
  next: Doing | null,
  detail: string,
  over: Partial<Record> = {},
): Record => ({
  ...record,
  at,
  detail: detail.slice(0, 2_000),
  ...over,
  inner: { ...record.inner, ...over.inner, doing: next, dueAt: 0 },
})

/** Nothing is wrong, but not now. */
export const later = (record: Record, at: string, untilMs: number, detail: string): Record => ({
  ...record,
  at,
  detail: detail.slice(0, 2_000),
  inner: { ...record.inner, dueAt: untilMs },
})

/** It could not be made: tried again after a passing trouble, a few times; else it has failed, until somebody else wants it. */
export function troubled(record: Record, at: string, trouble: BuildTrouble): Record {
  const { tries } = record.inner
  const waitMs = trouble.transient ? RUNGS_MS[tries] : undefined
  const told = { ...record, trouble, step: null, progress: null, at }
  if (waitMs === undefined) {
    const after = trouble.transient ? ` It was tried ${tries + 1} times.` : ''
    return {
      ...told,
      state: 'failed',
      detail: `${trouble.detail}${after}`.slice(0, 2_000),
      inner: { ...record.inner, doing: null, wish: null, dueAt: 0, tries: 0, wantedAgain: false, gaveUpAt: at },
    }
  }
  const nextMs = Date.parse(at) + waitMs
  return {
    ...told,
    state: 'wanted',
    detail: `${trouble.detail} It is tried again at ${new Date(nextMs).toISOString()}.`.slice(0, 2_000),
    inner: { ...record.inner, doing: null, dueAt: nextMs, tries: tries + 1 },
  }
}

export function made(record: Record, at: string, marker: MadeEnvironment, detail: string): Record {
  const { wish } = record.inner
  return {
    ...record,
    state: 'ready',
    form: marker.form,
    detail,
    step: null,
    progress: null,
    trouble: null,
    look: null,
    installer: marker.installer,
    prefix: marker.prefix,
    bytes: marker.archive?.bytes ?? marker.bytes,
    files: marker.archive === null ? marker.files : 1,
    madeAt: marker.madeAt,
    at,
    // A cancel that came too late.
    inner: {
      ...record.inner,
      doing: null,
      wish: wish?.kind === 'cancel' ? null : wish,
      dueAt: 0,
      tries: 0,
      wantedAgain: false,
      gaveUpAt: null,
    },
  }
}

/** Its maker has ended, or never began. Somebody who came meanwhile has it made anew. */
export function cancelledBy(record: Record, at: string, by: string): Record {
  const detail = `The making was cancelled by ${by}.`
  if (record.inner.wantedAgain) return anew(record, at, `${detail} It is wanted again since.`)
  return {
    ...record,
    state: 'cancelled',
    detail,
    step: null,
    progress: null,
    trouble: null,
    at,
    inner: { ...record.inner, doing: null, wish: null, dueAt: 0, tries: 0, gaveUpAt: at },
  }
}

/** No job is to begin in it from here on; what lies there is moved aside. */
export function drifted(record: Record, at: string, look: EnvironmentLook, seenBy: string): Record {
  const what = look.drift?.detail ?? 'It does not match its lock.'
  return {
    ...record,
    state: 'quarantined',
    look,
    detail: `${seenBy}: ${what}`.slice(0, 2_000),
    at,
    inner: {
      ...record.inner,
      doing: doing('quarantine', at, `quarantine-${stamp(at)}`),
      wish: null,
      dueAt: 0,
      tries: 0,
    },
  }
}

/** What did not match lies aside. @param needed a job that is not over needs it */
export function quarantined(record: Record, at: string, needed: boolean): Record {
  const aside = { ...record, at, prefix: null, inner: { ...record.inner, doing: null, dueAt: 0 } }
  return needed || record.inner.wantedAgain
    ? anew(aside, at, `${record.detail} It is made anew.`.slice(0, 2_000))
    : aside
}

export const removing = (record: Record, at: string, by: string): Record => ({
  ...record,
  state: 'removing',
  detail: `It is being removed, as ${by} wished.`,
  at,
  inner: { ...record.inner, doing: doing('remove', at, `remove-${stamp(at)}`), wish: null, dueAt: 0 },
})

/** null: forgotten. */
export const removed = (record: Record, at: string): Record | null =>
  record.inner.wantedAgain
    ? {
        ...anew(record, at, 'It was removed, and is wanted again.'),
        look: null,
        prefix: null,
        bytes: null,
        files: null,
        madeAt: null,
        attempt: 0,
      }
    : null

/** A name for a run, of digits. */
export const stamp = (at: string): string => String(Date.parse(at))

/** To be made, and nothing of it has begun. */
export const isWaiting = ({ state, inner }: Record): boolean =>
  state === 'wanted' && inner.doing === null && inner.wish === null
/** What costs the cluster more than a word is under way. */
export const isTending = ({ inner }: Record): boolean =>
  inner.doing?.phase === 'look' || inner.doing?.phase === 'remove'
/** To be looked at or removed, and nothing of that has begun. */
export const isWishedOnly = ({ inner }: Record): boolean =>
  inner.doing === null && (inner.wish?.kind === 'verify' || inner.wish?.kind === 'remove')
