// Decides what a local cluster looks like (options, ports, address) and writes its configuration files.

import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { existsSync, lstatSync, symlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { DeployError } from '../errors.ts'
import { keepSecret, makeFolder, openRuntimeFolder, writeWhole } from './folders.ts'
import { type ClusterOptions, type ClusterPlan, DEFAULT_OPTIONS, type Layout, PORT_NAMES } from './layout.ts'
import { NODES } from './nodes.ts'
import { writeNvidiaSmi } from './nvidia-smi.ts'
import { choosePorts } from './ports.ts'
import { writeRedisConfiguration } from './redis.ts'
import { cgroupConf, gresConf, slurmConf, slurmdbdConf, taskProlog } from './slurm-config.ts'
import { writeSshFiles } from './ssh-access.ts'

/** Keeps what was decided before as far as it still holds: options not given now, ports that are ours or free. */
export async function makePlan(
  before: ClusterPlan | undefined,
  wanted: Partial<ClusterOptions>,
  running: readonly string[],
): Promise<ClusterPlan> {
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  const ours = Object.fromEntries(
    running.map(name => [name, before?.ports[name]]).filter(([, port]) => port !== undefined),
  )
  const others = PORT_NAMES.filter(name => !(name in ours))
  const ports = { ...ours, ...(await choosePorts(others, before?.ports ?? {}, Object.values(ours))) }
  return {
    clusterName: 'trotline',
    options: { ...DEFAULT_OPTIONS, ...before?.options, ...given },
    ports: Object.fromEntries(PORT_NAMES.map(name => [name, ports[name] ?? 0])),
    user: userInfo().username,
    isRoot: process.getuid?.() === 0,
    ...(await ownAddress()),
  }
}

export const samePlan = (one: ClusterPlan, other: ClusterPlan) => JSON.stringify(one) === JSON.stringify(other)

/**
 * Slurm's daemons listen where the host's name resolves to (NoInAddrAny): 127.0.1.1 on an installed Debian, a container's own
 * address in most containers. Clients are given the same address.
 */
async function ownAddress(): Promise<{ hostName: string; address: string }> {
  const hostName = hostname().split('.')[0] ?? ''
  try {
    const { address } = await lookup(hostname(), { family: 4 })
    return { hostName, address }
  } catch (cause) {
    throw new DeployError(
      'HOST_NAME_UNRESOLVED',
      `this machine's own name, ${hostname()}, has no address, and Slurm does not start without one. Add to /etc/hosts: 127.0.1.1 ${hostname()}`,
      { cause },
    )
  }
}

export async function writeConfiguration(layout: Layout, plan: ClusterPlan) {
  openRuntimeFolder(layout.home)
  for (const name of ['etc', 'etc/daemons', 'log', 'run', 'dev', 'spool']) makeFolder(join(layout.home, name), 0o755)
  for (const name of ['secrets', 'state', 'redis']) makeFolder(join(layout.home, name), 0o700)
  for (const { name } of NODES) makeFolder(join(layout.spool, name), 0o755)
  for (let at = 0; at < 8; at += 1) keepDevice(join(layout.devices, `nvidia${at}`))
  if (!existsSync(layout.mungeKey)) writeWhole(layout.mungeKey, randomBytes(1024), 0o600)
  writeWhole(layout.slurmConf, slurmConf(layout, plan, 'clients'))
  writeWhole(layout.daemonsSlurmConf, slurmConf(layout, plan, 'daemons'))
  writeWhole(layout.taskProlog, taskProlog(layout, plan), 0o755)
  writeNvidiaSmi(layout)
  writeWhole(layout.gresConf, gresConf(layout))
  writeWhole(layout.cgroupConf, cgroupConf())
  writeWhole(layout.slurmdbdConf, slurmdbdConf(layout, plan, keepSecret(layout.databasePassword)), 0o600)
  await writeSshFiles(layout, plan)
  writeRedisConfiguration(layout.redisFolder, plan.ports.redis ?? 0)
  writeWhole(layout.planFile, `${JSON.stringify(plan, undefined, 2)}\n`)
}

function keepDevice(file: string) {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) symlinkSync('/dev/null', file)
}
