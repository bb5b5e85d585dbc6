// The box that a log scrolls in: only rows near the view are in the document, each of its own height, and a reader's place is held while
// rows come, go, or turn out higher.
import type { ComponentChildren, Ref } from 'preact'
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Anchor, anchorAt, drift, follow as followAnchor } from '../log/anchor.ts'
import type { FollowEvent } from '../log/follow.ts'
import type { Row } from '../log/row.ts'
import { VirtualRows } from '../log/virtual-rows.ts'

const ROW_HEIGHT = 18.85
const SPARE_ROWS = 30
/** Earlier lines are read when so little is left above. */
const NEAR_TOP = 400
const USUAL_VIEW = 600

export interface LogBoxHandle {
  /** Brings a row into the upper third. */
  show(index: number): void
  /** The row at the view's top; -1: there is none. */
  top(): number
}

interface LogBoxProps {
  /** Changed in place: the parent draws anew when they have. */
  rows: readonly Row[]
  /** Another one: other rows, from the start. */
  of: unknown
  wrap: boolean
  tall: boolean
  label: string
  following: boolean
  handle: Ref<LogBoxHandle>
  onFollow: (event: FollowEvent) => void
  /** `by`: somebody scrolls up; or there is not even a view full of rows. */
  onNearTop: (by: 'person' | 'page') => void
  row: (row: Row, index: number) => ComponentChildren
  empty: ComponentChildren
  /** Shares of the scroll bar's length. */
  ticks: readonly { share: number; kind: 'match' | 'fault' }[]
}

