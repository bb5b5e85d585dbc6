// The job's time, part by part, with what each was concluded from.
import type { Job, JobEvent } from '@trotline/contracts'
import { duration } from '../text/durations.ts'
import { clockTime, localTime, secondsBetween } from './age.tsx'
import { isOver } from './over.ts'
import { stripOf } from './strip.ts'

export function TimeStrip({ job, events }: { job: Job; events: readonly JobEvent[] }) {
  return (
    <ol class="strip" aria-label="Where the time went">
      {stripOf(job, events).map(part => (
        <li key={`${part.state} ${part.from}`} class={part.look} title={localTime(part.from)}>
          <b>{part.name}</b>
          <span>
            {isOver(part.state) ? `at ${clockTime(part.from)}` : duration(secondsBetween(part.from, part.to))}
          </span>
          {part.detail !== '' && part.look !== 'bad' && <span class="faint">{part.detail}</span>}
        </li>
      ))}
    </ol>
  )
}
