// /v1/jobs/{id}/why. Answered from the record; only a job that waits in Slurm makes a question, and the owner asks it for all
// who ask (streams/queue-looks.ts). Where the cluster cannot be asked the answer comes all the same and says so.
import { isTerminal, Why } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { isCoded } from '../errors.ts'
import { whyOf } from '../lifecycle/why.ts'
import type { WhyInput } from '../lifecycle/why-input.ts'
import type { JobRecord } from '../store/record.ts'
import { authorize } from './auth.ts'
import { JobParams, NoQuery } from './parameters.ts'
import type { Services } from './services.ts'

/** Enough to find the last epochs and the ending. */
const EVENTS_READ = 200

export const whyRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, epochs, owner, pauses, materialisations } = services
    app.get(
      '/v1/jobs/:id/why',
      {
        schema: {
          summary: 'Why a job is where it is, in words',
          tags: ['jobs'],
          params: JobParams,
          querystring: NoQuery,
          response: { 200: Why },
        },
      },
      async request => {
        const { id } = request.params
        const job = await jobs.read(id)
        authorize(request.principal, 'read', job)
        const [progress, seq, paused, look, environment] = await Promise.all([
          epochs.progress(job),
          jobs.lastSeq(id),
          pauses.read(job.cluster),
          lookAt(job),
          job.environment && !isTerminal(job.state)
            ? materialisations.stateOn(job.cluster, job.environment.lock)
            : null,
        ])
        const { events } = await jobs.eventsAfter(id, Math.max(0, seq - EVENTS_READ), EVENTS_READ)
        const nowMs = services.now().getTime()
        return whyOf({ job, progress, events: events.map(({ event }) => event), paused, look, environment, nowMs })
      },
    )

    async function lookAt(job: JobRecord): Promise<WhyInput['look']> {
      if (job.state !== 'pending' || job.slurm === null) return null
      const { partition } = job.request.resources
      const name = job.slurm.name
      try {
        const { askedAt, jobs: waiting } = await owner.queue(job.cluster, { identity: job.identity.name, partition })
        return { askedAt, job: waiting.find(one => one.name === name) ?? null }
      } catch (error) {
        if (!isCoded(error) || error.code === 'STORE_UNREACHABLE') throw error
        return { couldNotAsk: error.message }
      }
    }
  }
