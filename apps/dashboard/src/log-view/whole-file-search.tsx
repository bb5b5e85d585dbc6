// Search of the whole file, done on the cluster: how many lines match, truly, and the first of them, each a link into the log.
import type { Job, LogSearch } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import type { Place } from '../log/screen.ts'
import { wholeFileText } from '../log/search.ts'
import { count } from '../text/figures.ts'
import type { LogSource } from './read-log.ts'

interface SearchProps {
  job: Pick<Job, 'id'>
  source: LogSource
  /** The newest; each attempt has a file of its own. */
  attempt: number
  words: string
  regex: boolean
  hrefOf: (place: Place) => string
  onOpen: (place: Place) => void
}

const SHOWN_AT_ONCE = 50

export function WholeFileSearch({ job, source, attempt: newest, words, regex, hrefOf, onOpen }: SearchProps) {
  const [answer, setAnswer] = useState<{ of: string; found: LogSearch } | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const [most, setMost] = useState(SHOWN_AT_ONCE)
  const [chosen, setChosen] = useState<number | null>(null)
  const attempt = chosen ?? newest
  const of = `${source} ${attempt} ${regex} ${words}`
  const search = async (): Promise<void> => {
    setSaid('searching on the cluster')
    try {
      const { data } = await client.get('/v1/jobs/{id}/logs', {
        path: { id: job.id },
        query: {
          stream: source,
          grep: words,
          regex: regex ? 'true' : 'false',
          ignoreCase: 'true',
          limit: 500,
          ...(source === 'slurm' ? {} : { attempt }),
        },
      })
      const found = data as LogSearch
      setAnswer({ of, found })
      setMost(SHOWN_AT_ONCE)
      setSaid(null)
    } catch (error) {
      setSaid(inWords(error))
    }
  }
  const found = answer?.of === of ? answer.found : null
  const matches = found?.matches ?? []
  return (
    <div class="log-tools">
      <button type="button" onClick={() => void search()}>
        Search the whole file
      </button>
      {newest > 1 && source !== 'slurm' && (
        <select
          aria-label="Of which attempt"
          value={attempt}
          onChange={event => setChosen(Number(event.currentTarget.value))}
        >
          {Array.from({ length: newest }, (_, at) => newest - at).map(one => (
            <option key={one} value={one}>
              of attempt {one}
            </option>
          ))}
        </select>
      )}
      <span role="status">
        {said ??
          (found === null
            ? ''
            : `${wholeFileText({ shown: matches.length, matches: found.count, bytes: found.bytes, seconds: found.seconds })}${found.complete ? '' : `; ended early at a limit of ${found.stopped}`}`)}
      </span>
      {found !== null && matches.length > 0 && (
        <div class="wide">
          <ol class="log-found">
            {matches.slice(0, most).map(match => {
              const place = { attempt: found.attempt, offset: match.offset }
              return (
                <li key={match.offset}>
                  <a
                    href={hrefOf(place)}
                    title={`byte ${count(match.offset)}`}
                    onClick={event => {
                      event.preventDefault()
                      onOpen(place)
                    }}
                  >
                    {textOf(match) || '(an empty line)'}
                    {match.cut && '…'}
                  </a>
                </li>
              )
            })}
          </ol>
          {matches.length > most && (
            <button type="button" class="plain" onClick={() => setMost(matches.length)}>
              all {count(matches.length)}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

const decoder = new TextDecoder()
function textOf({ text, base64 }: LogSearch['matches'][number]): string {
  if (text !== undefined) return text
  return decoder.decode(Uint8Array.from(atob(base64 ?? ''), letter => letter.charCodeAt(0)))
}
