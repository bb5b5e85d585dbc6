// The mark that keeps a run which starts after all from training, left when a job is ended by force.
import { FILES } from '@trotline/contracts'
import { jobDirectoryOf } from '../clusters/layout.ts'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import type { Services } from './services.ts'

/** What came of it, in words for the record: a cluster that cannot be asked must not keep a person from deciding. @throws STORE_UNREACHABLE */
export async function leaveCancelledMark(
  job: JobRecord,
  { clusters, owner, now }: Pick<Services, 'clusters' | 'owner' | 'now'>,
): Promise<string> {
  const workDir = clusters.find(cluster => cluster.name === job.cluster)?.workDir
  if (workDir === undefined) return `not written: cluster ${job.cluster} is no longer configured`
  const path = `${jobDirectoryOf(workDir, job.identity.unixUser, job.id)}/${FILES.cancelled}`
  const content = `${job.cancelRequestedAt ?? now().toISOString()}\n`
  try {
    await owner.mark(job.cluster, { identity: job.identity.name, path, content })
    return 'written'
  } catch (error) {
    if (!isCoded(error) || error.code === 'STORE_UNREACHABLE') throw error
    return `not written: ${error.message}`
  }
}
