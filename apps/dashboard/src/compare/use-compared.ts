// The jobs that are compared, with their epochs; those that still run are asked again.
import type { EpochPage, Job } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { ask, inWords } from '../api/ask.ts'
import { EpochHistory } from '../chart/history.ts'
import { isOver } from '../job/over.ts'

export interface ComparedJob {
  id: string
  /** null: not read yet, or `trouble`. */
  job: Job | null
  history: EpochHistory
  trouble: string | null
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
      .map(id => ({ id, job: null, history: new EpochHistory(), trouble: null }))
    const read = async (one: ComparedJob): Promise<void> => {
      const path = `/v1/jobs/${encodeURIComponent(one.id)}`
      try {
        const job = await ask<Job>(path, { signal: leaving.signal })
        const { line } = one.history
        // The newest attempt may have gone back: its epochs are read from the first.
        const again = one.job !== null && one.job.runs.length !== job.runs.length
        let after: number | null = again || line.length === 0 ? -1 : one.history.epochOf(line.at(-1) ?? 0)
        while (after !== null) {
          const page: EpochPage = await ask<EpochPage>(`${path}/epochs?after=${after}`, { signal: leaving.signal })
          one.history.add(page.items)
          after = page.next
        }
        one.job = job
        one.trouble = null
      } catch (error) {
        one.trouble = inWords(error)
      }
    }
    const readAll = async (): Promise<void> => {
      const open = jobs.filter(one => one.job === null || !isOver(one.job.state))
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
