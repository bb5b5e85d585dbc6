// Limits that sites set, imposed on a cluster of one's own: slurmctld is restarted with other settings, and accounting gets an account
// and QOSes. Slurm keeps to limits only where AccountingStorageEnforce says so (man slurm.conf).
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LocalCluster, startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'

/** One that stands in slurm.conf is replaced: Slurm's commands complain of a setting that is there twice. */
export async function restartWith(cluster: LocalCluster, settings: Readonly<Record<string, string>>): Promise<void> {
  await stopDaemon(cluster.home, 'slurmctld')
  for (const file of ['etc/slurm.conf', 'etc/daemons/slurm.conf']) {
    const path = join(cluster.home, file)
    const lines = (await readFile(path, 'utf8')).split('\n').filter(line => !((line.split('=')[0] ?? '') in settings))
    const added = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
    await writeFile(path, [...added, ...lines].join('\n'))
  }
  await startDaemon(cluster.home, 'slurmctld')
}

/** What sacctmgr is told for an account "lab" whose only user may use these QOSes, each with its limits. */
export const limitCommands = (user: string, qos: Readonly<Record<string, string>>): string[][] =>
  [
    ['add', 'account', 'lab'],
    ...Object.entries(qos).map(([name, limits]) => ['add', 'qos', name, limits]),
    ['add', 'user', user, 'account=lab'],
    ['modify', 'user', user, 'set', 'defaultaccount=lab', `qos=normal,${Object.keys(qos).join(',')}`],
  ].map(words => ['sacctmgr', '--immediate', ...words])
