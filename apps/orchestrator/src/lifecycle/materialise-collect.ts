// Which environments of a cluster nobody has used for long. Pure. Whether a job needs one is asked once more, and in one step with the
// decision, right before it is removed (store/materialisations.ts).
import type { Collection } from '@trotline/contracts'
import type { MaterialisationRecord } from '../store/materialisations.ts'

export interface Kept {
  record: MaterialisationRecord
  /** Jobs that are not over and need it. */
  jobs: number
}

export type Verdict = { collect: true } | { collect: false; why: string }

const DAY_MS = 86_400_000

/** When it was last of use: to a job, or to whoever had it made. */
export const lastUseOf = ({ lastUsedAt, madeAt, at }: MaterialisationRecord): string =>
  [lastUsedAt, madeAt]
    .filter(time => time !== null)
    .toSorted()
    .at(-1) ?? at

export function verdictOn({ record, jobs }: Kept, unusedDays: number, nowMs: number): Verdict {
  const stays = (why: string): Verdict => ({ collect: false, why })
  if (jobs > 0) return stays(jobs === 1 ? 'it stays: a job needs it' : `it stays: ${jobs} jobs need it`)
  if (record.state === 'removing') return stays('it is being removed already')
  if (record.state === 'wanted' || record.state === 'making') return stays('it stays: it is being made')
  if (record.inner.doing !== null) return stays('it stays: it is being looked at')
  const days = (nowMs - Date.parse(lastUseOf(record))) / DAY_MS
  return days < unusedDays ? stays(`it stays: it was used ${daysText(days)} ago`) : { collect: true }
}

const daysText = (days: number): string =>
  days < 1 ? 'less than a day' : days < 2 ? 'a day' : `${Math.floor(days)} days`

export function collectionOf(
  cluster: string,
  kept: readonly Kept[],
  { unusedDays, dryRun, nowMs }: { unusedDays: number; dryRun: boolean; nowMs: number },
  namesOf: (lock: string) => readonly string[],
): Collection {
  const verdicts = kept
    .toSorted((a, b) => (lastUseOf(a.record) < lastUseOf(b.record) ? -1 : 1))
    .map(one => ({ ...one, verdict: verdictOn(one, unusedDays, nowMs) }))
  return {
    cluster,
    dryRun,
    unusedDays,
    items: verdicts.map(({ record, verdict }) => ({
      lock: record.lock,
      names: [...namesOf(record.lock)],
      lastUsedAt: record.lastUsedAt,
      bytes: record.bytes,
      files: record.files,
      outcome: verdict.collect ? (dryRun ? 'would be removed' : 'is being removed') : verdict.why,
    })),
    bytes: verdicts.reduce((sum, { record, verdict }) => sum + (verdict.collect ? (record.bytes ?? 0) : 0), 0),
  }
}
