// A file that Trotline wrote tells the id of its lock. Read again it has to give that lock; where somebody changed the file,
// the lock is another one, and whoever reads it is told so.
import { NOWHERE, placed, type Reading } from '../reading.ts'
import type { PinnedLock } from './make-lock.ts'

export function sameAsWritten(made: Reading<PinnedLock>, id: string | null): Reading<PinnedLock> {
  if (!made.ok || id === null || made.value.id === id) return made
  const note = placed(
    {
      detail: `The file was written from lock ${id.slice(0, 12)} and has been changed since: it is lock ${made.value.id.slice(0, 12)} now.`,
      required: id,
      found: made.value.id,
    },
    '',
    NOWHERE,
  )
  return { ...made, notes: [...made.notes, note] }
}
