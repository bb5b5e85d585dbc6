// What can be done with a log: which one, how it is shown, search, and taking it away. Each has a key; each is a button.
import type { Job } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { inWords } from '../api/client.ts'
import type { LogState } from '../router/view-states.ts'
import { count } from '../text/figures.ts'
import { downloadLog } from './download-log.ts'
import type { LogSource } from './read-log.ts'

const SOURCES: readonly (readonly [LogSource, string])[] = [
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
  ['slurm', 'slurm.log'],
]

interface ToolsProps {
  job: Job
  state: LogState
  wrap: boolean
  following: boolean
  faults: number
  tall: boolean
  /** Of which the file is downloaded. */
  attempt: number
  onChange: (changes: Partial<LogState>) => void
  onFollow: () => void
  onFault: (step: 1 | -1) => void
  onMatch: (direction: 'next' | 'previous') => void
  onRaw: () => void
}

export function LogTools(props: ToolsProps) {
  const { job, state, wrap, following, faults, tall, attempt, onChange, onFollow, onFault, onMatch, onRaw } = props
  const { source, raw, search, regex } = state
  const [said, setSaid] = useState<string | null>(null)
  const download = async (packed: boolean): Promise<void> => {
    setSaid('reading the file')
    try {
      setSaid(await downloadLog(job, { source, attempt: job.runs.length > 1 ? attempt : undefined, packed }))
    } catch (error) {
      setSaid(inWords(error))
    }
  }
  return (
    <div class="log-tools">
      <select
        aria-label="Which log"
        value={source}
        onChange={event => onChange({ source: event.currentTarget.value as LogSource, at: null })}
      >
        {SOURCES.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" aria-pressed={following} onClick={onFollow} title="f">
        Follow
      </button>
      <button type="button" aria-pressed={wrap} onClick={() => onChange({ wrap: wrap ? 'off' : 'on' })} title="w">
        Wrap
      </button>
      <button type="button" aria-pressed={raw} onClick={onRaw} title="r">
        Raw
      </button>
      {faults > 0 && (
        <button type="button" onClick={() => onFault(1)} title="e">
          {count(faults, 'line')} of trouble
        </button>
      )}
      {faults > 1 && (
        <button type="button" onClick={() => onFault(-1)} title="E" aria-label="Back to the later line of trouble">
          ↓
        </button>
      )}
      <span class="gap" />
      {tall && (
        <>
          <input
            type="search"
            aria-label="Search what is loaded"
            placeholder="search"
            value={search}
            maxLength={500}
            onInput={event => onChange({ search: event.currentTarget.value })}
            onKeyDown={event => {
              if (event.key === 'Enter') onMatch(event.shiftKey ? 'previous' : 'next')
              if (event.key === 'Escape') event.currentTarget.blur()
            }}
          />
          <button
            type="button"
            aria-pressed={regex}
            onClick={() => onChange({ regex: !regex })}
            aria-label="As a pattern"
          >
            .*
          </button>
        </>
      )}
      <button type="button" onClick={() => void download(false)}>
        Download
      </button>
      {tall && (
        <button type="button" onClick={() => void download(true)} aria-label="Download as .gz">
          .gz
        </button>
      )}
      {said !== null && (
        <span class="small faint" role="status">
          {said}
        </span>
      )}
    </div>
  )
}
