// What routes answer that is not one JSON document: text, bytes and server-sent events, by content type, for the API's description. A route that
// answers such a form says so here; `accept` or a query parameter chooses where there are several.

interface Form {
  description: string
  content?: Readonly<Record<string, { schema: object }>>
  headers?: Readonly<Record<string, { description: string; schema: object }>>
}

const TEXT = { type: 'string' }
const BYTES = { type: 'string', contentEncoding: 'binary' }
const COUNT = { type: 'integer', minimum: 0 }
const EVENTS = { 'text/event-stream': { schema: TEXT } }

const LOG_HEADERS = {
  'trotline-offset': { description: 'Where these bytes begin in the log', schema: COUNT },
  'trotline-next-offset': { description: 'Where the next ones begin', schema: COUNT },
  'trotline-size': { description: 'Bytes of the log so far', schema: COUNT },
}

const FORMS: Readonly<Record<string, Readonly<Record<number, Form>>>> = {
  'get /v1/jobs/{id}/script': {
    200: { description: 'The script as it was handed to sbatch', content: { 'text/plain': { schema: TEXT } } },
  },
  'get /v1/jobs/{id}/events': {
    200: { description: 'Events by their names, numbered by their ids', content: EVENTS },
  },
  'get /v1/jobs/{id}/epochs': {
    200: { description: 'A page of epochs; with `accept: text/event-stream` as they come', content: EVENTS },
  },
  'get /v1/jobs/{id}/logs': {
    200: {
      description: 'Bytes of the log; with `grep` the lines that match; with `accept: text/event-stream` as they come',
      content: {
        'text/plain': { schema: BYTES },
        'application/json': { schema: { $ref: '#/components/schemas/LogSearch' } },
        ...EVENTS,
      },
      headers: {
        ...LOG_HEADERS,
        'trotline-run': { description: 'The run that wrote them; empty before any has begun', schema: TEXT },
      },
    },
  },
  'get /v1/jobs/{id}/artifacts/{path}': {
    200: { description: 'The file, as the type that its name tells', content: { '*/*': { schema: BYTES } } },
    206: { description: 'The bytes of `range`', content: { '*/*': { schema: BYTES } } },
    304: { description: 'Not changed since that ETag' },
    416: { description: 'The file has no such range', content: { 'text/plain': { schema: TEXT } } },
  },
  'get /v1/jobs/{id}/bundle': {
    200: { description: 'A gzipped tar', content: { 'application/gzip': { schema: BYTES } } },
  },
  'get /v1/stream': {
    200: { description: 'Events by their names, each with its topic', content: EVENTS },
  },
  'post /v1/environments': {
    200: {
      description: 'With `accept: text/event-stream`: progress, then the environment or the problem',
      content: EVENTS,
    },
  },
  'get /v1/environments/{id}/lock': {
    200: {
      description: 'The lock in the format that was asked for',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/EnvironmentLock' } },
        'text/plain': { schema: TEXT },
        'application/yaml': { schema: TEXT },
      },
      headers: {
        'trotline-lock-lacks': {
          description: 'What the format has no place for: a JSON list of sentences',
          schema: TEXT,
        },
      },
    },
  },
  'get /v1/environments/{id}/clusters/{cluster}/log': {
    200: {
      description: 'Bytes of the log; with `accept: text/event-stream` as they come',
      content: { 'text/plain': { schema: BYTES }, ...EVENTS },
      headers: LOG_HEADERS,
    },
  },
}

/** The answers of a route with those forms beside the JSON that its schema tells of. */
export function withForms(route: string, responses: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all: Record<string, unknown> = { ...responses }
  for (const [status, { content, ...form }] of Object.entries(FORMS[route] ?? {})) {
    const known = responses[status] as { content?: object } | undefined
    all[status] = content === undefined ? form : { ...form, content: { ...known?.content, ...content } }
  }
  return all
}
