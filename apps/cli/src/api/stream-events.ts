// GET /v1/stream: events of many topics over one connection. Whoever reads it comes back with the last id, see follow/job-changes.ts.
import { STREAM_EVENTS, type StreamEventData, type StreamEventName } from '@trotline/contracts'
import { heard, jsonOf } from './event-stream.ts'
import type { Api } from './exchange.ts'

export type StreamEvent = {
  [Name in StreamEventName]: {
    name: Name
    data: StreamEventData<Name> /** Where the reader stands now. */
    id: string | null
  }
}[StreamEventName]

const isName = (text: string): text is StreamEventName => Object.hasOwn(STREAM_EVENTS, text)

/** `'alive'` for a heartbeat. An event that this version does not know is one: nothing that it shows has changed. */
export async function* streamEvents(
  api: Api,
  topics: readonly string[],
  lastId: string | null,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent | 'alive'> {
  const asked = { query: { topic: topics }, lastEventId: lastId, signal }
  for await (const message of heard(api.events('/v1/stream', asked), signal)) {
    if (message === 'alive' || !isName(message.event)) {
      yield 'alive'
      continue
    }
    const data = STREAM_EVENTS[message.event].safeParse(jsonOf(message.data))
    yield data.success ? ({ name: message.event, data: data.data, id: message.id } as StreamEvent) : 'alive'
  }
}
