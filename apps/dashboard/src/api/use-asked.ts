// What a page asks once and may ask again. What was answered before stays while it is asked, and when the asking fails.
import type { Ask, Data, JsonPath } from '@trotline/client'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { client, inWords } from './client.ts'

export interface Asked<T> {
  value: T | null
  /** Why there is no newer value; null: nothing went wrong. */
  trouble: string | null
  again: () => void
}

type Question<P extends JsonPath<'get'>> = Pick<Ask<P, 'get'>, 'path' | 'query'>

/** @param asked null: nothing is asked for now. @param everyMs asked again so often while the page can be seen */
export function useAnswer<P extends JsonPath<'get'>>(
  path: P,
  asked: Question<P> | null,
  everyMs?: number,
): Asked<Data<P>> {
  const look = (signal: AbortSignal): Promise<Data<P>> =>
    // The rest of a question is known to be there: nothing else of it can be needed.
    (client.get as (path: P, ask: object) => Promise<{ data: Data<P> }>)(path, { ...asked, signal }).then(
      ({ data }) => data,
    )
  return useLook(look, asked === null ? null : `${path} ${JSON.stringify(asked)}`, everyMs)
}

/** The same for whatever else is asked. @param id of what is looked for: another one is looked for anew; null: nothing, for now */
export function useLook<T>(look: (signal: AbortSignal) => Promise<T>, id: string | null, everyMs?: number): Asked<T> {
  const [value, setValue] = useState<T | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [round, setRound] = useState(0)
  const again = useCallback(() => setRound(before => before + 1), [])
  const latest = useRef(look)
  latest.current = look

  // Another round asks again.
  useEffect(() => {
    if (id === null) return
    const leaving = new AbortController()
    let asking = false
    const once = async (): Promise<void> => {
      // A server that is slower than the round is not asked the same again meanwhile, and no older answer comes last.
      if (asking) return
      asking = true
      try {
        const found = await latest.current(leaving.signal)
        if (leaving.signal.aborted) return
        setValue(found)
        setTrouble(null)
      } catch (error) {
        if (!leaving.signal.aborted) setTrouble(inWords(error))
      } finally {
        asking = false
      }
    }
    void once()
    const timer =
      everyMs === undefined
        ? undefined
        : setInterval(() => document.visibilityState === 'visible' && void once(), everyMs)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [id, everyMs, round])

  return { value, trouble, again }
}
