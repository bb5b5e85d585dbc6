// /v1/clusters: what they offer, how they feel and what we cost them, for everybody; pause, resume and looks at their nodes, for
// operators. Answered from the store; nothing here waits for a cluster.
import { Cluster, ClusterPage, PauseRequest, ProbeRequest } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ClusterSettings } from '../config.ts'
import type { Asked } from '../store/probes.ts'
import { authorizeOperator } from './auth.ts'
import { clusterViews } from './cluster-view.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { NoQuery } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

/** Any text: a name that does not fit the alphabet is the name of no cluster. */
const ClusterParams = z.strictObject({ name: z.string() })

export const clusterRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { clusters, facts, pauses, probes } = services
    const view = clusterViews(services)

    app.get(
      '/v1/clusters',
      {
        schema: { summary: 'List clusters', tags: ['clusters'], querystring: NoQuery, response: { 200: ClusterPage } },
      },
      async () => {
        const all = await Promise.all(clusters.map(view))
        const items = all.map(({ name, health, paused, facts: seen, jobs: counts }) => ({
          name,
          ok: health.ok,
          code: health.code,
          paused: paused !== null,
          slurmVersion: seen?.slurmVersion ?? null,
          partitions: seen?.partitions.map(partition => partition.name) ?? [],
          jobs: counts,
        }))
        return { items, nextCursor: null }
      },
    )

    app.get(
      '/v1/clusters/:name',
      {
        schema: {
          summary: 'Show a cluster: partitions, health, ceilings, footprint',
          tags: ['clusters'],
          params: ClusterParams,
          querystring: NoQuery,
          response: { 200: Cluster },
        },
      },
      async request => view(clusterNamed(request.params.name)),
    )

    app.post(
      '/v1/clusters/:name/pause',
      {
        schema: {
          summary: 'Accept jobs and submit none',
          tags: ['clusters'],
          headers: IdempotencyHeaders,
          params: ClusterParams,
          querystring: NoQuery,
          // A pause without a body has no reason to give.
          body: PauseRequest.nullish(),
          response: { 200: Cluster },
        },
      },
      async request => {
        const { principal, params, body } = request
        authorizeOperator(principal, 'pause a cluster')
        const cluster = clusterNamed(params.name)
        const why = body?.why ?? ''
        const since = services.now().toISOString()
        const idempotency = idempotencyOf(request.headers, principal, ['POST pause', cluster.name, why])
        const changed = await pauses.pause(cluster.name, { by: principal.owner.id, since, why }, idempotency)
        if (changed) request.log.info({ cluster: cluster.name, by: principal.owner.id, why }, 'paused')
        return view(cluster)
      },
    )

    app.post(
      '/v1/clusters/:name/resume',
      {
        schema: {
          summary: 'Submit again',
          tags: ['clusters'],
          headers: IdempotencyHeaders,
          params: ClusterParams,
          querystring: NoQuery,
          response: { 200: Cluster },
        },
      },
      async request => {
        const { principal, params } = request
        authorizeOperator(principal, 'resume a cluster')
        const cluster = clusterNamed(params.name)
        const idempotency = idempotencyOf(request.headers, principal, ['POST resume', cluster.name])
        // Whoever owns the cluster sees it within a second. A hand in the records of those that wait would only cross with its own, and
        // who loses that race falls out of the order of acceptance.
        if (await pauses.resume(cluster.name, idempotency))
          request.log.info({ cluster: cluster.name, by: principal.owner.id }, 'resumed')
        return view(cluster)
      },
    )

    app.post(
      '/v1/clusters/:name/probe',
      {
        schema: {
          summary: 'Look at a node of each kind, by a short Slurm job',
          tags: ['clusters'],
          headers: IdempotencyHeaders,
          params: ClusterParams,
          querystring: NoQuery,
          // Without a body all partitions are meant.
          body: ProbeRequest.nullish(),
          response: { 202: Cluster },
        },
      },
      async (request, reply) => {
        const { principal, params, body } = request
        authorizeOperator(principal, 'have nodes looked at')
        const cluster = clusterNamed(params.name)
        const wanted = body?.partition ?? null
        const kinds = await kindsToLookAt(cluster, wanted)
        const idempotency = idempotencyOf(request.headers, principal, ['POST probe', cluster.name, wanted])
        const who = { by: principal.owner.id, at: services.now().toISOString() }
        await probes.ask(cluster.name, kinds, who, idempotency)
        request.log.info({ cluster: cluster.name, by: who.by, partition: wanted, kinds: kinds.length }, 'probe asked')
        return reply.code(202).send(await view(cluster))
      },
    )

    async function kindsToLookAt(
      { name, partitions: named }: ClusterSettings,
      wanted: string | null,
    ): Promise<Asked[]> {
      const seen = await facts.readFacts(name)
      if (seen === null)
        throw new ProblemError('cluster-unreachable', `Nobody has seen cluster ${name} yet; ask again in a minute`)
      const offered = seen.partitions.filter(partition => named === undefined || named.includes(partition.name))
      const chosen = offered.filter(partition => wanted === null || partition.name === wanted)
      if (chosen.length === 0) {
        const names = offered.map(partition => partition.name).join(', ')
        throw new ProblemError('request-refused', `Cluster ${name} has no partition ${wanted}; it has ${names}`, [
          { pointer: '/partition', detail: `There is no partition ${wanted}`, required: names, found: wanted ?? '' },
        ])
      }
      const kinds = new Set(chosen.flatMap(partition => partition.nodeKinds.map(kind => kind.id)))
      return [...kinds].map(kind => ({ kind, partition: wanted }))
    }

    function clusterNamed(name: string): ClusterSettings {
      const found = clusters.find(cluster => cluster.name === name)
      if (found) return found
      throw new ProblemError('cluster-not-found', `There is no cluster ${JSON.stringify(name.slice(0, 64))} here`)
    }
  }
