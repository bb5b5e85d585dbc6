// One connection to a job's event stream. Whoever follows reconnects with the last number, see follow/follow.ts.
import type { ServerEvent } from '@trotline/client'
import { JobEvent } from '@trotline/contracts'
import { type Api, interrupted } from './exchange.ts'

export type NumberedEvent = { seq: number; event: JobEvent }

/** `'alive'` for a heartbeat: nothing happened, and the connection stands. */
export async function* eventsOf(
  api: Api,
  id: string,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<NumberedEvent | 'alive'> {
  const lastEventId = after === null ? null : String(after)
  for await (const message of heard(
    api.events('/v1/jobs/{id}/events', { path: { id }, lastEventId, signal }),
    signal,
  )) {
    if (message === 'alive') {
      yield message
      continue
    }
    const event = JobEvent.safeParse(jsonOf(message.data))
    // A kind of event that this version does not know changes nothing that it shows.
    if (event.success && message.id !== null) yield { seq: Number(message.id), event: event.data }
    else yield 'alive'
  }
}

/** Until the server ends it. @throws CliError INTERRUPTED where the signal does */
export async function* heard(
  messages: AsyncIterable<ServerEvent | 'alive'>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent | 'alive'> {
  yield* messages
  if (signal.aborted) throw interrupted(signal.reason)
}

/** undefined: it is none, which no schema takes. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
