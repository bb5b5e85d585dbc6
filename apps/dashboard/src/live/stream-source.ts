// One connection for everything that is followed: GET /v1/stream. Changing the topics opens a new one where the old one stood.
import { inWords, Refused } from '../api/ask.ts'
import { serverEvents } from '../api/server-events.ts'
import type { Ears, Source, Told } from './topics.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 15_000
/** Pages that open want several topics at once. */
const GATHER_MS = 30

/** `absent`: this server has no such door, or no room for another stream. Called once; the source has closed itself then. */
export function createStreamSource(ears: Ears, absent: () => void): Source {
  let wanted: readonly string[] = []
  let connection = new AbortController()
  /** Where each topic's reader stands, as the server wrote it. */
  let lastId: string | null = null
  let gathering: ReturnType<typeof setTimeout> | undefined
  let closed = false

  async function run(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !signal.aborted; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        const query = topics.map(topic => `topic=${encodeURIComponent(topic)}`).join('&')
        const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId }
        for await (const one of serverEvents(`/v1/stream?${query}`, { headers, signal })) {
          wait = FIRST_RETRY_MS
          ears.alive()
          if (one === 'alive') continue
          if (one.id !== null) lastId = one.id
          ears.tell({ ...JSON.parse(one.data), type: one.event } as Told)
        }
        if (!signal.aborted) ears.lost('the server closed the stream')
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Refused && (error.status === 404 || error.problem.code === 'too-many-streams')) {
          close()
          return absent()
        }
        if (error instanceof Refused && error.status === 400) lastId = null
        ears.lost(inWords(error))
      }
      await sleep(wait, signal)
    }
  }

  function close(): void {
    closed = true
    clearTimeout(gathering)
    connection.abort()
  }

  return {
    want(topics) {
      if (same(topics, wanted)) return
      wanted = topics
      clearTimeout(gathering)
      gathering = setTimeout(() => {
        connection.abort()
        connection = new AbortController()
        if (wanted.length > 0 && !closed) void run(wanted, connection.signal)
      }, GATHER_MS)
    },
    close,
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((topic, at) => topic === b[at])

export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(done => {
    const over = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      done()
    }
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
  })
