// What would become of the request, asked 300 ms after the last key. The answer before stays until the next one is there.
import type { Schema } from '@trotline/client'
import type { DryRun, Problem } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { CouldNotAsk, client, inWords, Refused } from '../api/client.ts'

export type Tried =
  | { kind: 'accepted'; answer: DryRun }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'unknown'; text: string }

const AFTER_MS = 300
/** Until the server that could not be asked is asked again. */
const AGAIN_MS = 3_000

/** @param request as JSON text; null: nothing to try */
export function useDryRun(request: string | null): { tried: Tried | null; asking: boolean } {
  const [tried, setTried] = useState<Tried | null>(null)
  const [asking, setAsking] = useState(false)
  useEffect(() => {
    if (request === null) return
    const leaving = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      setAsking(true)
      try {
        const body = JSON.parse(request) as Schema<'JobRequestInput'>
        const asked = { body, query: { dryRun: 'true' as const }, signal: leaving.signal }
        const answer = await client.post('/v1/jobs', asked)
        if (answer.status === 200) setTried({ kind: 'accepted', answer: answer.data })
      } catch (error) {
        if (leaving.signal.aborted) return
        if (error instanceof Refused) setTried({ kind: 'refused', problem: error.problem })
        else if (error instanceof CouldNotAsk) {
          setTried({ kind: 'unknown', text: inWords(error) })
          timer = setTimeout(() => void look(), AGAIN_MS)
        } else throw error
      } finally {
        if (!leaving.signal.aborted) setAsking(false)
      }
    }
    timer = setTimeout(() => void look(), AFTER_MS)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [request])
  return { tried, asking }
}
