// Which log is shown first.
import type { Job } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { place as address } from '../router/place.ts'
import { type LogSource, readLog } from './read-log.ts'

/**
 * A failed job's log opens where its last words are: stderr, where it wrote anything there. null: not known yet.
 * A link says which log it means.
 */
export function useFirstSource(job: Job, tall: boolean): { source?: LogSource } | null {
  const asked = tall && job.failure !== null && !address.value.query.has('at') && !address.value.query.has('o')
  const [first, setFirst] = useState<{ source?: LogSource } | null>(asked ? null : {})
  useEffect(() => {
    if (first !== null) return
    const leaving = new AbortController()
    readLog(job, 'stderr', { offset: 0, limit: 1 }, leaving.signal).then(
      ({ size }) => setFirst(size > 0 ? { source: 'stderr' } : {}),
      () => !leaving.signal.aborted && setFirst({}),
    )
    return () => leaving.abort()
  }, [])
  return first
}
