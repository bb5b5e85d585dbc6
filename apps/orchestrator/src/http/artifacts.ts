// /v1/jobs/{id}/artifacts: what the training left, by the names that its result has and no others; bytes by range, read where they lie.
import { Readable } from 'node:stream'
import { type Artifact, ArtifactPage, artifactType, RUN_FILES } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { jobDirectoryOf, runOf } from '../clusters/layout.ts'
import type { JobRecord } from '../store/record.ts'
import { authorize } from './auth.ts'
import { rangeOf } from './byte-range.ts'
import { goneSignal } from './gone-signal.ts'
import { JobParams, NoQuery } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

/** A name that no artifact can have is the name of none. */
const ArtifactParams = JobParams.extend({ path: z.string() })
const ArtifactHeaders = z.object({
  range: z.string().max(100).optional(),
  'if-range': z.string().max(200).optional(),
  'if-none-match': z.string().max(1_000).optional(),
})

const PIECE_BYTES = 262_144

export const artifactRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, owner, clusters } = services

    app.get(
      '/v1/jobs/:id/artifacts',
      {
        schema: {
          summary: 'What the training left: model, history, evaluation',
          tags: ['jobs'],
          params: JobParams,
          querystring: NoQuery,
          response: { 200: ArtifactPage },
        },
      },
      async request => {
        const job = await jobs.read(request.params.id)
        authorize(request.principal, 'read', job)
        return { items: artifactsOf(job).map(artifact => ({ ...artifact, type: artifactType(artifact.path) })) }
      },
    )

    app.get(
      '/v1/jobs/:id/artifacts/:path',
      {
        schema: {
          summary: 'Bytes of an artifact, whole or by range',
          tags: ['jobs'],
          params: ArtifactParams,
          headers: ArtifactHeaders,
          querystring: NoQuery,
        },
      },
      async (request, reply) => {
        const { id, path } = request.params
        const job = await jobs.read(id)
        authorize(request.principal, 'read', job)
        const artifact = artifactsOf(job).find(one => one.path === path)
        if (artifact === undefined) throw notFound(job, path)
        const etag = `"${artifact.sha256}"`
        reply
          .header('etag', etag)
          // Of a job that is over, nothing changes.
          .header('cache-control', 'private, max-age=3600')
          .header('accept-ranges', 'bytes')
          .header('x-content-type-options', 'nosniff')
          .header('content-disposition', `attachment; filename="${artifact.path}"`)
          .type(artifactType(artifact.path))
        const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
        if (ifNoneMatch?.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*'))
          return reply.code(304).send()
        const wanted = ifRange !== undefined && ifRange !== etag ? 'whole' : rangeOf(range, artifact.bytes)
        if (wanted === 'none')
          return reply.code(416).header('content-range', `bytes */${artifact.bytes}`).type('text/plain').send('')
        const [first, end] = wanted === 'whole' ? [0, artifact.bytes] : [wanted.first, wanted.end]
        if (wanted !== 'whole') reply.code(206).header('content-range', `bytes ${first}-${end - 1}/${artifact.bytes}`)
        const read = readerOf(job, artifact)
        // Before the head is sent: what cannot be read is answered as what it is.
        const piece = await read(first, Math.min(PIECE_BYTES, end - first))
        if (piece === null) throw gone(job, artifact, 'it is no longer on the cluster')
        if (piece.sizeBytes !== artifact.bytes)
          throw gone(job, artifact, `it has ${piece.sizeBytes} bytes now and had ${artifact.bytes}`)
        reply.header('content-length', end - first)
        // An empty stream leaves the length as it is said.
        if (request.method === 'HEAD') return reply.send(Readable.from([]))
        return reply.send(
          Readable.from(bytesOf(piece.bytes, first, end, read, goneSignal(reply)), { objectMode: false }),
        )
      },
    )

    function readerOf(job: JobRecord, artifact: Artifact) {
      const workDir = clusters.find(cluster => cluster.name === job.cluster)?.workDir
      const run = job.runs.findLast(({ ending }) => ending === 'completed') ?? job.runs.at(-1)
      if (workDir === undefined)
        throw new ProblemError('cluster-unreachable', `Cluster ${job.cluster} is no longer configured.`)
      if (run === undefined) throw notFound(job, artifact.path)
      const directory = runOf(jobDirectoryOf(workDir, job.identity.unixUser, job.id), run.run)
      const path = `${directory}/${RUN_FILES.artifacts}/${artifact.path}`
      return (offset: number, lengthBytes: number) =>
        owner.readAt(job.cluster, { identity: job.identity.name, path, offset, lengthBytes })
    }
  }

type Read = (offset: number, lengthBytes: number) => Promise<{ bytes: Uint8Array } | null>

/** Asked for more only when the client has taken what there was. A piece that does not come ends the connection: the length was promised. */
async function* bytesOf(
  piece: Uint8Array,
  first: number,
  end: number,
  read: Read,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (piece.length > 0) yield piece
  for (let at = first + piece.length; at < end && !signal.aborted; ) {
    const next = await read(at, Math.min(PIECE_BYTES, end - at))
    if (next === null || next.bytes.length === 0) throw new Error('the artifact ended before its length')
    yield next.bytes
    at += next.bytes.length
  }
}

const artifactsOf = (job: JobRecord): Artifact[] => job.result?.artifacts ?? []

function notFound(job: JobRecord, path: string): ProblemError {
  const names = artifactsOf(job).map(artifact => artifact.path)
  const has =
    names.length > 0
      ? `it has ${names.join(', ')}`
      : job.result === null
        ? `it is ${job.state} and has no result yet`
        : 'its training left none'
  return new ProblemError('artifact-not-found', `Job ${job.id} has no artifact ${JSON.stringify(path)}: ${has}.`)
}

const gone = (job: JobRecord, { path }: Artifact, why: string): ProblemError =>
  new ProblemError('artifact-not-found', `Artifact ${path} of job ${job.id} cannot be had as it was: ${why}.`)
