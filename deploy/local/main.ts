// `npm run local -- up|down|status`: the local cluster from a terminal.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DeployError } from '../errors.ts'
import { type ClusterStatus, down, type LocalCluster, slurmAddress, status, up, warningOf } from './cluster.ts'

const HELP = `A private Slurm cluster on this machine, with sshd and Redis, as the user who calls. sshd, Redis and the database listen on loopback,
Slurm's own daemons where this machine's name resolves to, which up tells.

  npm run local -- up [--home DIR] [--no-accounting]     start it, or repair what does not run
  npm run local -- status [--home DIR]                   exit code 0 when every daemon answers, else 3
  npm run local -- down [--home DIR] [--purge]           stop it; --purge also deletes its jobs, keys and records

  --home DIR   where it keeps its files (default: .local/cluster in the checkout)

Examples
  npm run local -- up
  SLURM_CONF=.local/cluster/etc/slurm.conf sinfo
  npm run local -- up --home /tmp/second-cluster
  npm run local -- down --home /tmp/second-cluster --purge
`

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      home: { type: 'string', default: resolve(CHECKOUT, '.local/cluster') },
      'no-accounting': { type: 'boolean' },
      purge: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments()
  // npm runs scripts in the checkout; a relative folder is meant from where the person stands.
  const home = resolve(process.env.INIT_CWD ?? process.cwd(), values.home)
  const [command, ...rest] = positionals
  if (values.help || command === undefined || rest.length > 0) {
    process.stdout.write(HELP)
    return values.help ? 0 : 2
  }
  switch (command) {
    case 'up': {
      const began = Date.now()
      const interrupted = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
      const cluster = await up({
        home,
        signal: interrupted.signal,
        ...(values['no-accounting'] && { accounting: false }),
        onProgress: line => process.stdout.write(`${line}\n`),
      })
      process.stdout.write(`up after ${((Date.now() - began) / 1000).toFixed(1)} s\n${summary(cluster)}`)
      return 0
    }
    case 'down': {
      const { stopped } = await down({ home, purge: values.purge })
      process.stdout.write(stopped > 0 ? `${stopped} processes stopped\n` : 'nothing was running\n')
      return 0
    }
    case 'status': {
      const found = await status({ home })
      process.stdout.write(table(found))
      return found.running ? 0 : 3
    }
    default:
      process.stderr.write(`unknown command ${command}: up, down or status\n`)
      return 2
  }
}

function summary({ home, slurmConf, ssh, redis }: LocalCluster): string {
  const address = slurmAddress(home)
  const warning = warningOf(address)
  return `  SLURM_CONF=${slurmConf}
  Slurm listens on ${address}
  ssh -i ${ssh.privateKeyFile} -o UserKnownHostsFile=${ssh.knownHostsFile} -p ${ssh.port} ${ssh.user}@${ssh.host}
  redis://${redis.store.user}@${redis.host}:${redis.port} password in ${redis.store.passwordFile}
${warning === null ? '' : `\n  ${warning}\n`}`
}

function table({ home, daemons, cluster, running }: ClusterStatus): string {
  const lines = daemons.map(
    ({ name, state, pid, port }) => `  ${name.padEnd(12)} ${state.padEnd(8)} pid ${pid ?? '-'}  port ${port ?? '-'}`,
  )
  if (daemons.length === 0) return `no cluster in ${home}\n`
  return `${running ? 'up' : 'not up'}: ${home}\n${lines.join('\n')}\n${running && cluster ? summary(cluster) : ''}`
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = (error as { code?: unknown }).code?.toString().startsWith('ERR_PARSE_ARGS')
  if (error instanceof DeployError || isUsage) process.stderr.write(`${(error as Error).message}\n`)
  else throw error
  process.exitCode = isUsage ? 2 : 1
}
