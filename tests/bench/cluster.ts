// The cluster of a benchmark: its own, gone with it.
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down, type LocalCluster, up } from '../../deploy/local/cluster.ts'
import { type Scene, slurm } from '../support/slurm-itself.ts'

export async function benchCluster(scene: Scene): Promise<LocalCluster> {
  const home = await mkdtemp(join(tmpdir(), 'trotline-bench-'))
  await chmod(home, 0o755)
  scene.after(async () => void (await down({ home, purge: true })))
  scene.diagnostic('a private Slurm starts')
  return up({ home })
}

/** How often slurmctld was asked for its jobs since it started: one for each squeue, by its own count. */
export async function jobQuestions(cluster: LocalCluster): Promise<number> {
  const text = await slurm(cluster, ['sdiag'])
  return Number(/REQUEST_JOB_INFO(?:_SINGLE)?\s+\(\s*\d+\)\s+count:(\d+)/.exec(text)?.[1] ?? 0)
}

/** For what needs no cluster: an address at which nobody listens. */
export const nowhere: LocalCluster = {
  home: '',
  runtimeDirectory: '',
  clusterName: 'local',
  slurmConf: '',
  ssh: {
    host: '127.0.0.1',
    port: 9,
    user: 'nobody',
    privateKeyFile: '/nowhere/key',
    knownHostsFile: '/nowhere/known_hosts',
  },
  redis: { host: '127.0.0.1', port: 0, store: { user: '', passwordFile: '' }, report: { user: '', passwordFile: '' } },
}
