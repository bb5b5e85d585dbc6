// What a page asks once and may ask again. What was answered before stays while it is asked, and when the asking fails.
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ask, inWords } from './ask.ts'

export interface Asked<T> {
  value: T | null
  /** Why there is no newer value; null: nothing went wrong. */
  trouble: string | null
  again: () => void
}

/** @param path null: nothing is asked for now. @param everyMs asked again so often while the page can be seen */
export function useAsked<T>(path: string | null, everyMs?: number): Asked<T> {
  const [value, setValue] = useState<T | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [round, setRound] = useState(0)
  const again = useCallback(() => setRound(before => before + 1), [])

  // Another round asks again.
  useEffect(() => {
    if (path === null) return
    const leaving = new AbortController()
    const look = async (): Promise<void> => {
      try {
        const found = await ask<T>(path, { signal: leaving.signal })
        if (leaving.signal.aborted) return
        setValue(found)
        setTrouble(null)
      } catch (error) {
        if (!leaving.signal.aborted) setTrouble(inWords(error))
      }
    }
    void look()
    const timer =
      everyMs === undefined
        ? undefined
        : setInterval(() => document.visibilityState === 'visible' && void look(), everyMs)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [path, everyMs, round])

  return { value, trouble, again }
}
