// Which worker release runs a job: the present one, or, where a job is the repetition of another, the one that ran that. Older ones
// are found where they lie whole: in this server's own folder of releases, or on the cluster that has run them.
import { createHash } from 'node:crypto'
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { releaseOf } from './layout.ts'
import { olderRelease, parseManifest, releaseFor, type WorkerRelease, type WorkerReleases } from './release.ts'

type Ran = Pick<JobRecord, 'request' | 'rerunOf'>

/** Known without asking anybody: for script.sh and spec.json. */
export const releaseIdOf = ({ request, rerunOf }: Ran, releases: WorkerReleases): string =>
  rerunOf?.release ?? releaseFor(request, releases).id

/** @throws OrchestratorError RELEASE_GONE where an older one lies nowhere any more; what the transport throws where it could not ask */
export async function releaseOfJob(
  job: Ran,
  releases: WorkerReleases,
  { transport, workDir }: { transport: Transport; workDir: string },
): Promise<WorkerRelease> {
  const id = releaseIdOf(job, releases)
  const here = await keptRelease(id, releases)
  if (here !== null) return here
  const there = await transport.readAt(`${releaseOf(workDir, id)}/manifest.json`, 0, MOST_MANIFEST_BYTES)
  const found = there === null ? null : releaseByManifest(id, there.bytes)
  if (found !== null) return found
  throw new OrchestratorError(
    'RELEASE_GONE',
    `The worker release ${id.slice(0, 12)} that ran the job before lies neither on this server nor on the cluster any more: repeat it with the present one (accept: ["release"])`,
  )
}

/** Of this server: a present one, or one of an earlier build that was not cleared away yet. null: it lies here no more. */
export async function keptRelease(id: string, releases: WorkerReleases): Promise<WorkerRelease | null> {
  const present = [releases.plain, releases.withTensorLibrary].find(one => one.id === id)
  return present ?? olderRelease(releases, id)
}

/** What lies on a cluster under the release's name; null where that is no manifest of that name. It is proved there, file by file. */
export function releaseByManifest(id: string, bytes: Uint8Array): WorkerRelease | null {
  if (createHash('sha256').update(bytes).digest('hex') !== id) return null
  const manifest = Buffer.from(bytes).toString('utf8')
  return { id, directory: null, manifest, files: parseManifest(manifest) }
}

/** A present one has about 3 kB. */
export const MOST_MANIFEST_BYTES = 1_048_576
