// The log as people read it: it follows its end until somebody reads further up, and never moves a reader who does. A link opens it at a
// line; what is missing is said where it is missing, and can be had there.
import type { Job } from '@trotline/contracts'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import '../style/log.css'
import { isOver } from '../job/over.ts'
import { faultLines, nextFault } from '../log/error-lines.ts'
import { FOLLOWING, type Follow, type FollowEvent, follow, followSaid, pillText } from '../log/follow.ts'
import { lineNumbers, lineText } from '../log/line-numbers.ts'
import { compileQuery } from '../log/query.ts'
import { missingAt, rowWith } from '../log/reach.ts'
import type { Place } from '../log/screen.ts'
import { nextMatch, type SearchResult, searchRows, searchText, ticks } from '../log/search.ts'
import { place as address } from '../router/place.ts'
import type { LogState } from '../router/view-states.ts'
import { useKeys } from '../shell/keyboard.ts'
import { ground } from '../shell/theme.ts'
import { count, size } from '../text/figures.ts'
import { useFirstSource } from './first-source.ts'
import { followLog, type LogFeed } from './follow-log.ts'
import { LogBox, type LogBoxHandle } from './log-box.tsx'
import { lineLink, useLogChoice } from './log-choice.ts'
import { LogRow } from './log-row.tsx'
import { LogTools } from './log-tools.tsx'
import type { LogSource } from './read-log.ts'
import { WholeFileSearch } from './whole-file-search.tsx'

/** As fine as a scroll bar is high, about. */
const MOST_TICKS = 200
const READING: Follow = { following: false, off: false, newLines: 0 }

interface LogViewProps {
  job: Job
  /** The page's log, with its choices in the address; else the end of it, below something else. */
  tall: boolean
  /** The keys of the log are the page's keys. */
  keys: boolean
}

