// One connection to a job's event stream. It ends when the server ends it; a lost or silent one throws "could not ask".
// Whoever follows reconnects with the last number, see follow/follow.ts.
import { JobEvent } from '@trotline/contracts'
import { createParser } from 'eventsource-parser'
import { CliError, isTransient } from '../errors.ts'
import { type Exchange, interrupted } from './exchange.ts'

export type NumberedEvent = { seq: number; event: JobEvent }

/** The server sends a comment at least every 15 s; three of them missing is a dead connection that nobody closed. */
const MAX_SILENCE_MS = 45_000

/** `'alive'` for a heartbeat: nothing happened, and the connection stands. */
export async function* eventsOf(
  exchange: Exchange,
  path: string,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<NumberedEvent | 'alive'> {
  const silence = new AbortController()
  let watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
  const ready: (NumberedEvent | 'alive')[] = []
  const parser = createParser({
    onEvent: message => {
      const event = JobEvent.safeParse(JSON.parse(message.data))
      // A kind of event that this version does not know changes nothing that it shows.
      if (event.success && message.id !== undefined) ready.push({ seq: Number(message.id), event: event.data })
      else ready.push('alive')
    },
    onComment: () => ready.push('alive'),
  })
  try {
    const response = await exchange(path, {
      timeoutMs: null,
      signal: AbortSignal.any([signal, silence.signal]),
      headers: { accept: 'text/event-stream', ...(after === null ? {} : { 'last-event-id': String(after) }) },
    })
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      clearTimeout(watch)
      watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
      parser.feed(decoder.decode(bytes, { stream: true }))
      yield* ready.splice(0)
    }
  } catch (error) {
    if (signal.aborted) throw interrupted(error)
    if (error instanceof CliError && !isTransient(error)) throw error
    throw new CliError('COULD_NOT_ASK', silence.signal.aborted ? 'no sign of life for 45 s' : reasonOf(error), {
      cause: error,
    })
  } finally {
    clearTimeout(watch)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof CliError) return error.problem?.title ?? error.message
  return 'connection closed'
}
