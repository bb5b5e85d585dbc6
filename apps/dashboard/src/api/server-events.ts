// Server-sent events over fetch: EventSource cannot send a bearer token, and a token has no place in an address.
import { CouldNotAsk, exchange } from './ask.ts'
import { createEventParser, type ServerEvent } from './server-event-parser.ts'

/** The server sends a comment at least every 15 s; three of them missing is a dead connection that nobody closed. */
const MAX_SILENCE_MS = 45_000

/** `'alive'` for a comment: nothing happened, and the connection stands. Ends with the server's end. @throws Refused, CouldNotAsk */
export async function* serverEvents(
  path: string,
  { headers = {}, signal }: { headers?: Record<string, string>; signal: AbortSignal },
): AsyncGenerator<ServerEvent | 'alive'> {
  const silence = new AbortController()
  let watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
  const parser = createEventParser()
  try {
    const response = await exchange(path, {
      signal: AbortSignal.any([signal, silence.signal]),
      headers: { accept: 'text/event-stream', ...headers },
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const piece = await reader?.read()
      if (!piece || piece.done) return
      clearTimeout(watch)
      watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
      yield* parser.feed(piece.value)
    }
  } catch (error) {
    if (signal.aborted) return
    if (silence.signal.aborted) throw new CouldNotAsk('no sign of life for 45 s', { cause: error })
    throw error instanceof TypeError ? new CouldNotAsk('the connection was closed', { cause: error }) : error
  } finally {
    clearTimeout(watch)
  }
}
