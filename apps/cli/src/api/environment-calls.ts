// /v1/environments as this command line asks it. ENV is the server's to resolve: an id, eight or more digits of its beginning, a name or ml@3.
import type { Query, Schema } from '@trotline/client'
import {
  Collection,
  Environment,
  EnvironmentDiff,
  EnvironmentHistory,
  EnvironmentMade,
  EnvironmentPage,
  Materialisation,
  Problem,
  SolveProgress,
} from '@trotline/contracts'
import type { NameCache } from '../completion/name-cache.ts'
import { CliError } from '../errors.ts'
import { answerOf, createReadAnswer, serverTime } from './answer.ts'
import { heard, jsonOf } from './event-stream.ts'
import type { Api } from './exchange.ts'

export type LockFormat = NonNullable<Query<'/v1/environments/{id}/lock'>['format']>
export const LOCK_FORMATS = ['trotline', 'explicit', 'conda-lock', 'pixi'] as const satisfies readonly LockFormat[]

export type BuildLogQuery = Query<'/v1/environments/{id}/clusters/{cluster}/log'>
/** Bytes lie at offset … next of a log of `size` so far. */
export type BuildLogChunk = { bytes: Uint8Array; offset: number; next: number; size: number }

export type EnvironmentCalls = ReturnType<typeof environmentCalls>

/** A server that looks at every file of a large environment takes its time. */
const VERIFY_TIMEOUT_MS = 600_000

export function environmentCalls(api: Api, host: string, names: NameCache) {
  const read = createReadAnswer(host)

  return {
    /** @throws CliError PROBLEM as the server's answer; closing the connection (signal) ends the solve */
    create: async (
      request: unknown,
      signal: AbortSignal,
      onProgress: (progress: SolveProgress) => void,
    ): Promise<EnvironmentMade> => {
      // As it was written: the server says what is wrong with it.
      const body = request as Schema<'EnvironmentRequestInput'>
      for await (const message of heard(api.postEvents('/v1/environments', { body, signal }), signal)) {
        if (message === 'alive') continue
        const value = jsonOf(message.data)
        if (message.event === 'progress') {
          const progress = SolveProgress.safeParse(value)
          if (progress.success) onProgress(progress.data)
        } else if (message.event === 'environment') return answerOf(host, EnvironmentMade, value)
        else if (message.event === 'problem') {
          const problem = answerOf(host, Problem, value)
          throw new CliError('PROBLEM', problem.detail, { problem })
        }
      }
      throw new CliError('COULD_NOT_ASK', `Could not ask ${host} (it closed the connection before it answered).`, {
        fix: ['Try again; the same command is safe to repeat.'],
      })
    },
    list: async (query: { name?: string; limit?: number; cursor?: string }) => {
      const answer = await api.get('/v1/environments', { query })
      const page = read(EnvironmentPage, answer)
      if (query.name === undefined) names.environments(page.items)
      return { page, now: serverTime(answer) }
    },
    show: async (id: string): Promise<{ environment: Environment; now: number }> => {
      const answer = await api.get('/v1/environments/{id}', { path: { id } })
      return { environment: read(Environment, answer), now: serverTime(answer) }
    },
    /** `lacks`: what the format has no place for, in sentences. */
    lock: async (id: string, format: LockFormat): Promise<{ text: string; lacks: string[] }> => {
      const { data, headers } = await api.text('/v1/environments/{id}/lock', { path: { id }, query: { format } })
      return { text: data, lacks: lacksIn(headers.get('trotline-lock-lacks')) }
    },
    diff: async (id: string, other: string): Promise<EnvironmentDiff> =>
      read(EnvironmentDiff, await api.get('/v1/environments/{id}/diff/{other}', { path: { id, other } })),
    history: async (name: string): Promise<EnvironmentHistory> =>
      read(EnvironmentHistory, await api.get('/v1/environments/names/{name}', { path: { name } })),
    build: async (id: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await api.post('/v1/environments/{id}/clusters/{cluster}', { path: { id, cluster } })),
    on: async (id: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await api.get('/v1/environments/{id}/clusters/{cluster}', { path: { id, cluster } })),
    cancelOrRemove: async (id: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await api.delete('/v1/environments/{id}/clusters/{cluster}', { path: { id, cluster } })),
    verify: async (id: string, cluster: string): Promise<Materialisation> =>
      read(
        Materialisation,
        await api.post('/v1/environments/{id}/clusters/{cluster}/verify', {
          path: { id, cluster },
          timeoutMs: VERIFY_TIMEOUT_MS,
        }),
      ),
    log: async (id: string, cluster: string, query: BuildLogQuery): Promise<BuildLogChunk> => {
      const { data: bytes, headers } = await api.bytes('/v1/environments/{id}/clusters/{cluster}/log', {
        path: { id, cluster },
        query,
      })
      const offset = Number(headers.get('trotline-offset') ?? 0)
      return {
        bytes,
        offset,
        next: Number(headers.get('trotline-next-offset') ?? offset + bytes.length),
        size: Number(headers.get('trotline-size') ?? 0),
      }
    },
    collect: async (name: string, body: { unusedDays?: number; dryRun: boolean }): Promise<Collection> =>
      read(Collection, await api.post('/v1/clusters/{name}/environments/collect', { path: { name }, body })),
  }
}

function lacksIn(header: string | null): string[] {
  if (header === null) return []
  try {
    const value: unknown = JSON.parse(header)
    return Array.isArray(value) ? value.filter(text => typeof text === 'string') : []
  } catch {
    return []
  }
}
