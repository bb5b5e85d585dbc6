// /v1/jobs: submit, dry run, list, show, cancel, release, script. Answered from the store; nothing here waits for a cluster, but
// for the first sight of one.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ClusterName,
  DryRun,
  expandedOf,
  isTerminal,
  Job,
  type JobEvent,
  JobName,
  JobPage,
  JobRequest,
  JobState,
  OwnerId,
  summaryOf,
} from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { jobDirectoryOf, releaseOf, slurmNameOf } from '../clusters/layout.ts'
import { releaseFor } from '../clusters/release.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import {
  type Accepted,
  type AcceptInput,
  accept,
  newReportKey,
  type Principal,
  type Refusal,
} from '../lifecycle/accept.ts'
import { forced, mayForce } from '../lifecycle/force.ts'
import { keptOf, reportKept } from '../lifecycle/job-report.ts'
import { cancelRequested, type Move, presentOf, released } from '../lifecycle/machine.ts'
import { renderScript } from '../lifecycle/script.ts'
import { type Idempotency, isCursor, viewOfNew } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import { type Action, authorize, authorizeOperator } from './auth.ts'
import { leaveCancelledMark } from './cancelled-mark.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { JobParams, NoQuery } from './parameters.ts'
import { type Judged, ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { type AskStore, createStoreTime } from './store-time.ts'

const CancelQuery = z.strictObject({
  /** Ends a job that cannot be concluded; operators only. */
  force: z.enum(['true', 'false']).default('false'),
})
const SubmitQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') })

/** An owner sees its cluster within a second of its start. */
const FIRST_SIGHT_MS = 3_000
const LOOK_AGAIN_MS = 100

export const jobRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, facts, nudges, crash, clusters, compatibility, settings } = services
    const ListQuery = z.strictObject({
      state: JobState.optional(),
      cluster: ClusterName.optional(),
      owner: OwnerId.optional(),
      name: JobName.optional(),
      limit: z.coerce.number().int().min(1).max(settings.limits.listPage).default(50),
      cursor: z.string().max(100).refine(isCursor, 'is not a cursor of this list').optional(),
    })

    app.post(
      '/v1/jobs',
      {
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
        const idempotency = idempotencyOf(request.headers, principal, ['POST /v1/jobs', body])
        const dry = request.query.dryRun === 'true'
        const ask = createStoreTime()
        const known = idempotency && !dry ? await ask(() => jobs.idempotent(idempotency)) : null
        if (known !== null) return answer(await ask(() => jobs.view(known)), true)
        const verdict = await judged({ request: body, principal, clusters, compatibility }, ask)
        if (!verdict.accepted) throw refusal(verdict, body)
        const { job, report } = verdict
        if (dry) {
          const notes = job.notes.map(note => note.text)
          return reply.code(200).send({
            request: body,
            expanded: expandedOf(body),
            compatibility: job.compatibility,
            notes,
            script: scriptOf(job),
          })
        }
        crash('accept:before-store')
        const state: JobEvent = {
          type: 'state',
          at: job.createdAt,
          from: null,
          to: 'accepted',
          detail: 'Stored.',
          evidence: [`request ${request.id}`],
        }
        const creating = ask(() =>
          jobs.create(job, [state], { secret: newReportKey(), idempotency, ...reportKept(report) }),
        )
        const stored = await creating.catch(error => {
          throw perhapsStored(error, idempotency !== null)
        })
        crash('accept:after-store')
        request.log.info({ jobId: stored.id, created: stored.created }, 'job accepted')
        if (!stored.created) return answer(await ask(() => jobs.view(stored.id)), true)
        // The job is stored and answered for, whatever becomes of the nudge: the sweep finds it.
        await ask(() => nudges.send(job.cluster, job.id)).catch(() => undefined)
        return answer(viewOfNew(job), false)

        function answer(shown: Job, replayed: boolean) {
          if (replayed) reply.header('idempotency-replayed', 'true')
          return reply.code(202).header('location', `/v1/jobs/${shown.id}`).send(shown)
        }
      },
    )

    app.get(
      '/v1/jobs',
      {
        schema: {
          summary: 'List jobs, newest first',
          tags: ['jobs'],
          querystring: ListQuery,
          response: { 200: JobPage },
        },
      },
      async request => {
        const { limit, cursor, owner, ...filter } = request.query
        const { role, owner: self } = request.principal
        if (role !== 'operator' && owner !== undefined && owner !== self.id) {
          throw new ProblemError('forbidden', 'You see your own jobs only.', [
            { pointer: '?owner', detail: 'owner is not you', found: owner, required: self.id },
          ])
        }
        const mine = role === 'operator' ? owner : self.id
        const page = await jobs.list({ ...filter, owner: mine }, limit, cursor ?? null)
        return { items: page.items.map(summaryOf), nextCursor: page.nextCursor }
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
      async request => {
        const job = await createStoreTime()(() => jobs.view(request.params.id))
        authorize(request.principal, 'read', job)
        return job
      },
    )

    app.delete(
      '/v1/jobs/:id',
      {
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
        const ask = createStoreTime()
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
        const ask = createStoreTime()
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

    /** Waits for the first sight of a cluster: what nobody knows of cannot be judged, and what was not judged is not stored. */
    async function judged(input: Omit<AcceptInput, 'facts' | 'at'>, ask: AskStore): Promise<Accepted> {
      const { cluster } = input.request
      const endMs = performance.now() + FIRST_SIGHT_MS
      for (;;) {
        const seen = await ask(() => facts.readFacts(cluster))
        const verdict = accept({ ...input, facts: seen, at: services.now().toISOString() })
        if (verdict.accepted || !verdict.unseen) return verdict
        if (performance.now() > endMs) {
          const detail = `Cluster ${cluster} was never seen, so nobody knows its partitions: nothing was stored. /readyz says what keeps it away; send the request again later.`
          throw new ProblemError('cluster-unreachable', detail)
        }
        await sleep(LOOK_AGAIN_MS)
      }
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

    function scriptOf(job: JobRecord): string {
      const cluster = clusters.find(candidate => candidate.name === job.cluster)
      if (!cluster) throw new TypeError(`accepted a job for the unknown cluster ${job.cluster}`)
      const { workDir, node, prologue } = cluster
      const { timeLimitMinutes, warnSeconds } = presentOf(job)
      return renderScript({
        request: job.request,
        slurmName: slurmNameOf(job.id, job.submission),
        submission: job.submission,
        jobDirectory: jobDirectoryOf(workDir, job.identity.unixUser, job.id),
        releaseDirectory: releaseOf(workDir, releaseFor(job.request, services.releases).id),
        node,
        prologue,
        timeLimitMinutes,
        warnSeconds,
      })
    }
  }

/** The write may be done after its answer was given up. */
function perhapsStored(error: unknown, keyed: boolean): unknown {
  if (!isCoded(error) || error.code !== 'STORE_UNREACHABLE') return error
  const next = keyed
    ? 'send the request again with the same Idempotency-Key, and there will be one job'
    : 'look at GET /v1/jobs before you send the request again; with an Idempotency-Key it would be safe to repeat'
  const detail = `${error.message}. Whether the job was stored is not known: ${next}.`
  return new OrchestratorError('STORE_UNREACHABLE', detail, { cause: error })
}

function refusal({ problem, findings, report }: Refusal, { cluster, resources }: JobRequest): ProblemError {
  const judged: Judged = report === null ? {} : { compatibility: keptOf(report) }
  if (report !== null && report.nearest.length > 0) judged.nearest = report.nearest
  const where = `${cluster} / ${resources.partition}`
  const fields = findings.length === 1 ? 'One field keeps' : `${findings.length} fields keep`
  const details = {
    incompatible: `It cannot run on ${where}. ${report?.detail ?? ''} Nothing was stored.`,
    'compatibility-unknown': `Nobody can tell whether it runs on ${where}, and this cluster takes no such jobs. ${report?.detail ?? ''} Nothing was stored.`,
    'request-refused': `${fields} it from running; nothing was stored.`,
  }
  return new ProblemError(problem, details[problem], findings, judged)
}
