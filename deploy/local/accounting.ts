// Slurm's accounting on the local cluster: a MariaDB with data folder and socket of its own, and slurmdbd in front of it.

import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DeployError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { keepSecret } from './folders.ts'
import type { ClusterPlan, Layout } from './layout.ts'
import { cleanSettings, runProgram } from './programs.ts'

export function mariadbDaemon(layout: Layout, plan: ClusterPlan): Daemon {
  return {
    name: 'mariadbd',
    needs: [],
    argv: [
      'mariadbd',
      '--no-defaults',
      ...(plan.isRoot ? ['--user=root'] : []), // as root it refuses to start without being told so
      `--datadir=${layout.databaseFolder}`,
      `--socket=${layout.databaseSocket}`,
      `--pid-file=${layout.pidFile('mariadbd')}`,
      `--tmpdir=${temporaryFolderOf(layout)}`,
      '--bind-address=127.0.0.1',
      `--port=${plan.ports.mariadbd}`,
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=64M',
      '--innodb-lock-wait-timeout=900', // slurmdbd asks for it
      '--innodb-flush-log-at-trx-commit=2',
      '--skip-log-bin',
      '--performance-schema=off',
    ],
    mark: `--datadir=${layout.databaseFolder}`,
    configFiles: [],
    recordFile: layout.record('mariadbd'),
    logFiles: [layout.log('mariadbd.out')],
    readyWithinSeconds: 90,
    before: () => makeDatabaseFolder(layout, plan),
    ready: async () => (await sql(layout, 'select 1')).exitCode === 0,
    after: async () => {
      const password = keepSecret(layout.databasePassword) // base64url: safe between quotes
      const { exitCode, stderr } = await sql(
        layout,
        `create database if not exists slurm_acct;
         create user if not exists 'slurm'@'127.0.0.1' identified by '${password}';
         grant all on slurm_acct.* to 'slurm'@'127.0.0.1';`,
      )
      if (exitCode !== 0) throw new DeployError('DAEMON_FAILED', `mariadbd refused Slurm's database: ${stderr.trim()}`)
    },
  }
}

const sql = (layout: Layout, statement: string) =>
  runProgram(['mariadb', '--no-defaults', '-uroot', `--socket=${layout.databaseSocket}`, '-e', statement])

/** Its own: each MariaDB that starts takes away every #sql* file in its temporary folder, those of others in /tmp too. */
const temporaryFolderOf = (layout: Layout): string => `${layout.databaseFolder}.tmp`

async function makeDatabaseFolder(layout: Layout, { user }: ClusterPlan) {
  mkdirSync(temporaryFolderOf(layout), { recursive: true, mode: 0o700 })
  if (existsSync(layout.databaseFolder)) return
  // Made beside and renamed: an installation cut short would otherwise be taken for a database.
  const beside = join(layout.home, 'database.new')
  rmSync(beside, { recursive: true, force: true })
  const { exitCode, stdout, stderr } = await runProgram(
    [
      'mariadb-install-db',
      '--no-defaults',
      `--user=${user}`,
      `--datadir=${beside}`,
      `--tmpdir=${temporaryFolderOf(layout)}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--force', // it wants the machine's name to resolve, which we do not need
    ],
    { timeLimitMs: 120_000 },
  )
  if (exitCode !== 0) throw new DeployError('DAEMON_FAILED', `mariadb-install-db failed:\n${stdout}${stderr}`)
  renameSync(beside, layout.databaseFolder)
}

export function slurmdbdDaemon(layout: Layout, plan: ClusterPlan): Daemon {
  const settings = cleanSettings({ SLURM_CONF: layout.daemonsSlurmConf })
  const sacctmgr = (...args: string[]) => runProgram(['sacctmgr', ...args], { settings })
  return {
    name: 'slurmdbd',
    needs: ['munged', 'mariadbd'],
    argv: ['slurmdbd', '-D'],
    mark: 'slurmdbd -D',
    configFiles: [layout.slurmdbdConf],
    settings,
    recordFile: layout.record('slurmdbd'),
    logFiles: [layout.log('slurmdbd.out'), layout.log('slurmdbd.log')],
    readyWithinSeconds: 120,
    ready: async () => (await sacctmgr('-n', 'show', 'cluster')).exitCode === 0,
    after: async () => {
      const { stdout } = await sacctmgr('-nP', 'show', 'cluster', 'format=cluster')
      if (!stdout.split('\n').includes(plan.clusterName)) await sacctmgr('-i', 'add', 'cluster', plan.clusterName)
    },
  }
}
