// A job's state: a shape, a word and a colour, so that none of them stands alone. Ended is not succeeded, and held is not waiting.
import type { JobSummary } from '@trotline/contracts'
import { shownState } from '../text/state-look.ts'

export function StateBadge({ job }: { job: Pick<JobSummary, 'state' | 'hold' | 'failure'> }) {
  const { look, icon, word } = shownState(job)
  return (
    <span class={`state state-${look}`}>
      <span aria-hidden="true">{icon}</span>
      {word}
    </span>
  )
}
