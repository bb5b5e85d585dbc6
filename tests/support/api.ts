// A small client of the REST API for stories: JSON, and server-sent events as an async generator.
// A 503 says to ask again (Retry-After), and on a loaded machine the store misses its time limit now and then. Callers do so, with
// the same key, and nothing is made twice; so does this client. `call` alone answers what came.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Epoch, EpochPage, Job, JobEvent, JobPage, Problem } from '@trotline/contracts'
import { isTerminal } from '@trotline/contracts'
import { eventually } from './eventually.ts'

export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

interface CallOptions {
  body?: unknown
  headers?: Record<string, string>
}

/** A hang. */
const AGAIN_LIMIT_MS = 60_000
const AGAIN_MS = 500

export interface SentEvent {
  id: string
  event: string
  data: unknown
}

export interface Api {
  url: string
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  /** The same, asked again while the answer is 503: for what may be repeated. */
  answered<T = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  submit(request: unknown, idempotencyKey?: string): Promise<Job>
  job(id: string): Promise<Job>
  list(query?: string): Promise<JobPage>
  epochs(id: string): Promise<Epoch[]>
  log(id: string, query?: string): Promise<string>
  events(
    id: string,
    options?: { lastEventId?: string; signal?: AbortSignal },
  ): AsyncGenerator<SentEvent & { data: JobEvent }>
  /** The job once it has ended. Fails at once when it ended in another state than wished. */
  ended(id: string, state: Job['state'], limitMs?: number): Promise<Job>
}

export function createApi(url: string, token: string): Api {
  const authorization = `Bearer ${token}`
  const api: Api = {
    url,
    async call<T>(method: string, path: string, options: CallOptions = {}) {
      const { body, headers } = options
      const response = await fetch(url + path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      const text = await response.text()
      const parsed = (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : text
      return { status: response.status, headers: response.headers, body: parsed as T }
    },
    answered: <T>(method: string, path: string, options: CallOptions = {}) =>
      untilAnswered(() => api.call<T>(method, path, options)),
    async submit(request, idempotencyKey = randomUUID()) {
      const headers = { 'idempotency-key': idempotencyKey }
      return must(await api.answered<Job>('POST', '/v1/jobs', { body: request, headers }), 202)
    },
    job: async id => must(await api.answered<Job>('GET', `/v1/jobs/${id}`), 200),
    list: async (query = '') => must(await api.answered<JobPage>('GET', `/v1/jobs${query}`), 200),
    async epochs(id) {
      const all: Epoch[] = []
      for (let after: number | null = -1; after !== null; ) {
        const page: EpochPage = must(await api.answered<EpochPage>('GET', `/v1/jobs/${id}/epochs?after=${after}`), 200)
        all.push(...page.items)
        after = page.next
      }
      return all
    },
    log: async (id, query = '') => must(await api.answered<string>('GET', `/v1/jobs/${id}/logs${query}`), 200),
    async *events(id, { lastEventId, signal } = {}) {
      const headers: Record<string, string> = { authorization, accept: 'text/event-stream' }
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
      const open = (): Promise<Response> =>
        fetch(`${url}/v1/jobs/${id}/events`, { headers, ...(signal ? { signal } : {}) })
      const response = await untilAnswered(open)
      if (response.status !== 200 || !response.body)
        throw new Error(`events: ${response.status} ${await response.text()}`)
      let text = ''
      const decoder = new TextDecoder()
      for await (const chunk of response.body) {
        text += decoder.decode(chunk as Uint8Array, { stream: true })
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const sent = parseFrame(text.slice(0, end))
          text = text.slice(end + 2)
          if (sent) yield sent
        }
      }
    },
    async ended(id, state, limitMs = 300_000) {
      const job = await eventually(
        `job ${id} has ended`,
        async () => {
          const found = await api.job(id)
          return isTerminal(found.state) ? found : null
        },
        limitMs,
      )
      if (job.state !== state)
        throw new Error(`job ${id} is ${job.state}, wanted ${state}: ${JSON.stringify(job, null, 1)}`)
      return job
    },
  }
  return api
}

async function untilAnswered<A extends { status: number }>(ask: () => Promise<A>): Promise<A> {
  for (const giveUpAtMs = Date.now() + AGAIN_LIMIT_MS; ; await sleep(AGAIN_MS)) {
    const answer = await ask()
    if (answer.status !== 503 || Date.now() > giveUpAtMs) return answer
  }
}

function must<T>(answer: Answer<T>, status: number): T {
  if (answer.status === status) return answer.body
  const problem = answer.body as Problem
  throw new Error(`${answer.status} ${problem?.code ?? ''}: ${JSON.stringify(answer.body)}`)
}

function parseFrame(text: string): (SentEvent & { data: JobEvent }) | null {
  const fields = new Map(
    text
      .split('\n')
      .filter(line => !line.startsWith(':') && line.includes(': '))
      .map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  )
  const data = fields.get('data')
  return data === undefined
    ? null
    : { id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) }
}
