// The log as people read it: it follows its end until somebody reads further up, and never moves a reader who does.
import type { Job } from '@trotline/contracts'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { faultLines } from '../log/error-lines.ts'
import { FOLLOWING, type Follow, type FollowEvent, follow, followSaid, pillText } from '../log/follow.ts'
import { compileQuery } from '../log/query.ts'
import { nextMatch, type SearchResult, searchRows, searchText } from '../log/search.ts'
import { VirtualRows } from '../log/virtual-rows.ts'
import { useKeys } from '../shell/keyboard.ts'
import { ground } from '../shell/theme.ts'
import { count, size } from '../text/figures.ts'
import { downloadLog } from './download-log.ts'
import { followLog, type LogFeed, type LogSource } from './follow-log.ts'
import { LogRow } from './log-row.tsx'
import { WholeFileSearch } from './whole-file-search.tsx'

const ROW_HEIGHT = 18.85
const SPARE_ROWS = 30
/** Earlier lines are read when so little is left above. */
const NEAR_TOP = 400
const SOURCES: readonly (readonly [LogSource, string])[] = [
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
  ['slurm', 'slurm.log'],
]

interface LogViewProps {
  job: Job
  tall: boolean
  /** The keys of the log are the page's keys. */
  keys: boolean
  initialSource?: LogSource
}

