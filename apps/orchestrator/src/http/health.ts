// Alive, and ready or what is not. No token is needed: load balancers ask here.
import { Readiness, type ReadinessCheck } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pauseInWords } from '../clusters/paused.ts'
import { isCoded } from '../errors.ts'
import type { Services } from './services.ts'

export const healthRoutes =
  ({ clusters, facts, pauses, storeGaps, storeMemory }: Services): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/healthz',
      {
        schema: { summary: 'Alive', tags: ['health'], response: { 200: z.strictObject({ status: z.literal('ok') }) } },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/readyz',
      { schema: { summary: 'Ready, or what is not', tags: ['health'], response: { 200: Readiness, 503: Readiness } } },
      async (_request, reply) => {
        const names = clusters.map(cluster => cluster.name)
        const found = await Promise.all([storeCheck(), ...names.map(clusterCheck), ...names.map(pauseNote)])
        const checks = found.filter(check => check !== null)
        const ready = checks.every(check => check.ok)
        return reply.code(ready ? 200 : 503).send({ ready, checks })
      },
    )

    async function storeCheck(): Promise<z.infer<typeof ReadinessCheck>> {
      try {
        const [gaps, memory] = await Promise.all([storeGaps(), storeMemory()])
        const said =
          gaps.length === 0
            ? { ok: true, code: 'ok', detail: 'Redis answers and keeps what it acknowledges' }
            : { ok: false, code: 'STORE_NOT_DURABLE', detail: `Redis may lose acknowledged jobs: ${gaps.join('; ')}` }
        return { name: 'store', ...said, ...(memory === null ? {} : { memory }) }
      } catch (error) {
        return { name: 'store', ok: false, ...told(error) }
      }
    }

    /** For information: a pause is somebody's wish and nothing that is broken. */
    async function pauseNote(cluster: string): Promise<z.infer<typeof ReadinessCheck> | null> {
      const paused = await pauses.read(cluster).catch(() => null)
      if (paused === null) return null
      const detail = `Cluster ${cluster}: ${pauseInWords(paused)}; nothing is submitted`
      return { name: `cluster:${cluster}:pause`, ok: true, code: 'CLUSTER_PAUSED', detail }
    }

    async function clusterCheck(cluster: string): Promise<z.infer<typeof ReadinessCheck>> {
      const name = `cluster:${cluster}`
      try {
        const health = await facts.readHealth(cluster)
        if (health === null) return { name, ok: false, ...unattended(cluster) }
        return {
          name,
          ok: health.ok,
          code: health.code,
          detail: health.ok ? health.detail : `Cluster ${cluster}: ${health.detail}`,
        }
      } catch (error) {
        return { name, ok: false, ...told(error) }
      }
    }
  }

const told = (error: unknown): { code: string; detail: string } =>
  isCoded(error)
    ? { code: error.code, detail: error.message }
    : { code: 'BUG', detail: 'An unexpected fault; the log has it' }

/** Said where the owner of a cluster fell silent. */
export const unattended = (cluster: string): { code: string; detail: string } => ({
  code: 'CLUSTER_UNATTENDED',
  detail: `No process owns cluster ${cluster} now; one takes over within 20 s`,
})
