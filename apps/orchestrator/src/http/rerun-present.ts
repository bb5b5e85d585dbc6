// What there is now of what a job was, where it would run again: asked of the store, and of the cluster only for an older release.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RerunRequest } from '@trotline/contracts'
import { releaseOf } from '../clusters/layout.ts'
import { releaseFor } from '../clusters/release.ts'
import { keptRelease, MOST_MANIFEST_BYTES, releaseByManifest } from '../clusters/release-of.ts'
import { type Present, requestAgain } from '../lifecycle/rerun.ts'
import type { ReleaseFound } from '../lifecycle/rerun-compare.ts'
import type { Original } from '../lifecycle/rerun-original.ts'
import type { ClusterFacts } from '../store/facts.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

/** An owner sees its cluster within a second of its start. */
const FIRST_SIGHT_MS = 3_000
const LOOK_AGAIN_MS = 100

/** @throws what kept the store or the cluster from being asked: that is no answer, and says nothing of what is gone */
export async function presentOf(services: Services, original: Original, wish: RerunRequest): Promise<Present> {
  const { clusters, compatibility, environments, materialisations, releases } = services
  const request = requestAgain(original, wish)
  const cluster = clusters.find(({ name }) => name === request.cluster)
  const facts =
    cluster === undefined ? null : await firstSight(services, cluster.name, cluster.partitions !== undefined)
  const { lock } = original
  return {
    clusters: clusters.map(({ name }) => name),
    partitions: facts?.partitions.filter(({ name }) => cluster?.partitions?.includes(name) ?? true) ?? null,
    // Of a cluster that there is not, that is all there is to say.
    release: cluster === undefined ? 'present' : await releaseFound(services, original.release, cluster.name),
    releaseNow: releaseFor(request, releases).id,
    lockIsKept: lock === null || (await environments.record(lock)) !== null,
    environment: lock === null || cluster === undefined ? null : await materialisations.stateOn(cluster.name, lock),
    productOf: gpu => compatibility.judge({ gpu }).understood.gpu ?? gpu,
  }
}

/** What nobody has seen cannot be compared. */
async function firstSight({ facts }: Services, cluster: string, isListed: boolean): Promise<ClusterFacts | null> {
  const endMs = performance.now() + FIRST_SIGHT_MS
  for (;;) {
    const seen = await facts.readFacts(cluster)
    if (seen !== null) return seen
    if (performance.now() > endMs) {
      if (isListed) return null
      const detail = `Cluster ${cluster} was never seen, so nobody knows its partitions: nothing was stored. /readyz says what keeps it away; send the request again later.`
      throw new ProblemError('cluster-unreachable', detail)
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

async function releaseFound(
  { releases, clusters, owner }: Services,
  id: string | null,
  cluster: string,
): Promise<ReleaseFound> {
  if (id === null || (await keptRelease(id, releases)) !== null) return 'present'
  const settings = clusters.find(({ name }) => name === cluster)
  const identity = settings?.identities[0]?.name
  if (settings === undefined || identity === undefined) return 'gone'
  const path = `${releaseOf(settings.workDir, id)}/manifest.json`
  const slice = await owner.readAt(cluster, { identity, path, offset: 0, lengthBytes: MOST_MANIFEST_BYTES })
  return slice !== null && releaseByManifest(id, slice.bytes) !== null ? 'older' : 'gone'
}
