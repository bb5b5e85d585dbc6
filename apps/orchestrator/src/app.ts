// Builds the whole server from its settings. The only place that constructs; everything else is handed what it needs.

import { setTimeout as sleep } from 'node:timers/promises'
import { EPOCH_REPORTS_QUEUE } from '@trotline/contracts'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createClusterAccess } from './clusters/access.ts'
import { readReleases } from './clusters/release.ts'
import { readMatrixText, readSecret, type Settings } from './config.ts'
import { createEventStreams } from './http/event-stream.ts'
import { baseUrlOf } from './http/problem-answer.ts'
import { buildServer } from './http/server.ts'
import { createStoreTime } from './http/store-time.ts'
import { createCompatibility } from './lifecycle/compatibility.ts'
import type { Crash } from './lifecycle/crash-points.ts'
import { createEnvironmentResolver } from './lifecycle/environment-resolve.ts'
import { loop } from './lifecycle/loop.ts'
import { createMaterialisations } from './lifecycle/materialisations.ts'
import { createOwner, type Owner } from './lifecycle/owner.ts'
import { createChannels } from './solving/channels/channels.ts'
import { createLockDesk } from './solving/lock-desk.ts'
import { createSolver } from './solving/solver.ts'
import { createAnswers } from './store/answers.ts'
import { createEnvironmentStore } from './store/environments.ts'
import { createEpochStore } from './store/epoch-store.ts'
import { createFactsStore } from './store/facts.ts'
import { createJobStore } from './store/job-store.ts'
import { createKeys } from './store/keys.ts'
import { createLease } from './store/lease.ts'
import { createLiveCounts } from './store/live-counts.ts'
import { createMaterialisationStore } from './store/materialisations.ts'
import { createNameIndex } from './store/name-index.ts'
import { createProbes } from './store/probes.ts'
import {
  connectFailingFast,
  connectWaiting,
  durabilityGaps,
  STORE_PATIENCE,
  type StorePatience,
  storeMemory,
  whenReady,
} from './store/redis.ts'
import { createSharedLimits } from './store/shared-limits.ts'
import { createSightings } from './store/sightings.ts'
import { createWebhookQueue } from './store/webhook-queue.ts'
import { createWebhookStore } from './store/webhooks.ts'
import { createAskOwner } from './streams/ask-owner.ts'
import { createChanges } from './streams/changes.ts'
import { createLogFiles } from './streams/log-files.ts'
import { createNudges } from './streams/nudges.ts'
import { consumeReports } from './streams/reports.ts'
import { CLAIM_MS, createSender, MOST_IN_WINDOW, WEBHOOK_LEASE, WINDOW_MS } from './webhooks/sender.ts'

export interface App {
  http: FastifyInstance
  /** Answers the address it listens on. */
  start(): Promise<string>
  /** Clean stop: no new requests, streams ended, leases released, connections closed. */
  stop(): Promise<void>
  /** Who follows something now: event streams, listeners to changes, and logs that are read for them. Without readers all are 0. */
  following(): { streams: number; readers: number; logs: number }
}

/** How long a start waits for Redis before it gives up. */
const STORE_START_LIMIT_MS = 10_000

/** A server of an older version may run beside this one, and make jobs that stand in no list of their name. */
const NAMES_EVERY_MS = 60_000

/** BullMQ's goodbye waits for a silent Redis however long it takes; a stop does not. What is cut off is delivered again. */
const CONSUMERS_STOP_LIMIT_MS = 3_000

interface Surroundings {
  log: Logger
  crash: Crash
  storePatience?: StorePatience
}

