// What needs the cluster: reading a log, asking Slurm why a job waits, leaving the mark of a forced end. Only the cluster's owner
// connects; other processes ask it over Redis pub/sub: one question, one answer, or silence, which means that nobody owns the
// cluster now.
import { randomUUID } from 'node:crypto'
import { LogSearch } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { ClusterAccess } from '../clusters/access.ts'
import { type LogSearched, LogSearchWanted, searchLog } from '../clusters/log-search.ts'
import { OrchestratorError } from '../errors.ts'
import type { Keys } from '../store/keys.ts'
import { asking } from '../store/redis.ts'
import { createQueueLooks, QueueLook } from './queue-looks.ts'

const ANSWER_WITHIN_MS = 5_000
/** squeue --start may take long on a busy slurmctld. */
const QUEUE_ANSWER_WITHIN_MS = 15_000
/** More than the search's own limits (clusters/log-search.ts). */
const SEARCH_ANSWER_WITHIN_MS = 15_000

const FileQuestion = z.strictObject({
  kind: z.literal('file'),
  identity: z.string(),
  path: z.string(),
  offset: z.int().min(0),
  lengthBytes: z.int().min(0),
})
const QueueQuestion = z.strictObject({ kind: z.literal('queue'), identity: z.string(), partition: z.string() })
const MarkQuestion = z.strictObject({
  kind: z.literal('mark'),
  identity: z.string(),
  path: z.string(),
  content: z.string().max(1_000),
})
const SearchQuestion = LogSearchWanted.extend({ kind: z.literal('search'), identity: z.string() })
const Question = z.discriminatedUnion('kind', [FileQuestion, QueueQuestion, MarkQuestion, SearchQuestion])
type Question = z.infer<typeof Question>
type Asked<Kind extends Question['kind']> = Omit<Extract<Question, { kind: Kind }>, 'kind'>

const Envelope = z.strictObject({ id: z.string(), replyTo: z.string(), question: Question })

