// The way into the local cluster: a private sshd with its own host key, one key that may log in, and the known_hosts line to check it by.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { DeployError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { writeWhole } from './folders.ts'
import type { ClusterPlan, Layout } from './layout.ts'
import { ancestorsOf, holdersOfPorts, listProcesses } from './proc.ts'
import { requireProgram, runProgram, stopProcess } from './programs.ts'

export async function writeSshFiles(layout: Layout, plan: ClusterPlan) {
  await keepKey(layout.hostKey, 'trotline-local-host')
  await keepKey(layout.userKey, 'trotline-local')
  const [type, key] = readFileSync(`${layout.hostKey}.pub`, 'utf8').split(' ')
  writeWhole(layout.knownHosts, `[127.0.0.1]:${plan.ports.sshd} ${type} ${key}\n`)
  writeWhole(layout.authorizedKeys, readFileSync(`${layout.userKey}.pub`, 'utf8'))
  writeWhole(layout.sshdConfig, sshdConfig(layout, plan))
}

async function keepKey(file: string, comment: string) {
  if (existsSync(file) && existsSync(`${file}.pub`)) return
  const beside = `${file}.new`
  for (const old of [beside, `${beside}.pub`, file]) rmSync(old, { force: true })
  const { exitCode, stderr } = await runProgram([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    comment,
    '-f',
    beside,
  ])
  if (exitCode !== 0) throw new DeployError('HOME_UNUSABLE', `ssh-keygen could not write ${file}: ${stderr.trim()}`)
  writeWhole(`${file}.pub`, readFileSync(`${beside}.pub`, 'utf8'))
  writeWhole(file, readFileSync(beside, 'utf8'), 0o600)
  for (const old of [beside, `${beside}.pub`]) rmSync(old, { force: true })
}

function sshdConfig(layout: Layout, plan: ClusterPlan): string {
  return `Port ${plan.ports.sshd}
ListenAddress 127.0.0.1
HostKey ${layout.hostKey}
PidFile ${layout.pidFile('sshd')}
AuthorizedKeysFile ${layout.authorizedKeys}
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM ${needsPam(plan) ? 'yes' : 'no'}
UseDNS no
X11Forwarding no
PrintMotd no
Subsystem sftp internal-sftp
# SLURM_CONF: an exec channel reads no profile; this is how the Slurm commands find the cluster.
# SHLVL: a bash that sshd starts reads ~/.bashrc, unless it seems to be started by another shell. What its owner has in there (0.1 s
# of version managers, words on stdout) is no part of a private cluster.
SetEnv SLURM_CONF=${layout.slurmConf} SHLVL=1
`
}

/** Without PAM sshd refuses an account whose password is locked, and that is how installers leave root's. */
function needsPam({ isRoot }: ClusterPlan): boolean {
  return isRoot && /^root:!/m.test(readFileSync('/etc/shadow', 'utf8'))
}

export function sshdDaemon(layout: Layout, plan: ClusterPlan): Daemon {
  const port = plan.ports.sshd ?? 0
  return {
    name: 'sshd',
    needs: [],
    // sshd starts itself again for each connection and wants its absolute path for that.
    argv: [requireProgram('sshd'), '-D', '-e', '-f', layout.sshdConfig],
    mark: `-f ${layout.sshdConfig}`,
    configFiles: [layout.sshdConfig, layout.hostKey],
    recordFile: layout.record('sshd'),
    logFiles: [layout.log('sshd.log')],
    readyWithinSeconds: 60,
    before: async () => {
      if (plan.isRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    },
    ready: () => canLogIn(layout, plan),
    sweep: () => endSessions(port),
  }
}

async function canLogIn(layout: Layout, { ports, user }: ClusterPlan): Promise<boolean> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${layout.knownHosts}`,
    'IdentitiesOnly=yes',
  ]
  const { exitCode } = await runProgram(
    [
      'ssh',
      '-F',
      'none',
      ...options.flatMap(option => ['-o', option]),
      '-i',
      layout.userKey,
      '-p',
      String(ports.sshd),
      `${user}@127.0.0.1`,
      'true',
    ],
    { timeLimitMs: 10_000 },
  )
  return exitCode === 0
}

/**
 * The sshd processes of live sessions outlive the listener; they are known by their socket on our port. What the sessions have started
 * runs on, as it does when a real login node drops off the network; `down` ends that too.
 */
async function endSessions(port: number) {
  const daemons = listProcesses().filter(entry => entry.command === 'sshd')
  const holders = holdersOfPorts(
    [port],
    daemons.map(entry => entry.pid),
  )
  const spared = ancestorsOf(process.pid)
  const sessions = daemons.filter(
    entry => !spared.has(entry.pid) && (holders.includes(entry.pid) || holders.includes(entry.parentPid)),
  )
  await Promise.all(sessions.map(entry => stopProcess(entry, 'SIGTERM', 1000)))
}
