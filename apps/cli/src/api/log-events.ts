// GET /v1/jobs/{id}/logs as server-sent events: one connection to a log. Whoever follows comes back with where it stands, see logs/stream-log.ts.
import { STREAM_EVENTS } from '@trotline/contracts'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import type { LogQuery } from './client.ts'
import { heard, jsonOf } from './event-stream.ts'
import type { Api } from './exchange.ts'

// The events of the log topics of /v1/stream without their topic. Fields that a newer server adds are let through.
const EVENTS = {
  log: z.object(STREAM_EVENTS.log.omit({ topic: true }).shape),
  attempt: z.object(STREAM_EVENTS.attempt.omit({ topic: true }).shape),
  cut: z.object(STREAM_EVENTS.cut.omit({ topic: true }).shape),
  end: z.object(STREAM_EVENTS.end.omit({ topic: true }).shape),
}
type Data<Name extends keyof typeof EVENTS> = z.infer<(typeof EVENTS)[Name]>

export type LogEvent =
  | { name: 'log'; attempt: number; offset: number; next: number; bytes: Uint8Array }
  | ({ name: 'attempt' } & Data<'attempt'>)
  | ({ name: 'cut' } & Data<'cut'>)
  | ({ name: 'end' } & Data<'end'>)

/**
 * `'alive'` for a heartbeat. A kind of event that this version does not know is one.
 *
 * @param after `attempt:offset`; null: from the newest attempt's first byte
 * @throws CliError COULD_NOT_ASK, with `foreign`, where an event cannot be read: to go on without it would lose bytes
 */
export async function* logEvents(
  api: Api,
  id: string,
  query: Pick<LogQuery, 'stream' | 'attempt'>,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<LogEvent | 'alive'> {
  const asked = { path: { id }, query, lastEventId: after, signal }
  for await (const message of heard(api.events('/v1/jobs/{id}/logs', asked), signal)) {
    if (message === 'alive') yield message
    else yield eventOf(message.event, jsonOf(message.data))
  }
}

function eventOf(name: string, data: unknown): LogEvent | 'alive' {
  switch (name) {
    case 'log': {
      const { text, base64, ...at } = known(EVENTS.log, data)
      const bytes = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
      if (bytes.length !== at.next - at.offset) throw unreadable()
      return { name, ...at, bytes }
    }
    case 'attempt':
      return { name, ...known(EVENTS.attempt, data) }
    case 'cut':
      return { name, ...known(EVENTS.cut, data) }
    case 'end':
      return { name, ...known(EVENTS.end, data) }
    default:
      return 'alive'
  }
}

function known<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  throw unreadable(parsed.error)
}

export const unreadable = (cause?: unknown): CliError =>
  new CliError('COULD_NOT_ASK', 'What came of the log is not as the server sends it. Perhaps a proxy spoke.', {
    foreign: 200,
    ...(cause === undefined ? {} : { cause }),
  })
