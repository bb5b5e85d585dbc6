// /v1/jobs/{id}/logs: bytes of a run's stdout or stderr by range, read where they lie; as server-sent events, live and across attempts.
import {
  FILES,
  type LogSearch,
  MOST_PATTERN_BYTES,
  MOST_SEARCH_MATCHES,
  patternTrouble,
  RUN_FILES,
} from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { jobDirectoryOf, runOf } from '../clusters/layout.ts'
import type { LogSearched, LogSearchWanted } from '../clusters/log-search.ts'
import { followLog, type LogCursor } from '../streams/follow-log.ts'
import { LOG_FILES } from '../streams/log-files.ts'
import { readTogether } from '../streams/read-together.ts'
import { authorize } from './auth.ts'
import { cursorOf, logFrames } from './log-frames.ts'
import { JobParams, wantsEvents } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

/** Last-Event-ID: as the events have it, `attempt:offset`; or an offset alone. */
const LogHeaders = z.object({
  accept: z.string().optional(),
  'last-event-id': z
    .string()
    .max(32)
    .refine(text => cursorOf(text, 1) !== null, 'is not an event id of this stream')
    .optional(),
})

export const logRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, changes, owner, logFiles, streams, clusters, settings } = services
    const most = settings.limits.logWindowBytes
    const followed = { read: readTogether(jobs.read) }
    const LogQuery = z.strictObject({
      /** `slurm`: what Slurm itself wrote for the job, such as why it was killed. */
      stream: z.enum(['stdout', 'stderr', 'slurm']).default('stdout'),
      /** Default: the latest. */
      attempt: z.coerce.number().int().min(1).optional(),
      offset: z.coerce.number().int().min(0).optional(),
      /** Bytes; of a search: lines. */
      limit: z.coerce.number().int().min(1).max(most).optional(),
      /** The last so many bytes; not together with offset. */
      tail: z.coerce.number().int().min(1).max(most).optional(),
      /** Searches the whole log on the cluster and answers the lines that match. */
      grep: z.string().min(1).max(MOST_PATTERN_BYTES).optional(),
      /** The pattern is a POSIX extended regular expression. */
      regex: z.enum(['true', 'false']).default('false'),
      /** Of the letters of ASCII. */
      ignoreCase: z.enum(['true', 'false']).default('false'),
    })

    app.get(
      '/v1/jobs/:id/logs',
      {
        schema: {
          summary: 'Bytes of a log; as server-sent events, live and across attempts',
          tags: ['jobs'],
          params: JobParams,
          headers: LogHeaders,
          querystring: LogQuery,
        },
      },
      async (request, reply) => {
        const { stream, attempt, offset, tail, grep } = request.query
        const limit = request.query.limit ?? most
        if (offset !== undefined && tail !== undefined) {
          throw new ProblemError('invalid-request', 'Give offset or tail, not both.', [
            { pointer: '?tail', detail: 'tail excludes offset' },
          ])
        }
        const sought = grep === undefined ? null : soughtOf(request.query, grep)
        const job = await jobs.read(request.params.id)
        authorize(request.principal, 'read', job)
        const run = attempt === undefined ? job.runs.at(-1) : job.runs.find(candidate => candidate.attempt === attempt)
        const following = wantsEvents(request.headers)
        if (attempt !== undefined && !run && !following)
          throw new ProblemError('attempt-not-found', `Job ${job.id} has ${job.runs.length} attempts so far.`)
        const workDir = clusters.find(cluster => cluster.name === job.cluster)?.workDir
        if (workDir === undefined)
          throw new ProblemError('cluster-unreachable', `Cluster ${job.cluster} is no longer configured.`)
        const directory = jobDirectoryOf(workDir, job.identity.unixUser, job.id)
        const path =
          stream === 'slurm'
            ? `${directory}/${FILES.slurmLog}`
            : run
              ? `${runOf(directory, run.run)}/${RUN_FILES[stream]}`
              : null

        if (sought !== null) {
          const of = stream === 'slurm' ? 1 : (run?.attempt ?? 0)
          const found: LogSearched =
            path === null
              ? { kind: 'absent' }
              : await owner.search(job.cluster, { identity: job.identity.name, path, ...sought })
          if (found.kind === 'refused')
            throw badPattern(`grep does not take the pattern: ${found.detail}.`, sought.pattern)
          reply.type('application/json; charset=utf-8')
          return found.kind === 'absent' ? { ...NOTHING, attempt: of } : answerOf(found, of)
        }

        const read = (from: number, lengthBytes: number) =>
          path === null
            ? null
            : owner.readAt(job.cluster, { identity: job.identity.name, path, offset: from, lengthBytes })
        let from = offset ?? 0
        if (tail !== undefined) from = Math.max(0, ((await read(0, 0))?.sizeBytes ?? 0) - tail)
        if (following) {
          const pinned = attempt ?? null
          const lastId = request.headers['last-event-id']
          // Where nothing is said it begins with the newest attempt.
          const first: LogCursor | null = run ? { attempt: stream === 'slurm' ? 1 : run.attempt, offset: from } : null
          const cursor = lastId === undefined ? first : cursorOf(lastId, pinned ?? first?.attempt ?? 1)
          const sources = { jobs: followed, changes, owner, files: logFiles, workDirOf: () => workDir }
          return streams.open(request, reply, signal =>
            logFrames(
              followLog(
                sources,
                job.id,
                { stream, attempt: pinned, from: cursor, pieceBytes: LOG_FILES.blockBytes },
                signal,
              ),
            ),
          )
        }
        const slice = await read(from, tail === undefined ? limit : Math.min(limit, tail))
        const bytes = Buffer.from(slice?.bytes ?? [])
        return reply
          .type('text/plain; charset=utf-8')
          .header('trotline-offset', from)
          .header('trotline-next-offset', from + bytes.length)
          .header('trotline-size', slice?.sizeBytes ?? 0)
          .header('trotline-run', run?.run ?? '')
          .header('x-content-type-options', 'nosniff')
          .send(bytes)
      },
    )
  }

type Sought = Omit<LogSearchWanted, 'path'>

interface SearchQuery {
  regex: 'true' | 'false'
  ignoreCase: 'true' | 'false'
  limit?: number | undefined
  offset?: number | undefined
  tail?: number | undefined
}

/** @throws ProblemError invalid-request */
function soughtOf({ regex, ignoreCase, limit, offset, tail }: SearchQuery, pattern: string): Sought {
  if (offset !== undefined || tail !== undefined)
    throw new ProblemError('invalid-request', 'A search goes through the whole log.', [
      { pointer: offset === undefined ? '?tail' : '?offset', detail: 'does not go with grep' },
    ])
  const trouble = patternTrouble(pattern, regex === 'true')
  if (trouble !== null) throw badPattern(trouble, pattern)
  const wanted = Math.min(limit ?? MOST_SEARCH_MATCHES, MOST_SEARCH_MATCHES)
  return { pattern, regex: regex === 'true', ignoreCase: ignoreCase === 'true', limit: wanted }
}

const badPattern = (detail: string, found: string): ProblemError =>
  new ProblemError('invalid-request', detail, [{ pointer: '?grep', detail, found }])

const NOTHING = { matches: [], count: 0, bytes: 0, seconds: 0, complete: true, stopped: null }

const answerOf = ({ kind: _, ...found }: Extract<LogSearched, { kind: 'searched' }>, attempt: number): LogSearch => ({
  attempt,
  ...found,
})