export function LogView({ job, tall, keys }: LogViewProps) {
  const initial = useFirstSource(job, tall)
  const [state, change] = useLogChoice(tall, initial ?? {})
  const { source, raw, search, regex, at } = state
  const wrap = state.wrap === 'auto' ? matchMedia('(max-width: 760px)').matches : state.wrap === 'on'
  const [, drawn] = useState(0)
  const [following, setFollowing] = useState<Follow>(at === null ? FOLLOWING : READING)
  const [said, setSaid] = useState('')
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set())
  const [shownMatch, setShownMatch] = useState(-1)
  const [shownFault, setShownFault] = useState<number | null>(null)
  /** Where the log is read from; another object: it is opened anew. */
  const [opened, setOpened] = useState<{ at: Place | null }>({ at })
  const [feed, setFeed] = useState<LogFeed | null>(null)
  const box = useRef<LogBoxHandle>(null)
  const whole = useRef<HTMLDivElement>(null)
  const follows = useRef(following)
  const markedHere = useRef(at)
  const landed = useRef<LogFeed | null>(null)
  follows.current = following

  const tell = (event: FollowEvent): void => set(follow(follows.current, event))
  const set = (next: Follow): void => {
    const words = followSaid(follows.current, next)
    if (words !== null) setSaid(words)
    follows.current = next
    setFollowing(next)
  }

  // The log is that of the job's id; its runs come by the stream.
  const begun = job.runs.length > 0
  const ready = initial !== null
  useEffect(() => {
    if (!ready) return
    const made = followLog({ job, source, raw, at: opened.at, onChange: () => drawn(before => before + 1) })
    setFeed(made)
    setExpanded(new Set())
    set(opened.at === null ? FOLLOWING : READING)
    return () => made.stop()
  }, [job.id, source, raw, opened, begun, ready])

  const over = isOver(job.state)
  const wasOver = useRef(over)
  useEffect(() => {
    if (over && !wasOver.current) setSaid(`job ended: ${job.state}`)
    wasOver.current = over
  }, [over])

  const screen = feed?.screen ?? null
  const rows = screen?.rows ?? []
  const version = screen?.version ?? 0
  const query = useMemo(() => compileQuery({ text: search, regex, ignoreCase: true }), [search, regex])
  // Rows change in place; their version tells.
  const result: SearchResult | null = useMemo(
    () => (search === '' || 'problem' in query ? null : searchRows(rows, query.find)),
    [query, version, search, screen],
  )
  const matchIds = useMemo(() => new Set(result?.matches.map(one => one.id)), [result])
  const faults = useMemo(() => faultLines(rows), [version, screen])
  const faultIds = useMemo(() => new Set(faults.map(fault => fault.id)), [faults])
  const numberOf = useMemo(() => lineNumbers(rows), [version, screen])

  const show = (index: number): void => {
    tell({ type: 'jumped' })
    box.current?.show(index)
  }
  const mark = (place: Place | null): void => {
    markedHere.current = place
    if (tall) change({ at: place })
  }
  const placeOf = (index: number): Place | null => {
    const row = rows[index]
    return row?.kind === 'text' ? { attempt: row.attempt, offset: row.offset } : null
  }
  const showLine = (index: number): void => {
    show(index)
    mark(placeOf(index))
  }
  const goTo = (place: Place): void => {
    mark(place)
    const index = screen === null ? null : rowWith(screen, place)
    if (index === null) setOpened({ at: place })
    else show(index)
  }
  const toEnd = (): void => {
    mark(null)
    tell({ type: 'to-end' })
  }
  const toStart = (): void => {
    mark(null)
    const first: Place = { attempt: 1, offset: 0 }
    if (screen !== null && rowWith(screen, first) !== null) show(0)
    else setOpened({ at: first })
  }
  const toFault = (step: 1 | -1): void => {
    const found = faults[nextFault(faults, shownFault, step)]
    if (!found) return
    setShownFault(found.id)
    showLine(found.row)
  }
  const toMatch = (direction: 'next' | 'previous'): void => {
    const matches = result?.matches ?? []
    const from = matches[shownMatch] ?? { row: (box.current?.top() ?? 0) - 1, start: -1 }
    const next = nextMatch(matches, from, direction)
    setShownMatch(next)
    const found = matches[next]
    if (found) showLine(found.row)
  }
  const toggleRaw = (): void => {
    const top = following.following ? null : placeOf(box.current?.top() ?? -1)
    setOpened({ at: at ?? top })
    change({ raw: !raw })
  }

  // Where a link points, or where a failed job most likely says why.
  useEffect(() => {
    if (feed === null || screen === null || landed.current === feed || rows.length === 0) return
    landed.current = feed
    const index = opened.at === null ? null : rowWith(screen, opened.at)
    const [fault] = faults
    if (index !== null) show(index)
    else if (tall && opened.at === null && job.failure !== null && fault) {
      setShownFault(fault.id)
      show(fault.row)
    } else return
    // Above it is what the page says of the job.
    whole.current?.scrollIntoView({ block: 'nearest' })
  })
  // The address was changed by somebody else: a link on the page, the browser's back.
  useEffect(() => {
    if (at === null || same(at, markedHere.current)) return
    goTo(at)
  }, [at?.attempt, at?.offset])

  useKeys(key => {
    if (!keys) return undefined
    if (key === 'f') tell({ type: 'toggled' })
    else if (key === 'w') change({ wrap: wrap ? 'off' : 'on' })
    else if (key === 'r') toggleRaw()
    else if (key === 'e') toFault(1)
    else if (key === 'E') toFault(-1)
    else if (key === 'n') toMatch('next')
    else if (key === 'N') toMatch('previous')
    else if (key === 'G') toEnd()
    else if (key === 'g g') toStart()
    else return undefined
    return true
  })

  const problem = 'problem' in query ? query.problem : null
  const trouble = feed?.trouble ?? null
  const pill = pillText(following)
  const attempt = screen?.place.attempt ?? 1
  const marks = [
    ...ticks(result?.matches ?? [], rows.length, MOST_TICKS).map(share => ({ share, kind: 'match' as const })),
    ...ticks(
      faults.map(fault => ({ ...fault, start: 0, end: 0 })),
      rows.length,
      MOST_TICKS,
    ).map(share => ({ share, kind: 'fault' as const })),
  ]
  const onTools = (changes: Partial<LogState>): void => {
    if (changes.source !== undefined) setOpened({ at: null })
    if (changes.at !== undefined) markedHere.current = changes.at
    if (changes.search !== undefined) {
      setShownMatch(-1)
      if (changes.search !== '') tell({ type: 'searched' })
    }
    change(changes)
  }
  return (
    <div ref={whole} class={`log${wrap ? ' log-wrap' : ''}`}>
      <LogTools
        job={job}
        state={state}
        wrap={wrap}
        following={following.following}
        faults={faults.length}
        tall={tall}
        attempt={attempt}
        onChange={onTools}
        onFollow={() => tell({ type: 'toggled' })}
        onFault={toFault}
        onMatch={toMatch}
        onRaw={toggleRaw}
      />
      {(problem ?? trouble) !== null && <div class="log-tools">{problem ?? trouble}</div>}
      {result !== null && (
        <div class="log-tools">
          <span>{searchText(result, rows.length)}</span>
          {result.count > 0 && (
            <>
              <button type="button" onClick={() => toMatch('previous')} title="N" aria-label="Previous match">
                ↑
              </button>
              <button type="button" onClick={() => toMatch('next')} title="n" aria-label="Next match">
                ↓
              </button>
            </>
          )}
        </div>
      )}
      {tall && search !== '' && problem === null && (
        <WholeFileSearch
          job={job}
          source={source}
          attempt={attempt}
          words={search}
          regex={regex}
          hrefOf={place => `${address.value.path}${lineLink(state, place)}`}
          onOpen={goTo}
        />
      )}
      <LogBox
        rows={rows}
        of={feed}
        wrap={wrap}
        tall={tall}
        label={`${source} of ${job.name}`}
        following={following.following}
        handle={box}
        onFollow={tell}
        onNearTop={by => (by === 'person' || trouble === null) && void feed?.earlier()}
        empty={<div class="log-row seam">{emptyText(job, source, feed)}</div>}
        ticks={tall ? marks : []}
        row={(row, index) => (
          <LogRow
            row={row}
            ground={ground.value}
            fault={faultIds.has(row.id)}
            match={matchIds.has(row.id)}
            marked={tall && at !== null && row.kind === 'text' && same(at, row)}
            expanded={expanded.has(row.id)}
            onMore={() => setExpanded(new Set([...expanded, row.id]))}
            onLoad={() => {
              const missing = missingAt(rows, index)
              if (missing !== null) setOpened({ at: missing })
            }}
            line={
              tall && row.kind === 'text'
                ? {
                    href: `${address.value.path}${lineLink(state, row)}`,
                    number: numberOf(index),
                    onMark: () => {
                      tell({ type: 'jumped' })
                      mark(same(at, row) ? null : { attempt: row.attempt, offset: row.offset })
                    },
                  }
                : null
            }
          />
        )}
      />
      {pill !== null && (
        <button type="button" class="primary log-pill" onClick={toEnd}>
          {pill}
        </button>
      )}
      <span class="unseen" role="status">
        {said}
      </span>
      {tall && screen !== null && (
        <div class="log-tools log-foot small faint">
          <span>
            {at !== null && `Linked: ${markedText(at, rows, numberOf)} · `}
            {size(screen.place.offset)} of attempt {screen.place.attempt}
            {feed?.ended || over ? ', complete' : ''}
            {screen.dropped > 0 && ` · ${count(screen.dropped, 'control character')} not shown: Raw shows them`}
          </span>
          <span class="gap" />
          {feed?.before === 'more' && (
            <button type="button" onClick={() => void feed.earlier()}>
              Earlier lines
            </button>
          )}
          {feed?.before === 'full' && <span>This page keeps no more at once: "load", above, goes on from there.</span>}
        </div>
      )}
    </div>
  )
}

const same = (a: Place | null, b: Place | null): boolean =>
  a === b || (a !== null && b !== null && a.attempt === b.attempt && a.offset === b.offset)

function markedText(at: Place, rows: LogFeedRows, numberOf: ReturnType<typeof lineNumbers>): string {
  const index = rows.findIndex(one => one.kind === 'text' && same(at, one))
  return index < 0 ? `byte ${count(at.offset)}` : lineText(numberOf(index))
}
type LogFeedRows = NonNullable<LogFeed['screen']>['rows']

function emptyText(job: Job, source: LogSource, feed: LogFeed | null): string {
  if (feed?.screen == null) return 'Asking the server'
  if (feed.ended || isOver(job.state)) return `The job wrote nothing to ${source}.`
  return job.runs.length === 0
    ? 'The job has not started: there is nothing to read yet.'
    : `Nothing on ${source} so far.`
}
