// The REST calls this command line makes, each with the contract's type.
import type { Query, Schema } from '@trotline/client'
import {
  Cluster,
  ClusterPage,
  CompatibilityReport,
  DryRun,
  EpochPage,
  Job,
  JobPage,
  LogSearch,
  Readiness,
  SuggestAnswer,
  Whoami,
  Why,
} from '@trotline/contracts'
import type { NameCache } from '../completion/name-cache.ts'
import { createReadAnswer, serverTime } from './answer.ts'
import { artifactCalls } from './artifact-calls.ts'
import { environmentCalls } from './environment-calls.ts'
import { eventsOf, type NumberedEvent } from './event-stream.ts'
import type { Api } from './exchange.ts'
import { type LogEvent, logEvents } from './log-events.ts'
import { rerunCalls } from './rerun-calls.ts'
import { type StreamEvent, streamEvents } from './stream-events.ts'
import { webhookCalls } from './webhook-calls.ts'

export type ListQuery = Query<'/v1/jobs'>
type LogsQuery = Query<'/v1/jobs/{id}/logs'>
export type LogQuery = Pick<LogsQuery, 'attempt' | 'offset' | 'limit' | 'tail'> & { stream: 'stdout' | 'stderr' }
export type SearchQuery = Pick<LogsQuery, 'attempt' | 'limit' | 'regex' | 'ignoreCase'> & {
  stream: 'stdout' | 'stderr'
  grep: string
}
/** `run` is null before any run has begun. Bytes lie at offset … next of a file of `size` so far. */
export type LogChunk = { bytes: Uint8Array; offset: number; next: number; size: number; run: string | null }

export type Client = ReturnType<typeof createClient>

/** @param names what there is, for completion: told by every answer that says it */
export function createClient(api: Api, host: string, names: NameCache) {
  const read = createReadAnswer(host)

  return {
    host,
    /** @param request as it was written: the server says what is wrong with it, by its fields */
    submit: async (request: unknown, key: string): Promise<Job> => {
      const answer = await api.post('/v1/jobs', { body: request as Schema<'JobRequestInput'>, key })
      const job = read(Job, answer as typeof answer & { status: 202 })
      names.jobs([job])
      return job
    },
    whoami: async (): Promise<Whoami> => read(Whoami, await api.get('/v1/whoami')),
    /** Without a token, and whatever it says: /readyz answers 503 where something is not ready. */
    readiness: async (): Promise<{ ready: Readiness; now: number }> => {
      const answer = await api.get('/readyz', { accepts: [503] })
      return { ready: read(Readiness, answer), now: serverTime(answer) }
    },
    dryRun: async (request: unknown): Promise<DryRun> => {
      const body = request as Schema<'JobRequestInput'>
      const answer = await api.post('/v1/jobs', { body, query: { dryRun: 'true' } })
      return read(DryRun, answer as typeof answer & { status: 200 })
    },
    /** Also says how the server's clock stands, so that ages never depend on this machine's. */
    list: async (query: ListQuery) => {
      const answer = await api.get('/v1/jobs', { query })
      const page = read(JobPage, answer)
      names.jobs(page.items)
      return { page, now: serverTime(answer) }
    },
    job: async (id: string): Promise<Job> => read(Job, await api.get('/v1/jobs/{id}', { path: { id } })),
    jobNow: async (id: string): Promise<{ job: Job; now: number }> => {
      const answer = await api.get('/v1/jobs/{id}', { path: { id } })
      return { job: read(Job, answer), now: serverTime(answer) }
    },
    /** Both also say how the server's clock stands, for the age of the facts. @param question as it was written */
    check: async (question: unknown): Promise<{ report: CompatibilityReport; now: number }> => {
      const body = question as Schema<'CompatibilityCheckInput'>
      const answer = await api.post('/v1/compatibility/check', { body })
      return { report: read(CompatibilityReport, answer), now: serverTime(answer) }
    },
    suggest: async (hardware: unknown): Promise<{ answer: SuggestAnswer; now: number }> => {
      const body = hardware as Schema<'SuggestRequestInput'>
      const answer = await api.post('/v1/compatibility/suggest', { body })
      return { answer: read(SuggestAnswer, answer), now: serverTime(answer) }
    },
    clusters: async (): Promise<ClusterPage> => {
      const page = read(ClusterPage, await api.get('/v1/clusters'))
      names.clusters(page.items)
      return page
    },
    /** Also says how the server's clock stands. */
    cluster: async (name: string): Promise<{ cluster: Cluster; now: number }> => {
      const answer = await api.get('/v1/clusters/{name}', { path: { name } })
      return { cluster: read(Cluster, answer), now: serverTime(answer) }
    },
    probe: async (name: string, body: { partition?: string }): Promise<Cluster> =>
      read(Cluster, await api.post('/v1/clusters/{name}/probe', { path: { name }, body })),
    why: async (id: string): Promise<Why> => read(Why, await api.get('/v1/jobs/{id}/why', { path: { id } })),
    cancel: async (id: string, { force = false } = {}): Promise<Job> =>
      read(Job, await api.delete('/v1/jobs/{id}', { path: { id }, query: force ? { force: 'true' } : {} })),
    release: async (id: string): Promise<Job> => read(Job, await api.post('/v1/jobs/{id}/release', { path: { id } })),
    epochs: async (id: string, query: { after?: number; limit?: number }): Promise<EpochPage> =>
      read(EpochPage, await api.get('/v1/jobs/{id}/epochs', { path: { id }, query })),
    script: async (id: string): Promise<string> => (await api.text('/v1/jobs/{id}/script', { path: { id } })).data,
    logs: async (id: string, query: LogQuery): Promise<LogChunk> => {
      const { data: bytes, headers } = await api.bytes('/v1/jobs/{id}/logs', { path: { id }, query })
      const run = headers.get('trotline-run')
      const offset = Number(headers.get('trotline-offset') ?? 0)
      return {
        bytes,
        offset,
        next: Number(headers.get('trotline-next-offset') ?? offset + bytes.length),
        size: Number(headers.get('trotline-size') ?? 0),
        run: run === null || run === '' ? null : run,
      }
    },
    /** @param after where the reader stands, `attempt:offset`; null: it is new */
    followLog: (
      id: string,
      query: Pick<LogQuery, 'stream' | 'attempt'>,
      after: string | null,
      signal: AbortSignal,
    ): AsyncGenerator<LogEvent | 'alive'> => logEvents(api, id, query, after, signal),
    /** Done on the cluster; `grep` with backslashes and all, as it was typed. */
    searchLog: async (id: string, query: SearchQuery): Promise<LogSearch> =>
      read(LogSearch, await api.get('/v1/jobs/{id}/logs', { path: { id }, query })),
    events: (id: string, after: number | null, signal: AbortSignal): AsyncGenerator<NumberedEvent | 'alive'> =>
      eventsOf(api, id, after, signal),
    /** @param lastId where the reader stands; null: it is new */
    stream: (
      topics: readonly string[],
      lastId: string | null,
      signal: AbortSignal,
    ): AsyncGenerator<StreamEvent | 'alive'> => streamEvents(api, topics, lastId, signal),
    artifacts: artifactCalls(api, host, names),
    environments: environmentCalls(api, host, names),
    reruns: rerunCalls(api, host),
    webhooks: webhookCalls(api, host, names),
  }
}
