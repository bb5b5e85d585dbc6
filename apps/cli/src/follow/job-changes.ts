// Which jobs change, as they do: told by the server's stream, or found out by asking where there is none.
//
// It begins with 'look', and says it again whenever something may have been missed: read afresh then what you show. Until the stream shows
// its first sign of life, and for good where it is refused (an older server, a proxy that lets none through), 'look' comes every few seconds.
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobSummary } from '@trotline/contracts'
import { createPatience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { CliError, isRefusedStream, isTransient } from '../errors.ts'

/** A list is answered from the server's own store, whatever the cluster does: to ask again costs a millisecond there. */
const LOOK_MS = 3000

export type JobChange = readonly JobSummary[] | 'look'

export type Trouble = {
  /** Told once for each outage, and with null when it is over. */
  onTrouble(why: string | null): void
}

/** Ends when `signal` does. @throws CliError where the server stayed away for the whole patience, or refuses the reader */
export async function* jobChanges(
  { client, patienceMs }: Pick<Context, 'client' | 'patienceMs'>,
  signal: AbortSignal,
  { onTrouble }: Trouble,
): AsyncGenerator<JobChange> {
  const patience = createPatience({
    patienceMs,
    signal,
    onTry: (attempt, error) => {
      if (attempt === 1) onTrouble(error.problem?.title ?? error.message)
    },
  })
  const pause = (until: AbortSignal) => sleep(LOOK_MS, 'look' as const, { signal: until }).catch(() => 'look' as const)
  let lastId: string | null = null
  yield 'look'
  refused: while (!signal.aborted) {
    const leaving = new AbortController()
    const line = AbortSignal.any([signal, leaving.signal])
    const events = client.stream(['jobs'], lastId, line)
    const ask = () => {
      const next = events.next()
      // Whoever is busy with what was told hears of a lost line when it waits for more.
      next.catch(() => {})
      return next
    }
    try {
      let lives = false
      let next = ask()
      for (;;) {
        const found = lives ? await next : await Promise.race([next, pause(line)])
        if (signal.aborted) return
        if (found === 'look') {
          yield 'look'
          continue
        }
        if (found.done === true) {
          // It was answered, and by no stream: a server that is older, or somebody in between.
          if (!lives) break refused
          throw new CliError('COULD_NOT_ASK', 'The server closed the connection.')
        }
        lives = true
        if (patience.answered() !== null) onTrouble(null)
        next = ask()
        const event = found.value
        if (event === 'alive') continue
        if (event.name === 'gone')
          throw new CliError('PROBLEM', event.data.problem.detail, { problem: event.data.problem })
        lastId = event.id ?? lastId
        if (event.name === 'reset') yield 'look'
        if (event.name === 'jobs') yield event.data.items
      }
    } catch (error) {
      if (signal.aborted) return
      if (isRefusedStream(error)) break
      if (!isTransient(error)) throw error
      await patience.again(error).catch((cause: unknown) => {
        if (!signal.aborted) throw cause
      })
    } finally {
      leaving.abort()
    }
  }
  while (!signal.aborted) {
    await pause(signal)
    if (!signal.aborted) yield 'look'
  }
}
