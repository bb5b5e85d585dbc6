// Search of the whole file, done on the cluster: how many lines match, truly, and the first of them.
import type { Job, LogSearch } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { ask, inWords } from '../api/ask.ts'
import { wholeFileText } from '../log/search.ts'
import { TextBox } from '../shell/text-box.tsx'
import { count } from '../text/figures.ts'
import type { LogSource } from './follow-log.ts'

interface SearchProps {
  job: Pick<Job, 'id'>
  source: LogSource
  words: string
  regex: boolean
}

export function WholeFileSearch({ job, source, words, regex }: SearchProps) {
  const [answer, setAnswer] = useState<{ of: string; found: LogSearch } | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const of = `${source} ${regex} ${words}`
  const search = async (): Promise<void> => {
    setSaid('searching on the cluster')
    try {
      const query = new URLSearchParams({
        stream: source,
        grep: words,
        regex: String(regex),
        ignoreCase: 'true',
        limit: '500',
      })
      const found = await ask<LogSearch>(`/v1/jobs/${encodeURIComponent(job.id)}/logs?${query}`)
      setAnswer({ of, found })
      setSaid(null)
    } catch (error) {
      setSaid(inWords(error))
    }
  }
  const found = answer?.of === of ? answer.found : null
  return (
    <div class="log-tools">
      <button type="button" onClick={() => void search()}>
        Search the whole file
      </button>
      <span role="status">
        {said ??
          (found === null
            ? ''
            : `${wholeFileText({ shown: found.matches.length, matches: found.count, bytes: found.bytes, seconds: found.seconds })}${found.complete ? '' : `; ended early at a limit of ${found.stopped}`}`)}
      </span>
      {found !== null && found.matches.length > 0 && (
        <div class="wide">
          <TextBox>{found.matches.map(match => `${count(match.offset)}: ${textOf(match)}`).join('\n')}</TextBox>
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
