// The jobs that are compared, with their epochs; those that still run are asked again.
import type { EpochPage, Job } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { client, inWords, Refused } from '../api/client.ts'
import { EpochHistory } from '../chart/history.ts'
import { isOver } from '../job/over.ts'

export interface ComparedJob {
  id: string
  /** null: not read yet, or `trouble`. */
  job: Job | null
  history: EpochHistory
  trouble: string | null
  /** The server shows this person no such job. It is not asked for again. */
  notYours: boolean
}

const EVERY_MS = 2_500

/** `drawing` rises with what is new. */
export function useCompared(ids: readonly string[]): { jobs: readonly ComparedJob[]; drawing: number } {
  const [state, setState] = useState<{ jobs: readonly ComparedJob[]; drawing: number }>({ jobs: [], drawing: 0 })
  const wanted = ids.join()
  useEffect(() => {
    const leaving = new AbortController()
    const jobs: ComparedJob[] = wanted
      .split(',')
      .filter(id => id !== '')
      .map(id => ({ id, job: null, history: new EpochHistory(), trouble: null, notYours: false }))
    const read = async (one: ComparedJob): Promise<void> => {
      const asked = { path: { id: one.id }, signal: leaving.signal }
      try {
        const { data: job } = await client.get('/v1/jobs/{id}', asked)
        const { line } = one.history
        // The newest attempt may have gone back: its epochs are read from the first.
        const again = one.job !== null && one.job.runs.length !== job.runs.length
        let after: number | null = again || line.length === 0 ? -1 : one.history.epochOf(line.at(-1) ?? 0)
        while (after !== null) {
          const { data: page }: { data: EpochPage } = await client.get('/v1/jobs/{id}/epochs', {
            ...asked,
            query: { after },
          })
          one.history.add(page.items)
          after = page.next
        }
        one.job = job
        one.trouble = null
      } catch (error) {
        one.trouble = inWords(error)
        one.notYours = error instanceof Refused && error.status === 404
      }
    }
    const readAll = async (): Promise<void> => {
      const open = jobs.filter(one => !one.notYours && (one.job === null || !isOver(one.job.state)))
      if (open.length === 0) return
      await Promise.all(open.map(read))
      if (!leaving.signal.aborted) setState(before => ({ jobs: [...jobs], drawing: before.drawing + 1 }))
    }
    setState({ jobs, drawing: 0 })
    void readAll()
    const timer = setInterval(() => document.visibilityState === 'visible' && void readAll(), EVERY_MS)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [wanted])
  return state
}