export function LogView({ job, tall, keys, initialSource = 'stdout' }: LogViewProps) {
  const [source, setSource] = useState<LogSource>(initialSource)
  const [raw, setRaw] = useState(false)
  const [wrap, setWrap] = useState(() => matchMedia('(max-width: 760px)').matches)
  const [, drawn] = useState(0)
  const [following, setFollowing] = useState<Follow>(FOLLOWING)
  const [said, setSaid] = useState('')
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set())
  const [words, setWords] = useState('')
  const [regex, setRegex] = useState(false)
  const [match, setMatch] = useState(-1)
  const feed = useRef<LogFeed | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const heights = useRef(new VirtualRows(ROW_HEIGHT))
  /** Where the page itself has scrolled to: what differs was a person. */
  const scrolledTo = useRef(0)
  const known = useRef({ rows: 0, lastId: -1 })
  const state = useRef(following)
  state.current = following

  const tell = (event: FollowEvent): void => {
    const next = follow(state.current, event)
    const words = followSaid(state.current, next)
    if (words !== null) setSaid(words)
    state.current = next
    setFollowing(next)
  }
  const draw = (): void => drawn(before => before + 1)

  // The log is that of the job's id; its runs come by the stream.
  useEffect(() => {
    heights.current = new VirtualRows(ROW_HEIGHT)
    known.current = { rows: 0, lastId: -1 }
    const begun = followLog({ job, source, raw, onChange: draw })
    feed.current = begun
    return () => begun.stop()
  }, [job.id, source, raw, job.runs.length === 0])

  // Whether lines wrap makes every height void.
  useLayoutEffect(() => heights.current.reset(ROW_HEIGHT), [wrap])

  const screen = feed.current?.screen ?? null
  const rows = screen?.rows ?? []
  const version = screen?.version ?? 0
  heights.current.setCount(rows.length)

  const query = useMemo(() => compileQuery({ text: words, regex, ignoreCase: true }), [words, regex])
  // Rows change in place; their version tells.
  const result: SearchResult | null = useMemo(
    () => (words === '' || 'problem' in query ? null : searchRows(rows, query.find)),
    [query, version, words],
  )
  // Rows change in place; their version tells.
  const faults = useMemo(() => faultLines(rows), [version, screen])
  const faultIds = useMemo(() => new Set(faults.map(fault => fault.id)), [faults])
  const [fault, setFault] = useState(-1)

  const view = box.current
  const { first, end, offset } = heights.current.window(view?.scrollTop ?? 0, view?.clientHeight ?? 600, SPARE_ROWS)
  const range = state.current.following
    ? heights.current.window(
        Math.max(0, heights.current.total - (view?.clientHeight ?? 600)),
        view?.clientHeight ?? 600,
        SPARE_ROWS,
      )
    : { first, end, offset }
  const visible = rows.slice(range.first, range.end)

  // After every drawing.
  useLayoutEffect(() => {
    const now = box.current
    if (!now) return
    let changed = 0
    for (const child of now.querySelectorAll<HTMLElement>('[data-row]')) {
      const at = Number(child.dataset.row)
      changed += Math.abs(heights.current.measure(at, child.getBoundingClientRect().height))
    }
    const lastId = rows.at(-1)?.id ?? -1
    const added = rows.length - known.current.rows
    if (added > 0 && known.current.rows > 0 && lastId !== known.current.lastId) tell({ type: 'lines', added })
    known.current = { rows: rows.length, lastId }
    if (state.current.following) {
      now.scrollTop = now.scrollHeight
      scrolledTo.current = now.scrollTop
    }
    if (changed > 1) draw()
  })

  const onScroll = (): void => {
    const now = box.current
    if (!now) return
    const moved = now.scrollTop - scrolledTo.current
    scrolledTo.current = now.scrollTop
    if (Math.abs(moved) < 1) return
    const atEnd = now.scrollTop + now.clientHeight >= now.scrollHeight - 4
    // Rows that turn out lower move the end up without anybody's hand.
    if (!(moved < 0 && atEnd)) tell({ type: 'scrolled', up: moved < 0, atEnd })
    if (moved < 0 && now.scrollTop < NEAR_TOP) void readEarlier()
    draw()
  }
  const readEarlier = async (): Promise<void> => {
    const added = (await feed.current?.earlier()) ?? 0
    if (added === 0) return
    const before = heights.current.total
    heights.current.shift(added)
    known.current.rows += added
    const now = box.current
    if (now) {
      draw()
      requestAnimationFrame(() => {
        now.scrollTop += heights.current.total - before
        scrolledTo.current = now.scrollTop
      })
    }
  }
  const showRow = (row: number): void => {
    tell({ type: 'jumped' })
    const now = box.current
    if (!now) return
    now.scrollTop = Math.max(0, heights.current.offsetOf(row) - now.clientHeight / 3)
    scrolledTo.current = now.scrollTop
    draw()
  }
  const toEnd = (): void => tell({ type: 'to-end' })
  const toFault = (step: 1 | -1): void => {
    if (faults.length === 0) return
    const next = (fault + step + faults.length) % faults.length
    setFault(next)
    const found = faults[next]
    if (found) showRow(found.row)
  }
  const toMatch = (direction: 'next' | 'previous'): void => {
    const matches = result?.matches ?? []
    const from = matches[match] ?? { row: direction === 'next' ? range.first - 1 : rows.length, start: -1 }
    const next = nextMatch(matches, from, direction)
    setMatch(next)
    const found = matches[next]
    if (found) showRow(found.row)
  }
  const matchIds = useMemo(() => new Set(result?.matches.map(one => one.id)), [result])

  useKeys(key => {
    if (!keys) return undefined
    if (key === 'f') tell({ type: 'toggled' })
    else if (key === 'w') setWrap(!wrap)
    else if (key === 'r') setRaw(!raw)
    else if (key === 'e') toFault(1)
    else if (key === 'E') toFault(-1)
    else if (key === 'n') toMatch('next')
    else if (key === 'N') toMatch('previous')
    else if (key === 'G') toEnd()
    else if (key === 'g g') showRow(0)
    else return undefined
    return true
  })

  const problem = 'problem' in query ? query.problem : null
  const pill = pillText(following)
  const trouble = feed.current?.trouble ?? null
  return (
    <div class={`log${wrap ? ' log-wrap' : ''}`}>
      <div class="log-tools">
        <select
          aria-label="Which log"
          value={source}
          onChange={event => setSource(event.currentTarget.value as LogSource)}
        >
          {SOURCES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <button type="button" aria-pressed={following.following} onClick={() => tell({ type: 'toggled' })} title="f">
          Follow
        </button>
        <button type="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)} title="w">
          Wrap
        </button>
        <button type="button" aria-pressed={raw} onClick={() => setRaw(!raw)} title="r">
          Raw
        </button>
        {faults.length > 0 && (
          <button type="button" onClick={() => toFault(1)} title="e">
            {count(faults.length, 'line')} of trouble
          </button>
        )}
        <span class="gap" />
        {tall && (
          <>
            <input
              type="search"
              aria-label="Search what is loaded"
              placeholder="search"
              value={words}
              onInput={event => {
                setWords(event.currentTarget.value)
                setMatch(-1)
                if (event.currentTarget.value !== '') tell({ type: 'searched' })
              }}
              onKeyDown={event => {
                if (event.key === 'Enter') toMatch(event.shiftKey ? 'previous' : 'next')
                if (event.key === 'Escape') event.currentTarget.blur()
              }}
            />
            <button type="button" aria-pressed={regex} onClick={() => setRegex(!regex)} aria-label="As a pattern">
              .*
            </button>
          </>
        )}
        <button type="button" onClick={() => void downloadLog(job, source)}>
          Download
        </button>
      </div>
      {(problem ?? trouble) !== null && <div class="log-tools">{problem ?? trouble}</div>}
      {result !== null && <div class="log-tools">{searchText(result, rows.length)}</div>}
      {tall && words !== '' && problem === null && (
        <WholeFileSearch job={job} source={source} words={words} regex={regex} />
      )}
      <div
        ref={box}
        class={`log-screen ${tall ? 'log-tall' : 'log-short'}`}
        role="log"
        aria-live="off"
        aria-label={`${source} of ${job.name}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys (WCAG 2.1.1)
        tabIndex={0}
        onScroll={onScroll}
        onPointerUp={() => {
          const selection = getSelection()
          if (selection && !selection.isCollapsed && box.current?.contains(selection.anchorNode))
            tell({ type: 'selected' })
        }}
      >
        <div style={{ height: `${range.offset}px` }} />
        {visible.map((row, at) => (
          <div key={row.id} data-row={range.first + at}>
            <LogRow
              row={row}
              ground={ground.value}
              fault={faultIds.has(row.id)}
              match={matchIds.has(row.id)}
              expanded={expanded.has(row.id)}
              onMore={() => setExpanded(new Set([...expanded, row.id]))}
            />
          </div>
        ))}
        <div style={{ height: `${Math.max(0, heights.current.total - heights.current.offsetOf(range.end))}px` }} />
        {rows.length === 0 && <div class="log-row seam">{emptyText(job, source, feed.current)}</div>}
      </div>
      {pill !== null && (
        <button type="button" class="primary log-pill" onClick={toEnd}>
          {pill}
        </button>
      )}
      <span class="unseen" role="status">
        {said}
      </span>
      {tall && screen !== null && (
        <div class="log-tools small faint">
          {size(screen.place.offset)} of attempt {screen.place.attempt}
          {feed.current?.ended ? ', complete' : ''}
          {screen.dropped > 0 && ` · ${count(screen.dropped, 'control character')} not shown: Raw shows them`}
        </div>
      )}
    </div>
  )
}

function emptyText(job: Job, source: LogSource, feed: LogFeed | null): string {
  if (feed?.screen == null) return 'Asking the server'
  if (feed.ended) return `The job wrote nothing to ${source}.`
  return job.runs.length === 0
    ? 'The job has not started: there is nothing to read yet.'
    : `Nothing on ${source} so far.`
}
