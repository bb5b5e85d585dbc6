// One connection that sends server-sent events, until the server ends it. A lost or silent one throws "could not ask".
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { CliError, isTransient } from '../errors.ts'
import { type Ask, type Exchange, interrupted } from './exchange.ts'

/** The server sends a comment at least every 15 s; three of them missing is a dead connection that nobody closed. */
const MAX_SILENCE_MS = 45_000

/** `'alive'` for a heartbeat: nothing happened, and the connection stands. */
export async function* serverEvents(
  exchange: Exchange,
  path: string,
  ask: Pick<Ask, 'method' | 'body' | 'headers'>,
  signal: AbortSignal,
): AsyncGenerator<EventSourceMessage | 'alive'> {
  const silence = new AbortController()
  let watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
  const ready: (EventSourceMessage | 'alive')[] = []
  const parser = createParser({ onEvent: message => ready.push(message), onComment: () => ready.push('alive') })
  try {
    const response = await exchange(path, {
      ...ask,
      timeoutMs: null,
      signal: AbortSignal.any([signal, silence.signal]),
      headers: { accept: 'text/event-stream', ...ask.headers },
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
    if (error instanceof CliError && (error.problem !== undefined || !isTransient(error))) throw error
    throw new CliError('COULD_NOT_ASK', silence.signal.aborted ? 'no sign of life for 45 s' : reasonOf(error), {
      cause: error,
    })
  } finally {
    clearTimeout(watch)
  }
}

const reasonOf = (error: unknown): string => (error instanceof CliError ? error.message : 'connection closed')
