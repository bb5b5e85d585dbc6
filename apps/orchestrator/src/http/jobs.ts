// /v1/jobs: submit, dry run, list, show, cancel, release, script. Answered from the store; nothing here waits for a cluster, but
// for the first sight of one, and for the solve of an environment that was given as a spec.
import {
  ClusterName,
  DryRun,
  isTerminal,
  Job,
  JobCounts,
  JobName,
  JobPage,
  JobRequest,
  JobState,
  MAX_LABELS,
  OwnerId,
  Timestamp,
} from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isCoded, OrchestratorError } from '../errors.ts'
import type { Principal } from '../lifecycle/accept.ts'
import { forced, mayForce } from '../lifecycle/force.ts'
import { cancelRequested, type Move, released } from '../lifecycle/machine.ts'
import { isCursor } from '../store/job-list.ts'
import type { Idempotency } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import { asItIs, sendText } from './as-it-is.ts'
import { type Action, authorize, authorizeOperator } from './auth.ts'
import { leaveCancelledMark } from './cancelled-mark.ts'
import { createJob, type JobToCreate } from './create-job.ts'
import { goneSignal } from './gone-signal.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { JobParams, NoQuery, repeated } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

const CancelQuery = z.strictObject({
  /** Ends a job that cannot be concluded; operators only. */
  force: z.enum(['true', 'false']).default('false'),
})
/** `team=crabs`, of the alphabets of contracts' LabelKey and LabelValue. */
const Label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}=[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a label: write key=value')
const SubmitQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') })

export const jobRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, nudges, settings, storeTime } = services
    const ListQuery = z.strictObject({
      state: JobState.optional(),
      cluster: ClusterName.optional(),
      owner: OwnerId.optional(),
      name: JobName.optional(),
      /** Repeatable: jobs with all of them. */
      label: z.array(Label).max(MAX_LABELS).optional(),
      /** Made then or after. */
      since: Timestamp.optional(),
      /** Only those that wait for a person's decision. */
      held: z.literal('true').optional(),
      limit: z.coerce.number().int().min(1).max(settings.limits.listPage).default(50),
      cursor: z.string().max(100).refine(isCursor, 'is not a cursor of this list').optional(),
    })

    app.post(
      '/v1/jobs',
      {
        serializerCompiler: asItIs,
        schema: {
          summary: 'Submit a training job, or try it dry',
          tags: ['jobs'],
          headers: IdempotencyHeaders,
          querystring: SubmitQuery,
          body: JobRequest,
          response: { 202: Job, 200: DryRun },
        },
      },
      async (request, reply) => {
        const { principal, body } = request
        const dry = request.query.dryRun === 'true'
        const subject = [dry ? 'POST /v1/jobs, dry' : 'POST /v1/jobs', body]
        const idempotency = idempotencyOf(request.headers, principal, subject)
        const asked = {
          ...{ services, request: body, principal, idempotency, dry },
          ...{ requestId: request.id, log: request.log, signal: goneSignal(reply) },
        }
        if (dry) {
          const { answer, replayed } = await services.answers.once(idempotency, () => tryDry(asked))
          if (replayed) reply.header('idempotency-replayed', 'true')
          return reply.code(200).send(answer)
        }
        const created = await createJob(asked)
        if (created.kind === 'dry') throw new TypeError('a submission was tried dry')
        if (created.replayed) reply.header('idempotency-replayed', 'true')
        return reply.code(202).header('location', `/v1/jobs/${created.job.id}`).send(created.job)
      },
    )

    const CountsQuery = ListQuery.pick({ owner: true, since: true })

    app.get(
      '/v1/jobs',
      {
        preValidation: repeated('label'),
        schema: {
          summary: 'List jobs, newest first; a page may be short, or empty, and go on at its cursor',
          tags: ['jobs'],
          querystring: ListQuery,
          response: { 200: JobPage },
        },
      },
      async (request, reply) => {
        const { limit, cursor, owner, label = [], since, held, ...filter } = request.query
        const labels = label.map(text => text.split('=') as [string, string])
        const text = await jobs.listText(
          { ...filter, owner: whose(request.principal, owner), labels, sinceMs: msOf(since), held: held && true },
          limit,
          cursor ?? null,
        )
        return sendText(reply, text)
      },
    )

    app.get(
      '/v1/jobs/counts',
      {
        schema: {
          summary: 'How many jobs there are of each state',
          tags: ['jobs'],
          querystring: CountsQuery,
          response: { 200: JobCounts },
        },
      },
      async request => {
        const { owner, since } = request.query
        return jobs.counts({ owner: whose(request.principal, owner), sinceMs: msOf(since) })
      },
    )

    app.get(
      '/v1/jobs/:id',
      {
        schema: {
          summary: 'Show a job',
          tags: ['jobs'],
          params: JobParams,
          querystring: NoQuery,
          response: { 200: Job },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const { owner, text } = await storeTime()(() => jobs.viewText(id))
        authorize(request.principal, 'read', { id, owner })
        return sendText(reply, text)
      },
    )

    app.delete(
      '/v1/jobs/:id',
      {
        serializerCompiler: asItIs,
        schema: {
          summary: 'Cancel a job',
          tags: ['jobs'],
          params: JobParams,
          querystring: CancelQuery,
          response: { 202: Job },
        },
      },
      async (request, reply) => {
        const id = request.params.id
        if (request.query.force === 'true') {
          await force(id, request.principal)
          return reply.code(202).send(await jobs.view(id))
        }
        const ask = storeTime()
        const cancel = (job: JobRecord, at: string): Move | null => {
          if (isTerminal(job.state))
            throw new OrchestratorError('JOB_ENDED', `Job ${id} is ${job.state}; there is nothing to cancel`)
          return job.cancelRequestedAt === null ? cancelRequested(job, at, request.principal.owner.id) : null
        }
        await ask(() => change(id, request.principal, 'cancel', null, cancel))
        return reply.code(202).send(await ask(() => jobs.view(id)))
      },
    )

    app.post(
      '/v1/jobs/:id/release',
      {
        serializerCompiler: asItIs,
        schema: {
          summary: 'Let a held job try its stage again',
          tags: ['jobs'],
          headers: IdempotencyHeaders,
          params: JobParams,
          querystring: NoQuery,
          response: { 202: Job },
        },
      },
      async (request, reply) => {
        const { principal } = request
        const { id } = request.params
        const idempotency = idempotencyOf(request.headers, principal, ['POST release', id])
        const ask = storeTime()
        const known = idempotency ? await ask(() => jobs.idempotent(idempotency)) : null
        const release = (job: JobRecord, at: string): Move => {
          if (job.hold === null) throw new OrchestratorError('JOB_NOT_HELD', `Job ${id} is ${job.state} and not held`)
          return released(job, at, principal.owner.id)
        }
        if (known === null) await ask(() => change(id, principal, 'release', idempotency, release))
        return reply.code(202).send(await ask(() => jobs.view(id)))
      },
    )

    app.get(
      '/v1/jobs/:id/script',
      {
        schema: {
          summary: 'The sbatch script of the latest submission',
          tags: ['jobs'],
          params: JobParams,
          querystring: NoQuery,
        },
      },
      async (request, reply) => {
        const job = await jobs.read(request.params.id)
        authorize(request.principal, 'read', job)
        if (job.inner.script === null) {
          throw new ProblemError(
            'script-not-rendered',
            `Job ${job.id} is ${job.state}; its script is rendered when it is submitted. A dry run shows it before.`,
          )
        }
        return reply.type('text/plain; charset=utf-8').send(job.inner.script)
      },
    )

    /** undefined: everybody's. @throws ProblemError forbidden */
    function whose({ role, owner: self }: Principal, owner: string | undefined): string | undefined {
      if (role === 'operator') return owner
      if (owner === undefined || owner === self.id) return self.id
      throw new ProblemError('forbidden', 'You see your own jobs only.', [
        { pointer: '?owner', detail: 'owner is not you', found: owner, required: self.id },
      ])
    }

    async function force(id: string, principal: Principal): Promise<void> {
      const job = await jobs.read(id)
      authorize(principal, 'cancel', job)
      authorizeOperator(principal, 'end a job by force')
      const may = (found: JobRecord): void =>
        mayForce(found, services.now().getTime(), settings.limits.forceAfterMinutes)
      may(job)
      const mark = await leaveCancelledMark(job, services)
      await change(id, principal, 'cancel', null, (found, at) => {
        may(found)
        return forced(found, at, principal.owner.id, mark)
      })
    }

    const TRIES = 8
    /** Reads, decides and writes, and does so again where the server's own work wrote in between. */
    async function change(
      id: string,
      principal: Principal,
      action: Action,
      idempotency: Idempotency | null,
      decide: (job: JobRecord, at: string) => Move | null,
    ): Promise<void> {
      for (let tries = 1; ; tries++) {
        const job = await jobs.read(id)
        authorize(principal, action, job)
        const move = decide(job, services.now().toISOString())
        if (move === null) return
        try {
          await jobs.commit(job, move.next, move.events, null, idempotency)
          await nudges.send(job.cluster, id)
          return
        } catch (error) {
          if (tries === TRIES || !isCoded(error) || error.code !== 'JOB_STALE_REVISION') throw error
        }
      }
    }
  }

async function tryDry(asked: JobToCreate): Promise<DryRun> {
  const tried = await createJob(asked)
  if (tried.kind === 'stored') throw new TypeError('a dry run was stored')
  return tried.answer
}

const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time))
