// On every page: how long ago the server was heard, where that is longer than it should be. What is shown stays.
import { now } from '../clock.ts'
import { heardAt } from '../live/live.ts'
import { pageClock } from '../text/ages.ts'

export function StaleBanner() {
  const heard = heardAt.value
  if (heard === null) return null
  const { level, text } = pageClock(now.value - heard)
  if (level === 'fresh') return null
  return (
    <div class="banner" role="status">
      {text}
    </div>
  )
}
