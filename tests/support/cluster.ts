// The cluster that stories run on: the one that `npm test` started for all, or one of this file's own.
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { down, type LocalCluster, plannedCluster, type UpOptions, up } from '../../deploy/local/cluster.ts'

export { explainFailures, slurm, slurmJobsOf } from './slurm-itself.ts'

/** Shared by all stories: nothing of it may be stopped. Whoever named it has started it; `up` would restart a daemon that is only slow. */
export function sharedCluster(): Promise<LocalCluster> {
  const home = process.env.TROTLINE_TEST_CLUSTER
  shared ??= home === undefined ? ownCluster() : Promise.resolve(plannedCluster(home))
  return shared
}
let shared: Promise<LocalCluster> | null = null

// A hook of the file, not of a test or suite: the clusters live until everything in the file is done.
const owned: string[] = []
after(async () => {
  for (const home of owned) await down({ home, purge: true })
})

/** For stories that break things. Gone when the file is over. */
export async function ownCluster(options: Omit<UpOptions, 'home'> = {}): Promise<LocalCluster> {
  const home = await mkdtemp(join(tmpdir(), 'trotline-cluster-'))
  await chmod(home, 0o755)
  owned.push(home)
  return up({ ...options, home })
}
