// /v1/environments as this command line asks it. ENV is the server's to resolve: an id, eight or more digits of its beginning, a name or ml@3.
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
import type { Exchange } from './exchange.ts'
import { newKey } from './keys.ts'
import { serverEvents } from './server-events.ts'

export const LOCK_FORMATS = ['trotline', 'explicit', 'conda-lock', 'pixi'] as const
export type LockFormat = (typeof LOCK_FORMATS)[number]

export type BuildLogQuery = {
  offset?: number | undefined
  limit?: number | undefined
  tail?: number | undefined
}
/** Bytes lie at offset … next of a log of `size` so far. */
export type BuildLogChunk = { bytes: Uint8Array; offset: number; next: number; size: number }

export type EnvironmentCalls = ReturnType<typeof environmentCalls>

/** A server that looks at every file of a large environment takes its time. */
const VERIFY_TIMEOUT_MS = 600_000

export function environmentCalls(exchange: Exchange, host: string, names: NameCache) {
  const read = createReadAnswer(host)
  const one = (environment: string) => `/v1/environments/${encodeURIComponent(environment)}`
  const on = (environment: string, cluster: string) => `${one(environment)}/clusters/${encodeURIComponent(cluster)}`
  const post = () => ({ method: 'POST', headers: { 'idempotency-key': newKey() } }) as const

  return {
    /** @throws CliError PROBLEM as the server's answer; closing the connection (signal) ends the solve */
    create: async (
      request: unknown,
      signal: AbortSignal,
      onProgress: (progress: SolveProgress) => void,
    ): Promise<EnvironmentMade> => {
      for await (const message of serverEvents(
        exchange,
        '/v1/environments',
        { method: 'POST', body: request },
        signal,
      )) {
        if (message === 'alive') continue
        const value: unknown = JSON.parse(message.data)
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
      const response = await exchange('/v1/environments', { query })
      const page = await read(EnvironmentPage, response)
      if (query.name === undefined) names.environments(page.items)
      return { page, now: serverTime(response) }
    },
    show: async (environment: string): Promise<{ environment: Environment; now: number }> => {
      const response = await exchange(one(environment))
      return { environment: await read(Environment, response), now: serverTime(response) }
    },
    /** `lacks`: what the format has no place for, in sentences. */
    lock: async (environment: string, format: LockFormat): Promise<{ text: string; lacks: string[] }> => {
      const response = await exchange(`${one(environment)}/lock`, { query: { format }, headers: { accept: '*/*' } })
      return { text: await response.text(), lacks: lacksIn(response.headers.get('trotline-lock-lacks')) }
    },
    diff: async (from: string, to: string): Promise<EnvironmentDiff> =>
      read(EnvironmentDiff, await exchange(`${one(from)}/diff/${encodeURIComponent(to)}`)),
    history: async (name: string): Promise<EnvironmentHistory> =>
      read(EnvironmentHistory, await exchange(`/v1/environments/names/${encodeURIComponent(name)}`)),
    build: async (environment: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await exchange(on(environment, cluster), post())),
    on: async (environment: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await exchange(on(environment, cluster))),
    cancelOrRemove: async (environment: string, cluster: string): Promise<Materialisation> =>
      read(Materialisation, await exchange(on(environment, cluster), { method: 'DELETE' })),
    verify: async (environment: string, cluster: string): Promise<Materialisation> =>
      read(
        Materialisation,
        await exchange(`${on(environment, cluster)}/verify`, { ...post(), timeoutMs: VERIFY_TIMEOUT_MS }),
      ),
    log: async (environment: string, cluster: string, query: BuildLogQuery): Promise<BuildLogChunk> => {
      const response = await exchange(`${on(environment, cluster)}/log`, { query, headers: { accept: 'text/plain' } })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const offset = Number(response.headers.get('trotline-offset') ?? 0)
      return {
        bytes,
        offset,
        next: Number(response.headers.get('trotline-next-offset') ?? offset + bytes.length),
        size: Number(response.headers.get('trotline-size') ?? 0),
      }
    },
    collect: async (cluster: string, body: { unusedDays?: number; dryRun: boolean }): Promise<Collection> =>
      read(
        Collection,
        await exchange(`/v1/clusters/${encodeURIComponent(cluster)}/environments/collect`, { ...post(), body }),
      ),
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
