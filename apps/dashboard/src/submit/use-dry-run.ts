// What would become of the request, asked 300 ms after the last key. The answer before stays until the next one is there.
import type { DryRun, Problem } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { ask, CouldNotAsk, inWords, Refused } from '../api/ask.ts'

export type Tried =
  | { kind: 'accepted'; answer: DryRun }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'unknown'; text: string }

const AFTER_MS = 300

/** @param request as JSON text; null: nothing to try */
export function useDryRun(request: string | null): { tried: Tried | null; asking: boolean } {
  const [tried, setTried] = useState<Tried | null>(null)
  const [asking, setAsking] = useState(false)
  useEffect(() => {
    if (request === null) return
    const leaving = new AbortController()
    const look = async (): Promise<void> => {
      setAsking(true)
      try {
        const body = JSON.parse(request) as unknown
        const answer = await ask<DryRun>('/v1/jobs?dryRun=true', { method: 'POST', body, signal: leaving.signal })
        setTried({ kind: 'accepted', answer })
      } catch (error) {
        if (leaving.signal.aborted) return
        if (error instanceof Refused) setTried({ kind: 'refused', problem: error.problem })
        else if (error instanceof CouldNotAsk) setTried({ kind: 'unknown', text: inWords(error) })
        else throw error
      } finally {
        if (!leaving.signal.aborted) setAsking(false)
      }
    }
    const timer = setTimeout(() => void look(), AFTER_MS)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [request])
  return { tried, asking }
}
