// What the suite did to whom: the only excuses that the auditor knows for an ending that is not `completed`.
import type { FailureReason } from '@trotline/contracts'

export type Excuse = FailureReason | 'cancelled'

export interface Mark {
  fault: string
  fromMs: number
  /** null while the fault lasts. */
  untilMs: number | null
  /** Ids of the jobs it hit; null: whoever was alive meanwhile. */
  jobs: readonly string[] | null
  excuses: readonly Excuse[]
  /** It may make Slurm forget what it took: a submission with the cause `forgotten` is then due. */
  forgets: boolean
  /** Its job directory is gone, so nothing in it is held against the record. */
  directoryGone: boolean
}

export interface Marks {
  readonly all: readonly Mark[]
  /** Before the deed, so that nothing it causes is earlier than its mark. Answers what ends the mark. */
  begin(mark: Pick<Mark, 'fault'> & Partial<Mark>): () => void
}

export function createMarks(): Marks {
  const all: Mark[] = []
  return {
    all,
    begin(given) {
      const mark: Mark = {
        fromMs: Date.now(),
        untilMs: null,
        jobs: null,
        excuses: [],
        forgets: false,
        directoryGone: false,
        ...given,
      }
      all.push(mark)
      return () => {
        mark.untilMs ??= Date.now()
      }
    },
  }
}