export async function createApp(
  settings: Settings,
  { log, crash, storePatience = STORE_PATIENCE }: Surroundings,
): Promise<App> {
  const releases = await readReleases(settings.worker.releaseDirectory)
  const compatibility = createCompatibility(readMatrixText(settings), settings.compatibility.matrixFile)
  const { prefix } = settings.store
  const redis = connectFailingFast(settings.store, log, storePatience)
  await whenReady(redis, STORE_START_LIMIT_MS).catch(error => {
    redis.disconnect()
    throw error
  })
  for (const gap of await durabilityGaps(redis)) log.error({ gap }, 'Redis may lose acknowledged jobs')

  const keys = createKeys(prefix)
  const { eventsPerJob, idempotencyHours, sseClients, sseStalledSeconds } = settings.limits
  const epochs = createEpochStore({ redis, keys, eventsPerJob })
  const idempotencyMs = idempotencyHours * 3_600_000
  const telling = settings.webhooks.enabled
  const jobs = createJobStore({ redis, keys, epochs, eventsPerJob, idempotencyMs, telling, log })
  const facts = createFactsStore(redis, prefix)
  const probes = createProbes(redis, keys, idempotencyHours * 3_600_000)
  const limits = createSharedLimits(redis, keys, idempotencyHours * 3_600_000)
  const now = (): Date => new Date()

  const environments = createEnvironmentStore(redis, keys, {
    idempotencyMs: idempotencyHours * 3_600_000,
    keptMiBPerOwner: settings.environments.keptMiBPerOwner,
  })
  const channels = createChannels(settings.environments, { log })
  const solver = createSolver(settings.environments, { log, channels })
  const lockDesk = createLockDesk()
  const made = createMaterialisationStore(redis, keys)
  const materialisations = createMaterialisations({
    store: made,
    clusters: settings.clusters,
    namesOf: async lock => (await environments.namesOf([lock]))[0] ?? [],
    now,
  })

  const owners = new Map<string, Owner>(
    settings.clusters.map(cluster => {
      const owner = createOwner({
        cluster,
        connect: settings => createClusterAccess(settings, limits),
        lease: createLease(redis, keys, cluster.name),
        facts,
        sightings: createSightings(redis, keys),
        probes,
        environments: {
          store: made,
          lockOf: async id => (await environments.lock(id))?.lock ?? null,
          channels,
          pipIndex: settings.environments.pipIndex,
        },
        capabilityOf: gpu => compatibility.judge({ gpu }).understood.computeCapability,
        context: { releases, queue: queueAccess(cluster.reports, prefix), jobs, epochs, crash, now },
        log: log.child({ cluster: cluster.name }),
      })
      return [cluster.name, owner]
    }),
  )
  const names = [...owners.keys()]
  const waiting = () => connectWaiting(settings.store, log)
  const changes = await createChanges(waiting(), keys)
  const owner = await createAskOwner({
    publisher: redis,
    subscriber: waiting(),
    keys,
    clusters: names,
    own: name => owners.get(name)?.accessIfOwned() ?? null,
  })
  const queueConnections = [waiting(), waiting()] as const
  const nudges = createNudges({
    sending: redis,
    receiving: () => queueConnections[0],
    prefix,
    clusters: names,
    onNudge: (name, jobId) => owners.get(name)?.nudge(jobId),
    takeHere(name, jobId) {
      const owner = owners.get(name)
      if (!owner?.accessIfOwned()) return false
      owner.nudge(jobId)
      return true
    },
    log,
  })
  // What is reported waits for a store that is slow or away, where a request is refused: the queue keeps it until then.
  const patient = { redis: queueConnections[1], keys, eventsPerJob, idempotencyMs: idempotencyHours * 3_600_000 }
  const reported = createEpochStore(patient)
  const reports = consumeReports({
    connection: queueConnections[1],
    prefix,
    jobs: createJobStore({ ...patient, epochs: reported, telling }),
    epochs: reported,
    log,
  })
  const streams = createEventStreams(sseClients, sseStalledSeconds * 1_000)
  const logFiles = createLogFiles()
  const webhooks = createWebhookStore(redis, keys, idempotencyMs)
  const webhookLease = createLease(redis, keys, WEBHOOK_LEASE)
  const sender = createSender({
    store: webhooks,
    queue: createWebhookQueue(redis, keys, keys.lease(WEBHOOK_LEASE), () => webhookLease.value, {
      mostOpen: settings.webhooks.openPerWebhook,
      mostOpenBytes: settings.webhooks.openBytesPerWebhook,
      windowMs: WINDOW_MS,
      mostInWindow: MOST_IN_WINDOW,
      claimMs: CLAIM_MS,
    }),
    lease: webhookLease,
    jobs,
    settings: settings.webhooks,
    voices: voicesOf(settings.tokens),
    pages: baseUrlOf(settings),
    now,
    log,
  })
  const http = await buildServer(
    {
      settings,
      clusters: settings.clusters,
      releases,
      compatibility,
      answers: createAnswers(redis, keys, idempotencyHours * 3_600_000),
      jobs,
      epochs,
      facts,
      probes,
      pauses: limits.pauses,
      liveCounts: createLiveCounts(redis, keys),
      environments,
      resolver: createEnvironmentResolver({
        store: environments,
        solver,
        desk: lockDesk,
        settings: settings.environments,
      }),
      lockDesk,
      materialisations,
      webhooks,
      owner,
      changes,
      nudges,
      logFiles,
      streams,
      storeTime: () => createStoreTime(storePatience.requestMs),
      storeGaps: () => durabilityGaps(redis),
      storeMemory: () => storeMemory(redis),
      crash,
      now,
    },
    log,
  )

  const stopping = new AbortController()
  const nameIndex = createNameIndex(redis, keys)
  async function bringInNames(): Promise<void> {
    const jobs = await nameIndex.bringIn(stopping.signal)
    if (jobs > 0) log.info({ jobs }, 'jobs that an older version made are listed by their names')
  }
  let stopNames: (() => Promise<void>) | null = null

  return {
    http,
    following: () => ({ streams: streams.count, readers: changes.readers, logs: logFiles.count }),
    async start() {
      const address = await http.listen({ host: settings.listen.host, port: settings.listen.port })
      for (const owner of owners.values()) owner.start()
      if (settings.webhooks.enabled) sender.start()
      stopNames = loop('names of older jobs', NAMES_EVERY_MS, log, bringInNames)
      return address
    },
    async stop() {
      stopping.abort()
      await http.close()
      await Promise.all([solver.close(), lockDesk.close(), channels.close()])
      await Promise.all([sender.stop(), stopNames?.(), ...[...owners.values()].map(owner => owner.stop())])
      const away = await redis.ping().then(
        () => false,
        () => true,
      )
      const consumers = Promise.allSettled([nudges.close(away), reports.stop(away)])
      await Promise.race([consumers, sleep(CONSUMERS_STOP_LIMIT_MS, undefined, { ref: false })])
      changes.close()
      owner.close()
      for (const connection of [redis, ...queueConnections]) connection.disconnect()
    },
  }
}

/** Whose webhooks are told now. */
const voicesOf = (tokens: Settings['tokens']) => ({
  owners: new Set(tokens.map(({ owner }) => owner)),
  operators: new Set(tokens.filter(({ role }) => role === 'operator').map(({ owner }) => owner)),
})

function queueAccess(reports: Settings['clusters'][number]['reports'], prefix: string) {
  if (reports.kind === 'directory') return null
  const { url, user, passwordFile } = reports
  return { url, user, password: readSecret(passwordFile), prefix, name: EPOCH_REPORTS_QUEUE }
}
