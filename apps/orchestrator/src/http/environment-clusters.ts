// /v1/environments/{id}/clusters/{cluster}: have an environment made there, see how far it is, cancel or remove it, have it looked at;
// and, of a whole cluster, remove what nobody used for long. A request leaves a wish; the cluster's owner sees to it.
import { ClusterName, Collection, Materialisation } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ClusterSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import type { Principal } from '../lifecycle/accept.ts'
import { unmakeable } from '../lifecycle/environment-makeable.ts'
import type { Idempotency } from '../store/job-store.ts'
import { authorizeOperator } from './auth.ts'
import { OnClusterParams } from './environment-parameters.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { NoQuery } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

const CollectParams = z.strictObject({ name: z.string() })
const CollectRequest = z
  .strictObject({
    /** Of those that no job used for so many days; default: as the cluster is configured. */
    unusedDays: z.number().min(0).max(36_500).optional(),
    dryRun: z.boolean().default(false),
  })
  .meta({ id: 'CollectRequest' })

export const environmentClusterRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { environments, materialisations, resolver, clusters, settings } = services
    const path = '/v1/environments/:id/clusters/:cluster'
    const shared = { tags: ['environments'], params: OnClusterParams, querystring: NoQuery }

    app.post(
      path,
      {
        schema: {
          ...shared,
          summary: 'Have the environment made on a cluster',
          headers: IdempotencyHeaders,
          response: { 202: Materialisation },
        },
      },
      async (request, reply) => {
        const { principal, params } = request
        const cluster = clusterFor(principal, params.cluster)
        const { id, lock } = await resolver.kept(params.id)
        const findings = unmakeable(lock, cluster, settings.environments)
        if (findings.length > 0) throw new ProblemError('request-refused', `${findings[0]?.detail}.`, findings)
        const want = () => materialisations.wantOn(cluster.name, id, principal.owner.id)
        const key = idempotencyOf(request.headers, principal, ['POST make', cluster.name, id])
        return reply.code(202).send(await once(key, cluster.name, id, want))
      },
    )

    app.get(
      path,
      { schema: { ...shared, summary: 'How it is made there', response: { 200: Materialisation } } },
      async request => {
        const cluster = clusterNamed(request.params.cluster)
        const { id } = await resolver.find(request.params.id)
        return stateOn(cluster.name, id)
      },
    )

    app.delete(
      path,
      { schema: { ...shared, summary: 'Cancel its making, or remove it there', response: { 202: Materialisation } } },
      async (request, reply) => {
        const { principal, params } = request
        const cluster = clusterFor(principal, params.cluster)
        const { id } = await resolver.find(params.id)
        const record = await environments.record(id)
        // It is shared: whoever brought it and operators take it away.
        if (record?.createdBy !== principal.owner.id) authorizeOperator(principal, 'remove an environment of others')
        return reply.code(202).send(await materialisations.cancelOrRemoveOn(cluster.name, id, principal.owner.id))
      },
    )

    app.post(
      `${path}/verify`,
      {
        schema: {
          ...shared,
          summary: 'Look at every byte of it there',
          headers: IdempotencyHeaders,
          response: { 202: Materialisation },
        },
      },
      async (request, reply) => {
        const { principal, params } = request
        const cluster = clusterFor(principal, params.cluster)
        const { id } = await resolver.find(params.id)
        const key = idempotencyOf(request.headers, principal, ['POST verify', cluster.name, id])
        const verify = () => materialisations.verifyOn(cluster.name, id, principal.owner.id)
        return reply.code(202).send(await once(key, cluster.name, id, verify))
      },
    )

    app.post(
      '/v1/clusters/:name/environments/collect',
      {
        schema: {
          summary: 'Remove the environments that no job used for long, or tell which these are',
          tags: ['environments', 'clusters'],
          params: CollectParams,
          querystring: NoQuery,
          headers: IdempotencyHeaders,
          body: CollectRequest.nullish(),
          response: { 200: Collection },
        },
      },
      async request => {
        const { principal, params, body } = request
        authorizeOperator(principal, 'remove unused environments')
        const cluster = clusterNamed(params.name)
        const { dryRun = false, unusedDays = cluster.environments.collect.unusedDays } = body ?? {}
        const key = idempotencyOf(request.headers, principal, ['POST collect', cluster.name, unusedDays, dryRun])
        // Asked for again it tells what is left to collect, and collects nothing.
        const known = key !== null && (await environments.idempotent(key)) !== null
        const wish = { unusedDays, dryRun: dryRun || known }
        const collection = await materialisations.collectOn(cluster.name, wish, principal.owner.id)
        if (key !== null) await environments.noteKey(key, cluster.name)
        request.log.info({ cluster: cluster.name, ...wish, environments: collection.items.length }, 'collected')
        return collection
      },
    )

    /** The same key sent again is answered with how it stands. */
    async function once(
      key: Idempotency | null,
      cluster: string,
      lock: string,
      act: () => Promise<Materialisation>,
    ): Promise<Materialisation> {
      if (key !== null && (await environments.idempotent(key)) !== null) return stateOn(cluster, lock)
      const answer = await act()
      if (key !== null) await environments.noteKey(key, `${cluster}/${lock}`)
      return answer
    }

    async function stateOn(cluster: string, lock: string): Promise<Materialisation> {
      const found = await materialisations.stateOn(cluster, lock)
      if (found !== null) return found
      const detail = `Environment ${lock.slice(0, 12)} was never asked for on cluster ${cluster}: POST makes it there.`
      throw new OrchestratorError('ENVIRONMENT_NOT_MADE', detail)
    }

    function clusterNamed(name: string): ClusterSettings {
      const found = ClusterName.safeParse(name).success ? clusters.find(cluster => cluster.name === name) : undefined
      if (found) return found
      const names = clusters.map(cluster => cluster.name).join(', ')
      throw new ProblemError('cluster-not-found', `There is no cluster "${name}" here; there is ${names}.`)
    }

    /** Making costs the cluster: whoever may not send jobs there may not have anything made. */
    function clusterFor(principal: Principal, name: string): ClusterSettings {
      const cluster = clusterNamed(name)
      if (principal.role === 'operator' || cluster.identities.some(one => one.name === principal.identity))
        return cluster
      throw new ProblemError('forbidden', `You have no account on cluster ${name} (identity "${principal.identity}").`)
    }
  }
