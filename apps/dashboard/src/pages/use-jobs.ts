// The rows of the list: pages of the server's, kept current by what is told. Jobs that come while somebody points at the table wait.
import type { JobState, JobSummary } from '@trotline/contracts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { follow } from '../live/live.ts'
import { type Group, merged, stateOf } from './jobs-list.ts'

const PAGE = 50

const queryOf = (state: JobState | null) => ({ limit: PAGE, ...(state === null ? {} : { state }) })

export function useJobs(group: Group) {
  const [rows, setRows] = useState<readonly JobSummary[] | null>(null)
  const [later, setLater] = useState<readonly JobSummary[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const table = useRef<HTMLDivElement>(null)
  const state = stateOf(group)
  const newest = useRef<readonly JobSummary[] | null>(null)
  newest.current = rows

  useEffect(() => {
    const leaving = new AbortController()
    const read = async (): Promise<void> => {
      try {
        const { data: page } = await client.get('/v1/jobs', { query: queryOf(state), signal: leaving.signal })
        if (leaving.signal.aborted) return
        setRows(before => merged(before ?? [], page.items))
        setCursor(before => before ?? page.nextCursor)
        setTrouble(null)
      } catch (error) {
        if (!leaving.signal.aborted) setTrouble(inWords(error))
      }
    }
    setRows(null)
    setCursor(null)
    setLater([])
    // First the ears, then the list: what changes in between is in one of them.
    const stop = follow('jobs', told => {
      if (told.type === 'reset') return void read()
      if (told.type !== 'jobs') return
      const known = new Set(newest.current?.map(row => row.id))
      const inUse = table.current?.matches(':hover, :focus-within') === true && known.size > 0
      const news = told.items.filter(item => !known.has(item.id))
      setRows(before =>
        before === null ? before : merged(before, inUse ? told.items.filter(item => known.has(item.id)) : told.items),
      )
      if (inUse && news.length > 0) setLater(before => merged(before, news))
    })
    void read()
    return () => {
      stop()
      leaving.abort()
    }
  }, [state])

  return {
    rows,
    cursor,
    trouble,
    table,
    waiting: later.length,
    showWaiting() {
      setRows(before => merged(before ?? [], later))
      setLater([])
    },
    older() {
      if (cursor === null) return
      client.get('/v1/jobs', { query: { ...queryOf(state), cursor } }).then(
        ({ data: page }) => {
          setRows(before => merged(before ?? [], page.items))
          setCursor(page.nextCursor)
        },
        error => setTrouble(inWords(error)),
      )
    },
  }
}
