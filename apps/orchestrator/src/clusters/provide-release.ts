// The worker release on a cluster, whole, before anything is started from it: the service identity uploads, and whoever runs it proves
// for himself that he can read it.
import { OrchestratorError } from '../errors.ts'
import type { ClusterAccess } from './access.ts'
import { makeSharedDirectories } from './directories.ts'
import { bringRelease, releaseIsWhole, releaseWasWhole, type WorkerRelease } from './release.ts'

/** @throws OrchestratorError RELEASE_DAMAGED, DIRECTORY_REFUSED, SlurmError SSH_*, FILE_* */
export async function provideRelease(cluster: ClusterAccess, identity: string, release: WorkerRelease): Promise<void> {
  const { workDir } = cluster.settings
  const own = cluster.identity(identity).transport
  if (await releaseWasWhole(own, workDir, release)) return
  const service = cluster.service().transport
  await makeSharedDirectories(service, workDir)
  await bringRelease(service, workDir, release)
  if (own !== service && !(await releaseIsWhole(own, workDir, release))) {
    throw new OrchestratorError(
      'RELEASE_DAMAGED',
      `Identity ${identity} cannot read the worker release under ${workDir}/releases`,
    )
  }
}
