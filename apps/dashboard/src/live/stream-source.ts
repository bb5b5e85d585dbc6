// One connection for everything that is followed: GET /v1/stream. Changing the topics opens a new one where the old one stood.
import { client, inWords, Refused } from '../api/client.ts'
import type { Ears, Source, Told } from './topics.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 15_000
/** Pages that open want several topics at once. */
const GATHER_MS = 30

/** Tries in a row that brought nothing: a restart of the server takes one or two. */
const AWAY_AFTER = 3

export interface StreamFate {
  /** This server has no such door, or no room for another stream. Told once; the source has closed itself then. */
  absent(): void
  /** Nothing comes through, and it is tried again: something between here and the server may let short questions pass all the same. */
  away(): void
  /** Something came through again. */
  back(): void
}

export function createStreamSource(ears: Ears, fate: StreamFate): Source {
  let wanted: readonly string[] = []
  let connection = new AbortController()
  /** Where each topic's reader stands, as the server wrote it. */
  let lastId: string | null = null
  let gathering: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let failures = 0

  function came(): void {
    if (failures >= AWAY_AFTER) fate.back()
    failures = 0
  }
  function failed(why: string): void {
    failures += 1
    if (failures === AWAY_AFTER) fate.away()
    ears.lost(why)
  }

  async function run(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !signal.aborted; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        const asked = { query: { topic: topics }, lastEventId: lastId, signal }
        for await (const one of client.events('/v1/stream', asked)) {
          wait = FIRST_RETRY_MS
          came()
          ears.alive()
          if (one === 'alive') continue
          if (one.id !== null) lastId = one.id
          ears.tell({ ...JSON.parse(one.data), type: one.event } as Told)
        }
        if (!signal.aborted) failed('the server closed the stream')
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Refused && (error.status === 404 || error.problem.code === 'too-many-streams')) {
          close()
          return fate.absent()
        }
        if (error instanceof Refused && error.status === 400) lastId = null
        failed(inWords(error))
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
