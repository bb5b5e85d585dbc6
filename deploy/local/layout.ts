// What every file of a local cluster is called, and what was decided about it: options, ports, address. Pure.

import { join } from 'node:path'
import { NODES } from './nodes.ts'

export interface ClusterOptions {
  /** slurmdbd and MariaDB. Without them sacct answers "accounting storage is disabled". */
  accounting: boolean
  /** How long squeue remembers a finished job. */
  minJobAgeSeconds: number
  /** Until a silent node is declared down. */
  slurmdTimeoutSeconds: number
  /** Between SIGTERM and SIGKILL. */
  killWaitSeconds: number
  /** Lifetime of a job credential, and how long a requeued job waits before it may start again. */
  credExpireSeconds: number
}

/** Short for tests; a real cluster has 300, 300, 30 and 120 s. */
export const DEFAULT_OPTIONS: ClusterOptions = {
  accounting: true,
  minJobAgeSeconds: 300,
  slurmdTimeoutSeconds: 20,
  killWaitSeconds: 5,
  credExpireSeconds: 10,
}

export const PORT_NAMES = [
  'slurmctld',
  'slurmdbd',
  'mariadbd',
  'sshd',
  'redis',
  ...NODES.map(node => `slurmd-${node.name}`),
] as const

export interface ClusterPlan {
  clusterName: string
  options: ClusterOptions
  ports: Record<string, number>
  /** Short name and IPv4 address of this machine, as the resolver has them: Slurm's daemons listen there. */
  hostName: string
  address: string
  user: string
  isRoot: boolean
}

export interface Layout {
  home: string
  runtime: string
  planFile: string
  /** What clients and jobs read. */
  slurmConf: string
  daemonsSlurmConf: string
  taskProlog: string
  slurmdbdConf: string
  gresConf: string
  cgroupConf: string
  sshdConfig: string
  hostKey: string
  userKey: string
  knownHosts: string
  authorizedKeys: string
  mungeKey: string
  mungeSocket: string
  databaseFolder: string
  databaseSocket: string
  databasePassword: string
  redisFolder: string
  devices: string
  /** Programs that a node has and the login node has not. */
  nodePrograms: (node: string) => string
  log: (name: string) => string
  record: (name: string) => string
  pidFile: (name: string) => string
  state: string
  spool: string
}

export function layoutOf(home: string, runtime: string): Layout {
  const etc = (name: string) => join(home, 'etc', name)
  const secret = (name: string) => join(home, 'secrets', name)
  return {
    home,
    runtime,
    planFile: join(home, 'cluster.json'),
    slurmConf: etc('slurm.conf'),
    // Slurm looks for the other files beside the slurm.conf it was given.
    daemonsSlurmConf: etc('daemons/slurm.conf'),
    taskProlog: etc('daemons/task-prolog'),
    slurmdbdConf: etc('daemons/slurmdbd.conf'),
    gresConf: etc('daemons/gres.conf'),
    cgroupConf: etc('daemons/cgroup.conf'),
    sshdConfig: etc('sshd_config'),
    knownHosts: etc('known_hosts'),
    hostKey: secret('ssh_host_ed25519_key'),
    userKey: secret('id_ed25519'),
    mungeKey: secret('munge.key'),
    databasePassword: secret('database.password'),
    // sshd opens this file as the user who logs in, and a second user may not get through to the home.
    authorizedKeys: join(runtime, 'authorized_keys'),
    mungeSocket: join(runtime, 'munge.sock'),
    databaseSocket: join(runtime, 'mariadb.sock'),
    databaseFolder: join(home, 'database'),
    redisFolder: join(home, 'redis'),
    devices: join(home, 'dev'),
    nodePrograms: node => join(home, 'nodes', node),
    state: join(home, 'state'),
    spool: join(home, 'spool'),
    log: name => join(home, 'log', name),
    record: name => join(home, 'run', `${name}.json`),
    pidFile: name => join(home, 'run', `${name}.pid`),
  }
}