export function LogBox(props: LogBoxProps) {
  const { rows, of, wrap, tall, label, following, handle, onFollow, onNearTop, row, empty, ticks } = props
  const [, drawn] = useState(0)
  const draw = (): void => drawn(before => before + 1)
  const box = useRef<HTMLDivElement>(null)
  const heights = useRef(new VirtualRows(ROW_HEIGHT))
  const anchor = useRef<Anchor | null>(null)
  /** Where the page itself has scrolled to: what differs was a person. */
  const scrolledTo = useRef(0)
  const fresh = useRef(true)
  const shown = useRef<{ id: number; tries: number } | null>(null)
  const last = useRef<{ of: unknown; count: number; id: number }>({ of: null, count: 0, id: -1 })

  if (last.current.of !== of) {
    heights.current = new VirtualRows(ROW_HEIGHT)
    anchor.current = null
    last.current = { of, count: 0, id: -1 }
    fresh.current = true
  }
  // Whether lines wrap makes every height void.
  useLayoutEffect(() => heights.current.reset(ROW_HEIGHT), [wrap])

  const view = box.current
  const viewHeight = view?.clientHeight ?? USUAL_VIEW
  if (anchor.current !== null) {
    const moved = followAnchor(rows, heights.current, anchor.current)
    if (moved === null) anchor.current = null
    else anchor.current.index += moved
  }
  heights.current.setCount(rows.length)
  const pending = anchor.current === null ? 0 : drift(rows, heights.current, anchor.current)
  const top = following ? Math.max(0, heights.current.total - viewHeight) : (view?.scrollTop ?? 0) + pending
  const range = heights.current.window(top, viewHeight, SPARE_ROWS)

  useImperativeHandle(handle, () => ({
    show(index) {
      const id = rows[index]?.id
      if (id === undefined) return
      shown.current = { id, tries: 3 }
      anchor.current = null
      place(index)
      draw()
    },
    top: () => (rows.length === 0 ? -1 : heights.current.rowAt(box.current?.scrollTop ?? 0)),
  }))
  const place = (index: number): void => {
    const now = box.current
    if (!now) return
    now.scrollTop = Math.max(0, heights.current.offsetOf(index) - now.clientHeight / 3)
    scrolledTo.current = now.scrollTop
  }

  // After every drawing.
  useLayoutEffect(() => {
    const now = box.current
    if (!now) return
    if (fresh.current) scrolledTo.current = now.scrollTop
    fresh.current = false
    // A person has scrolled, and the browser has not said so yet: pulling the view back to the end would undo it.
    if (following && scrolledByPerson(now)) return onScroll()
    let changed = 0
    for (const child of now.querySelectorAll<HTMLElement>('[data-row]')) {
      const index = Number(child.dataset.row)
      changed += Math.abs(heights.current.measure(index, child.getBoundingClientRect().height))
    }
    const wanted = shown.current
    if (following) {
      shown.current = null
      now.scrollTop = now.scrollHeight
    } else if (wanted !== null) {
      // Rows on the way there turn out as high as they are only now.
      const index = rows.findIndex(one => one.id === wanted.id)
      if (index >= 0) place(index)
      wanted.tries -= 1
      if (wanted.tries === 0) shown.current = null
      else draw()
    } else if (anchor.current !== null) {
      const by = drift(rows, heights.current, anchor.current)
      if (Math.abs(by) >= 0.5) now.scrollTop += by
    }
    scrolledTo.current = now.scrollTop
    anchor.current = anchorAt(rows, heights.current, now.scrollTop)
    if (changed > 1) draw()
    else if (heights.current.total < now.clientHeight) onNearTop('page')
  })

  // What came at the end, for whoever reads further up.
  useEffect(() => {
    const { count, id } = last.current
    const lastId = rows.at(-1)?.id ?? -1
    const from = id === lastId || id < 0 ? rows.length : rows.findLastIndex(one => one.id === id) + 1
    last.current = { of, count: rows.length, id: lastId }
    if (count > 0 && rows.length > from) onFollow({ type: 'lines', added: rows.length - from })
  })

  /** Rows that turn out lower, or are let go, move the end up without anybody's hand. */
  const scrolledByPerson = (now: HTMLElement): boolean => {
    const moved = now.scrollTop - scrolledTo.current
    return Math.abs(moved) >= 1 && !(moved < 0 && isAtEnd(now))
  }
  const onScroll = (): void => {
    const now = box.current
    if (!now) return
    const moved = now.scrollTop - scrolledTo.current
    const person = scrolledByPerson(now)
    scrolledTo.current = now.scrollTop
    if (Math.abs(moved) < 1) return
    shown.current = null
    anchor.current = anchorAt(rows, heights.current, now.scrollTop)
    if (person) onFollow({ type: 'scrolled', up: moved < 0, atEnd: isAtEnd(now) })
    if (moved < 0 && now.scrollTop < NEAR_TOP) onNearTop('person')
    draw()
  }
  const { total } = heights.current
  return (
    <div class="log-frame">
      <div
        ref={box}
        class={`log-screen ${tall ? 'log-tall' : 'log-short'}`}
        role="log"
        aria-live="off"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys (WCAG 2.1.1)
        tabIndex={0}
        onScroll={onScroll}
        onWheel={event => {
          // Known before the view has moved: a line that comes meanwhile would pull it back.
          const now = event.currentTarget
          if (following && event.deltaY < 0 && now.scrollTop > 0) onFollow({ type: 'scrolled', up: true, atEnd: false })
        }}
        onPointerUp={() => {
          const selection = getSelection()
          if (selection && !selection.isCollapsed && box.current?.contains(selection.anchorNode))
            onFollow({ type: 'selected' })
        }}
      >
        <div style={{ height: `${range.offset}px` }} />
        {rows.slice(range.first, range.end).map((one, at) => (
          <div key={one.id} data-row={range.first + at}>
            {row(one, range.first + at)}
          </div>
        ))}
        <div style={{ height: `${Math.max(0, total - heights.current.offsetOf(range.end))}px` }} />
        {rows.length === 0 && empty}
      </div>
      {ticks.length > 0 && (
        <div class="log-ticks" aria-hidden="true">
          {ticks.map(({ share, kind }) => (
            <i key={`${kind} ${share}`} class={kind} style={{ top: `${100 * share}%` }} />
          ))}
        </div>
      )}
    </div>
  )
}

const isAtEnd = (box: HTMLElement): boolean => box.scrollTop + box.clientHeight >= box.scrollHeight - 4
