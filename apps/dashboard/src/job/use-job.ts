// A job as its page holds it: the record, why it is where it is, and its epochs, kept current by what is told.
import type { EpochPage, Job, JobEvent, Why } from '@trotline/contracts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { client, inWords, Refused } from '../api/client.ts'
import { EpochHistory } from '../chart/history.ts'
import { follow } from '../live/live.ts'
import { jobTopic } from '../live/topics.ts'
import { isOver } from './over.ts'
import { readEvents } from './read-events.ts'

export interface JobInView {
  job: Job | null
  why: Why | null
  events: readonly JobEvent[]
  /** Changed in place: `drawing` rises with it. */
  history: EpochHistory
  drawing: number
  trouble: string | null
  missing: boolean
}

/** So often epochs are asked for while a training runs: as often as a chart is drawn. */
const EPOCHS_EVERY_MS = 300
const WHY_EVERY_MS = 10_000

export function useJob(id: string): JobInView {
  const [job, setJob] = useState<Job | null>(null)
  const [why, setWhy] = useState<Why | null>(null)
  const [events, setEvents] = useState<readonly JobEvent[]>([])
  const [kept, setKept] = useState({ history: new EpochHistory(), drawing: 0 })
  const [trouble, setTrouble] = useState<string | null>(null)
  const [missing, setMissing] = useState(false)
  const wanted = useRef<(from: number) => void>(() => {})
  const path = `/v1/jobs/${encodeURIComponent(id)}`

  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    const history = new EpochHistory()
    setKept({ history, drawing: 0 })
    /** The newest that is here. */
    let newest: { epoch: number; attempt: number } | null = null
    /** The first epoch that may be newer than what is here; null: none. */
    let due: number | null = 0
    let reading = false
    let drawnAt = Number.NEGATIVE_INFINITY

    const readEpochs = async (): Promise<void> => {
      if (reading || due === null) return
      reading = true
      let after: number | null = due - 1
      due = null
      try {
        while (after !== null) {
          const page: EpochPage = (await client.get('/v1/jobs/{id}/epochs', { path: { id }, query: { after }, signal }))
            .data
          history.add(page.items)
          const last = page.items.at(-1)
          if (last !== undefined) newest = { epoch: last.epoch, attempt: last.attempt }
          after = page.next
          // A long history comes in many pages: it is drawn as often as a growing one, not once a page.
          if (after === null || performance.now() - drawnAt >= EPOCHS_EVERY_MS) {
            drawnAt = performance.now()
            setKept({ history, drawing: history.version })
          }
        }
      } catch {
        if (!signal.aborted) setKept({ history, drawing: history.version })
        // What was missed is asked for with the next news.
        due = Math.min(due ?? Number.POSITIVE_INFINITY, Math.max(0, (after ?? 0) + 1))
      }
      setTimeout(() => {
        reading = false
        if (!signal.aborted) void readEpochs()
      }, EPOCHS_EVERY_MS)
    }
    wanted.current = from => {
      due = Math.min(due ?? Number.POSITIVE_INFINITY, from)
      void readEpochs()
    }
    const take = (found: Job): void => {
      setJob(known => (known !== null && known.revision > found.revision ? known : found))
      const last = found.progress.last
      if (last === null || (newest?.epoch === last.epoch && newest.attempt === last.attempt)) return
      // Of another attempt: it began somewhere before its newest epoch.
      wanted.current(newest?.attempt === last.attempt ? newest.epoch + 1 : 0)
    }
    const read = async (): Promise<void> => {
      try {
        take((await client.get('/v1/jobs/{id}', { path: { id }, signal })).data)
        setTrouble(null)
      } catch (error) {
        if (signal.aborted) return
        setTrouble(inWords(error))
        if (error instanceof Refused && error.status === 404) setMissing(true)
        else setTimeout(() => !signal.aborted && void read(), 3_000)
      }
    }
    const stop = follow(jobTopic(id), told => {
      if (told.type === 'reset') void read()
      if (told.type !== 'job') return
      if (told.job !== null) take(told.job)
      if (told.event?.type !== 'epochs') return
      const { first, last, total } = told.event
      // The record has no new revision for every epoch.
      if (told.job === null)
        setJob(
          known =>
            known && {
              ...known,
              progress: { ...known.progress, last, epochs: Math.max(total, known.progress.epochs) },
            },
        )
      wanted.current(first)
    })
    void read()
    void readEpochs()
    return () => {
      stop()
      leaving.abort()
    }
  }, [id, path])

  // Why, and what happened: asked anew where the record says something else.
  const state =
    job === null
      ? null
      : `${job.state} ${job.hold?.since} ${job.cancelRequestedAt} ${job.trying?.code} ${job.runs.length} ${job.progress.epochs > 0}`
  const over = job !== null && isOver(job.state)
  useEffect(() => {
    if (state === null) return
    const leaving = new AbortController()
    const look = (): void => {
      const asked = { path: { id }, signal: leaving.signal }
      client.get('/v1/jobs/{id}/why', asked).then(
        ({ data }) => setWhy(data),
        () => {},
      )
    }
    look()
    readEvents(id, leaving.signal).then(setEvents, () => {})
    const timer = over ? undefined : setInterval(() => document.visibilityState === 'visible' && look(), WHY_EVERY_MS)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [id, path, state, over])

  return { job, why, events, ...kept, trouble, missing }
}