const FileSlice = z.strictObject({ base64: z.string(), sizeBytes: z.int() }).nullable()
const Searched = z.discriminatedUnion('kind', [
  LogSearch.omit({ attempt: true }).extend({ kind: z.literal('searched') }),
  z.strictObject({ kind: z.literal('absent') }),
  z.strictObject({ kind: z.literal('refused'), detail: z.string() }),
])
const Answer = z.strictObject({
  id: z.string(),
  /** Of the shape that the question's kind promises; parsed by whoever asked. */
  value: z.unknown(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
})
type Answer = z.infer<typeof Answer>

/** Every method @throws CLUSTER_NOT_OWNED when no owner answers; elsewhere the owner's own trouble, as it named it. */
export interface AskOwner {
  /** null: no such file. */
  readAt(cluster: string, question: Asked<'file'>): Promise<{ bytes: Uint8Array; sizeBytes: number } | null>
  /** Asked of Slurm at most once in ten seconds per identity and partition, however many ask. */
  queue(cluster: string, question: Asked<'queue'>): Promise<QueueLook>
  /** One at a time for each identity: a search holds the channel of submissions for up to ten seconds. @throws LOG_SEARCH_BUSY */
  search(cluster: string, question: Asked<'search'>): Promise<LogSearched>
  /** Writes a small file whole. */
  mark(cluster: string, question: Asked<'mark'>): Promise<void>
  close(): void
}

interface Settings {
  publisher: Redis
  subscriber: Redis
  keys: Keys
  clusters: readonly string[]
  /** null: this process does not own the cluster. */
  own(cluster: string): ClusterAccess | null
}

export async function createAskOwner({ publisher, subscriber, keys, clusters, own }: Settings): Promise<AskOwner> {
  const inbox = `${keys.ask('answers')}:${randomUUID()}`
  const open = new Map<string, (answer: Answer) => void>()
  const asked = new Map(clusters.map(cluster => [keys.ask(cluster), cluster]))
  const looks = createQueueLooks()
  const searching = new Set<string>()

  subscriber.on('message', (channel: string, text: string) => {
    const cluster = asked.get(channel)
    if (cluster !== undefined) void reply(cluster, text)
    else if (channel === inbox) {
      const answer = Answer.safeParse(jsonOf(text))
      if (answer.success) open.get(answer.data.id)?.(answer.data)
    }
  })
  await subscriber.subscribe(inbox, ...asked.keys())

  async function reply(cluster: string, text: string): Promise<void> {
    const access = own(cluster)
    const envelope = Envelope.safeParse(jsonOf(text))
    if (access === null || !envelope.success) return
    const { id, replyTo, question } = envelope.data
    const answer = await settle(access, question)
      .then((value): Answer => ({ id, value, error: null }))
      .catch(
        (error: Error & { code?: string }): Answer => ({
          id,
          value: null,
          error: { code: error.code ?? 'BUG', message: error.message },
        }),
      )
    await publisher.publish(replyTo, JSON.stringify(answer)).catch(() => undefined)
  }

  /** As the owner. What it answers can be written as JSON. */
  async function settle(access: ClusterAccess, question: Question): Promise<unknown> {
    switch (question.kind) {
      case 'file': {
        const slice = await readFile(access, question)
        return slice && { base64: Buffer.from(slice.bytes).toString('base64'), sizeBytes: slice.sizeBytes }
      }
      case 'queue':
        return looks.look(access, question)
      case 'search':
        return search(access, unnamed(question))
      case 'mark':
        await writeMark(access, question)
        return null
    }
  }

  async function search(access: ClusterAccess, { identity, ...wanted }: Asked<'search'>): Promise<LogSearched> {
    const key = `${access.settings.name} ${identity}`
    if (searching.has(key))
      throw new OrchestratorError(
        'LOG_SEARCH_BUSY',
        'Another log of this Unix user is being searched; ask again in a moment',
      )
    searching.add(key)
    try {
      return await searchLog(access.identity(identity).transport, wanted)
    } finally {
      searching.delete(key)
    }
  }

  async function ask<T>(cluster: string, question: Question, schema: z.ZodType<T>, withinMs: number): Promise<T> {
    const nobody = () =>
      new OrchestratorError('CLUSTER_NOT_OWNED', `No process owns cluster ${cluster} now, so it cannot be asked`)
    // Whoever asks need not wait for a silence that is certain.
    if ((await asking(publisher.exists(keys.lease(cluster)))) === 0) throw nobody()
    const id = randomUUID()
    const answer = await new Promise<Answer>((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        open.delete(id)
      }
      const timer = setTimeout(() => {
        done()
        reject(nobody())
      }, withinMs)
      open.set(id, found => {
        done()
        resolve(found)
      })
      asking(publisher.publish(keys.ask(cluster), JSON.stringify({ id, replyTo: inbox, question }))).catch(error => {
        done()
        reject(error)
      })
    })
    if (answer.error) {
      const code = answer.error.code === 'LOG_SEARCH_BUSY' ? answer.error.code : 'CLUSTER_NOT_OWNED'
      throw new OrchestratorError(code, answer.error.message, { details: answer.error })
    }
    const value = schema.safeParse(answer.value)
    if (value.success) return value.data
    throw new OrchestratorError(
      'CLUSTER_NOT_OWNED',
      `The owner of cluster ${cluster} answers in a shape that is not known here`,
    )
  }

  return {
    async readAt(cluster, question) {
      const access = own(cluster)
      if (access) return readFile(access, question)
      const slice = await ask(cluster, { kind: 'file', ...question }, FileSlice, ANSWER_WITHIN_MS)
      return slice && { bytes: Buffer.from(slice.base64, 'base64'), sizeBytes: slice.sizeBytes }
    },
    async queue(cluster, question) {
      const access = own(cluster)
      if (access) return looks.look(access, question)
      return ask(cluster, { kind: 'queue', ...question }, QueueLook, QUEUE_ANSWER_WITHIN_MS)
    },
    async search(cluster, question) {
      const access = own(cluster)
      if (access) return search(access, question)
      return ask(cluster, { kind: 'search', ...question }, Searched, SEARCH_ANSWER_WITHIN_MS)
    },
    async mark(cluster, question) {
      const access = own(cluster)
      if (access) await writeMark(access, question)
      else await ask(cluster, { kind: 'mark', ...question }, z.null(), ANSWER_WITHIN_MS)
    },
    close: () => subscriber.disconnect(),
  }
}

const unnamed = ({ kind: _, ...asked }: z.infer<typeof SearchQuestion>): Asked<'search'> => asked

/** undefined: no JSON. Whatever somebody publishes on our channels must not end the process. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const readFile = (access: ClusterAccess, { identity, path, offset, lengthBytes }: Asked<'file'>) =>
  access.identity(identity).transport.readAt(path, offset, lengthBytes)

const writeMark = (access: ClusterAccess, { identity, path, content }: Asked<'mark'>) =>
  access.identity(identity).transport.put(path, content, { mode: 0o600 })
