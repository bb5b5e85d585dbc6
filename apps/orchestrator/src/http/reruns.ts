// Doing a job again, from its record or from a bundle, and the bundle itself. rerun-present.ts looks what there is; lifecycle/rerun.ts decides.
import { BundleRerunRequest, isTerminal, Job, RerunRequest } from '@trotline/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { isCoded } from '../errors.ts'
import type { Principal } from '../lifecycle/accept.ts'
import { bundleArchive, bundleOf, type LockTexts } from '../lifecycle/bundle.ts'
import { rerun } from '../lifecycle/rerun.ts'
import { type Original, originalOf, originalOfBundle } from '../lifecycle/rerun-original.ts'
import { unpackedLock } from '../store/environments.ts'
import type { Idempotency } from '../store/job-store.ts'
import { authorize } from './auth.ts'
import { lockOfBundle } from './bundle-lock.ts'
import { createJob } from './create-job.ts'
import { goneSignal } from './gone-signal.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { readLocksOfBodies } from './lock-body.ts'
import { JobParams, NoQuery } from './parameters.ts'
import { ProblemError } from './problems.ts'
import { presentOf } from './rerun-present.ts'
import type { Services } from './services.ts'

/** A lock of 5,000 packages has 2 MB. */
const BUNDLE_BODY_BYTES = 16_777_216

export const rerunRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, environments, resolver, lockDesk } = services

    app.post(
      '/v1/jobs/:id/rerun',
      {
        schema: {
          summary: 'Run a job again: same lock, code, data and seed, or what of them cannot be had',
          tags: ['jobs'],
          headers: IdempotencyHeaders,
          params: JobParams,
          querystring: NoQuery,
          body: RerunRequest,
          response: { 202: Job },
        },
      },
      async (request, reply) => {
        const { principal, body } = request
        const { id } = request.params
        const idempotency = idempotencyOf(request.headers, principal, ['POST rerun', id, body])
        if (await replayed(idempotency, reply)) return reply
        const job = await jobs.read(id)
        authorize(principal, 'read', job)
        return again(originalOf(job), body, { request, reply, principal, idempotency })
      },
    )

    await app.register(async scope => {
      readLocksOfBodies(scope, BUNDLE_BODY_BYTES, lockDesk.openBundle)
      ;(scope as typeof app).post(
        '/v1/reruns',
        {
          bodyLimit: BUNDLE_BODY_BYTES,
          schema: {
            summary: 'Run the job of a bundle again, from wherever it comes',
            tags: ['jobs'],
            headers: IdempotencyHeaders,
            querystring: NoQuery,
            body: BundleRerunRequest,
            response: { 202: Job },
          },
        },
        async (request, reply) => {
          const { principal } = request
          const { bundle, ...wish } = request.body
          const read = request.lockRead
          const subject = ['POST /v1/reruns', request.body, read?.ok ? read.lock.id : null]
          const idempotency = idempotencyOf(request.headers, principal, subject)
          if (await replayed(idempotency, reply)) return reply
          const lock = lockOfBundle(bundle, read)
          const asking = { by: principal.owner.id, at: services.now().toISOString() }
          if (lock !== null) await resolver.keep(await resolver.given(lock, [], asking))
          const original = originalOfBundle(bundle, lock?.id ?? null, !(await isKeptHere(bundle.job, principal)))
          return again(original, wish, { request, reply, principal, idempotency })
        },
      )
    })

    app.get(
      '/v1/jobs/:id/bundle',
      {
        schema: {
          summary: 'All that made a job what it was, as one archive (tar, gzip)',
          tags: ['jobs'],
          params: JobParams,
          querystring: NoQuery,
        },
      },
      async (request, reply) => {
        const job = await jobs.read(request.params.id)
        authorize(request.principal, 'read', job)
        const lock = job.environment && (await lockTexts(job.environment.lock))
        if (job.environment !== null && lock === null)
          throw new ProblemError(
            'environment-not-found',
            `The lock ${job.environment.lock} of job ${job.id} is not kept any more, and without it the bundle would repeat another job.`,
          )
        const archive = await bundleArchive(bundleOf(job, null), lock)
        return (
          reply
            .type('application/gzip')
            .header('content-disposition', `attachment; filename="trotline-${job.id}.tgz"`)
            // Of one that goes on the next may be another.
            .header('cache-control', isTerminal(job.state) ? 'private, max-age=3600' : 'no-store')
            .send(archive)
        )
      },
    )

    /** null: it is not kept any more. */
    async function lockTexts(id: string): Promise<LockTexts | null> {
      const packed = await environments.packed(id)
      if (packed === null) return null
      const canonical = await unpackedLock(packed)
      return { canonical, explicit: (await lockDesk.write({ id, canonical }, 'explicit')).text }
    }

    /** The key was used before: its job is the answer, whatever has changed since. */
    async function replayed(idempotency: Idempotency | null, reply: FastifyReply): Promise<boolean> {
      const known = idempotency && (await jobs.idempotent(idempotency))
      if (known === null) return false
      reply.header('idempotency-replayed', 'true')
      answer(await jobs.view(known), reply)
      return true
    }

    const answer = (job: Job, reply: FastifyReply): FastifyReply =>
      reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job)

    interface Asked {
      request: FastifyRequest
      reply: FastifyReply
      principal: Principal
      idempotency: Idempotency | null
    }

    async function again(original: Original, wish: RerunRequest, asked: Asked): Promise<FastifyReply> {
      const { request, reply, principal, idempotency } = asked
      const plan = rerun(original, wish, await presentOf(services, original, wish))
      if (!plan.ok) throw new ProblemError('not-reproducible', sentence(original, plan.findings.length), plan.findings)
      const created = await createJob({
        services,
        request: plan.request,
        principal,
        idempotency,
        dry: false,
        requestId: request.id,
        log: request.log,
        rerunOf: plan.rerunOf,
        notes: plan.notes,
        signal: goneSignal(reply),
      })
      if (created.kind !== 'stored') throw new TypeError('a rerun is not tried dry')
      if (created.replayed) reply.header('idempotency-replayed', 'true')
      return answer(created.job, reply)
    }

    async function isKeptHere(id: string, principal: Principal): Promise<boolean> {
      try {
        authorize(principal, 'read', await jobs.read(id))
        return true
      } catch (error) {
        const isAbsent = error instanceof ProblemError || (isCoded(error) && error.code === 'JOB_NOT_FOUND')
        if (isAbsent) return false
        throw error
      }
    }
  }

const sentence = ({ job }: Original, count: number): string =>
  `${count === 1 ? 'One thing' : `${count} things`} that job ${job} had cannot be had; nothing was stored.`
