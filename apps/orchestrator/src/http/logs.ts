// /v1/jobs/{id}/logs: bytes of a run's stdout or stderr by range, read where they lie.
import { FILES, RUN_FILES } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { jobDirectoryOf, runOf } from '../clusters/layout.ts'
import { authorize } from './auth.ts'
import { JobParams } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

export const logRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, owner, clusters, settings } = services
    const most = settings.limits.logWindowBytes
    const LogQuery = z.strictObject({
      /** `slurm`: what Slurm itself wrote for the job, such as why it was killed. */
      stream: z.enum(['stdout', 'stderr', 'slurm']).default('stdout'),
      /** Default: the latest. */
      attempt: z.coerce.number().int().min(1).optional(),
      offset: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(1).max(most).default(most),
      /** The last so many bytes; not together with offset. */
      tail: z.coerce.number().int().min(1).max(most).optional(),
    })

    app.get(
      '/v1/jobs/:id/logs',
      { schema: { summary: 'Bytes of a log', tags: ['jobs'], params: JobParams, querystring: LogQuery } },
      async (request, reply) => {
        const { stream, attempt, offset, limit, tail } = request.query
        if (offset !== undefined && tail !== undefined) {
          throw new ProblemError('invalid-request', 'Give offset or tail, not both.', [
            { pointer: '?tail', detail: 'tail excludes offset' },
          ])
        }
        const job = await jobs.read(request.params.id)
        authorize(request.principal, 'read', job)
        const run = attempt === undefined ? job.runs.at(-1) : job.runs.find(candidate => candidate.attempt === attempt)
        if (attempt !== undefined && !run)
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

        const read = (from: number, lengthBytes: number) =>
          path === null
            ? null
            : owner.readAt(job.cluster, { identity: job.identity.name, path, offset: from, lengthBytes })
        let from = offset ?? 0
        if (tail !== undefined) from = Math.max(0, ((await read(0, 0))?.sizeBytes ?? 0) - tail)
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
