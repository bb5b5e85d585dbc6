// Jobs whose end is told by the browser: none, until somebody asks for one. Kept by the browser, the same for all its tabs. Who looks at the
// page sees it there, so only a tab that is hidden tells, and of several tabs one.
import { effect, signal } from '@preact/signals'
import type { Job, JobSummary } from '@trotline/contracts'
import { client, Refused } from '../api/client.ts'
import { token } from '../api/session.ts'
import { follow } from '../live/live.ts'
import { go } from '../router/place.ts'
import { keep, kept } from '../shell/kept.ts'
import { noticeOf, readAwaited, withAwaited } from './notice.ts'

const NAME = 'notify'
/** For a tab that is looked at to say that nobody has to be told. */
const HIDDEN_WAITS_MS = 400

export const awaited = signal<readonly string[]>(readAwaited(kept(NAME)))
addEventListener('storage', event => {
  if (event.key === `trotline.${NAME}`) awaited.value = readAwaited(event.newValue)
})

export type Permission = NotificationPermission | 'none'
const permissionNow = (): Permission => (typeof Notification === 'undefined' ? 'none' : Notification.permission)
/** `none`: this browser has no notifications, or not on such a page. */
export const permission = signal<Permission>(permissionNow())

/** Only ever from a click: that is when the browser may be asked to allow it. Answers whether it is on. */
export async function awaitEnd(id: string, on: boolean): Promise<boolean> {
  if (on && permissionNow() === 'default') await Notification.requestPermission()
  permission.value = permissionNow()
  if (on && permission.value !== 'granted') return false
  set(withAwaited(readAwaited(kept(NAME)), id, on))
  return on
}

export const permissionText = (): string | null =>
  permission.value === 'denied'
    ? 'This browser was told not to allow notifications from here; its settings for this site change that.'
    : permission.value === 'none'
      ? 'This browser has no notifications here: they need https, or a page of this machine.'
      : null

function set(ids: readonly string[]): void {
  awaited.value = ids
  keep(NAME, ids.length === 0 ? null : ids.join(','))
}

/** false: another tab has told it. */
function takeAway(id: string): boolean {
  const ids = readAwaited(kept(NAME))
  if (!ids.includes(id)) return false
  set(withAwaited(ids, id, false))
  return true
}

function ended(row: Parameters<typeof noticeOf>[0] & { id: string }): void {
  const notice = noticeOf(row)
  if (notice === null || !awaited.value.includes(row.id)) return
  if (document.visibilityState === 'visible') return void takeAway(row.id)
  setTimeout(() => {
    if (!takeAway(row.id) || permissionNow() !== 'granted') return
    // The same tag: where two tabs tell it after all, one notification is left.
    const shown = new Notification(notice.title, { body: notice.body, tag: `trotline ${row.id}` })
    shown.onclick = () => {
      window.focus()
      go(`/jobs/${row.id}`)
      shown.close()
    }
  }, HIDDEN_WAITS_MS)
}

/** Those that ended while nobody listened. */
async function lookAtAll(): Promise<void> {
  for (const id of awaited.value) {
    try {
      ended(lineOf((await client.get('/v1/jobs/{id}', { path: { id } })).data))
    } catch (error) {
      if (error instanceof Refused && error.status === 404) takeAway(id)
    }
  }
}

const lineOf = (job: Job): Parameters<typeof noticeOf>[0] & { id: string } => ({
  id: job.id,
  name: job.name,
  state: job.state,
  hold: job.hold?.code ?? null,
  failure: job.failure?.reason ?? null,
  why: job.failure?.detail ?? null,
  epochs: job.progress.epochs,
  loss: job.progress.last?.values.loss ?? null,
  lossNonFinite: job.progress.last?.nonFinite?.loss ?? null,
  createdAt: job.createdAt,
  startedAt: job.runs.at(-1)?.startedAt ?? null,
  endedAt: job.endedAt,
})

// The list's topic, and only while something is waited for.
effect(() => {
  if (token.value === null || awaited.value.length === 0) return
  const tell = (row: JobSummary): void => ended(row)
  return follow('jobs', told => {
    if (told.type === 'jobs') told.items.forEach(tell)
    if (told.type === 'reset') void lookAtAll()
  })
})
