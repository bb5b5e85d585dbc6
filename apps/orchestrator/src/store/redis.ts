// The connections to Redis. Two tempers: one fails at once (requests and the lifecycle, where 503 or a later try is the
// right answer) and one waits (queues and subscriptions, which go on by themselves when Redis is back).
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { OrchestratorError } from '../errors.ts'

export interface RedisAddress {
  url: string
  user: string
  passwordFile?: string | undefined
}

function optionsOf(address: RedisAddress) {
  const url = new URL(address.url)
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    ...(address.passwordFile
      ? { username: address.user, password: readFileSync(address.passwordFile, 'utf8').trim() }
      : {}),
    retryStrategy: (tries: number) => Math.min(50 * 2 ** Math.min(tries, 6), 1_000),
  }
}

/** How long a request waits for the store before it is answered 503: for one answer, and for all of them together. */
export interface StorePatience {
  commandMs: number
  requestMs: number
}
/** With what comes before and after it a request is answered within a second. */
export const STORE_PATIENCE: StorePatience = { commandMs: 800, requestMs: 900 }

export function connectFailingFast(address: RedisAddress, log: Logger, { commandMs } = STORE_PATIENCE): Redis {
  return loud(
    new Redis({
      ...optionsOf(address),
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandMs,
      connectTimeout: 2_000,
    }),
    log,
  )
}

/** For BullMQ and subscriptions: commands wait until Redis is back. */
export function connectWaiting(address: RedisAddress, log: Logger): Redis {
  return loud(new Redis({ ...optionsOf(address), maxRetriesPerRequest: null }), log)
}

// ioredis repeats the same error at every attempt to reconnect; one line per change is enough.
function loud(redis: Redis, log: Logger): Redis {
  let said = ''
  redis.on('error', (error: Error) => {
    if (error.message !== said) log.warn({ code: (error as { code?: string }).code }, `store: ${error.message}`)
    said = error.message
  })
  redis.on('ready', () => {
    if (said !== '') log.info('store: connected again')
    said = ''
  })
  return redis
}

/** Waits for the first connection. @throws OrchestratorError STORE_UNREACHABLE */
export async function whenReady(redis: Redis, limitMs: number): Promise<void> {
  if (redis.status === 'ready') return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', done)
      reject(new OrchestratorError('STORE_UNREACHABLE', `Redis did not answer within ${limitMs} ms`))
    }, limitMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    redis.once('ready', done)
  })
}

const WANTED = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' } as const

/** What is missing for "an acknowledged job survives kill -9 of anything", in words; empty when all is well. @throws STORE_UNREACHABLE */
export async function durabilityGaps(redis: Redis): Promise<string[]> {
  const gaps: string[] = []
  for (const [name, wanted] of Object.entries(WANTED)) {
    const answer = (await asking(redis.config('GET', name)).catch(error => {
      if (error instanceof OrchestratorError) throw error
      return null
    })) as unknown
    const found = Array.isArray(answer)
      ? answer[1]
      : answer && typeof answer === 'object'
        ? Object.values(answer)[0]
        : undefined
    if (found !== wanted)
      gaps.push(`${name} is ${found === undefined ? 'not readable' : `"${String(found)}"`}, wanted "${wanted}"`)
  }
  if (await loadingLosesScripts(redis)) {
    gaps.push(
      'the ACL user "default" has no rights, and with its rights Redis loads what scripts wrote: give it ~* +@all and keep it off',
    )
  }
  return gaps
}

/**
 * Redis replays its AOF as the user "default"; where that user may not run a command, what scripts and MULTI wrote is
 * dropped without a word at the next start (seen on 7.0.15; redis issue 14541). Where ACLs are not to be read, nothing is known.
 */
async function loadingLosesScripts(redis: Redis): Promise<boolean> {
  const answer = (await asking(redis.acl('GETUSER', 'default')).catch(error => {
    if (error instanceof OrchestratorError) throw error
    return null
  })) as unknown
  if (answer === null || typeof answer !== 'object') return false
  const fields = Array.isArray(answer) ? Object.fromEntries(pairsOf(answer)) : (answer as Record<string, unknown>)
  return fields.commands !== '+@all' || !String(fields.keys).includes('~*')
}

const pairsOf = (flat: readonly unknown[]): [string, unknown][] =>
  flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), flat[i + 1]] as [string, unknown]] : []))

export interface StoreMemory {
  usedBytes: number
  /** null: Redis has no ceiling of its own and takes what the machine has. */
  ceilingBytes: number | null
}

/** null: this user may not ask. @throws STORE_UNREACHABLE */
export async function storeMemory(redis: Redis): Promise<StoreMemory | null> {
  const info = await asking(redis.info('memory')).catch(error => {
    if (error instanceof OrchestratorError) throw error
    return null
  })
  if (info === null) return null
  const [used, ceiling] = ['used_memory', 'maxmemory'].map(name =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  )
  return { usedBytes: used ?? 0, ceilingBytes: ceiling || null }
}

/** ioredis's errors become one code of ours; what Redis itself answered (a bug) stays as it is. */
export async function asking<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    if (
      cause instanceof Error &&
      cause.name === 'ReplyError' &&
      !/^(LOADING|READONLY|MASTERDOWN|NOAUTH|WRONGPASS|OOM|MISCONF)/.test(cause.message)
    )
      throw cause
    throw new OrchestratorError('STORE_UNREACHABLE', 'The store (Redis) could not be asked', { cause })
  }
}
