// One connection to a job's event stream. Whoever follows reconnects with the last number, see follow/follow.ts.
import { JobEvent } from '@trotline/contracts'
import type { Exchange } from './exchange.ts'
import { serverEvents } from './server-events.ts'

export type NumberedEvent = { seq: number; event: JobEvent }

/** `'alive'` for a heartbeat: nothing happened, and the connection stands. */
export async function* eventsOf(
  exchange: Exchange,
  path: string,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<NumberedEvent | 'alive'> {
  const headers: Record<string, string> = after === null ? {} : { 'last-event-id': String(after) }
  for await (const message of serverEvents(exchange, path, { headers }, signal)) {
    if (message === 'alive') {
      yield message
      continue
    }
    const event = JobEvent.safeParse(JSON.parse(message.data))
    // A kind of event that this version does not know changes nothing that it shows.
    if (event.success && message.id !== undefined) yield { seq: Number(message.id), event: event.data }
    else yield 'alive'
  }
}
