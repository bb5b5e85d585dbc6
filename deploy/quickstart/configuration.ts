// Writes what ties the parts together: the orchestrator's configuration, a token, and a file for the shell.

import { createHash } from 'node:crypto'
import type { LocalCluster } from '../local/cluster.ts'
import { keepSecret, makeFolder, readJson, writeWhole } from '../local/folders.ts'
import { isPortFree, pickPort } from '../local/ports.ts'
import { PLACES } from './places.ts'

const FIRST_CHOICE_PORT = 18_080

export interface Api {
  url: string
  token: string
}

/** The port is kept from run to run, so that addresses in a person's shell and browser stay good. */
export async function chooseApiPort({ isRunning }: { isRunning: boolean }): Promise<number> {
  const kept = readJson<{ port: number }>(PLACES.api)?.port
  if (kept !== undefined && (isRunning || (await isPortFree(kept)))) return kept
  const port = (await isPortFree(FIRST_CHOICE_PORT)) ? FIRST_CHOICE_PORT : await pickPort()
  writeWhole(PLACES.api, JSON.stringify({ port }))
  return port
}

type Places = Record<'token' | 'workDir' | 'config' | 'shellSettings' | 'workerRelease', string>

export function writeConfiguration(cluster: LocalCluster, port: number, places: Places = PLACES): Api {
  const token = keepSecret(places.token)
  const api = { url: `http://127.0.0.1:${port}`, token }
  makeFolder(places.workDir, 0o755)
  const tokenHash = createHash('sha256').update(token).digest('hex')
  writeWhole(places.config, orchestratorConfig(cluster, port, tokenHash, places), 0o600)
  writeWhole(places.shellSettings, shellSettings(cluster, api, places))
  return api
}

/** YAML that is JSON where a value stands, so that no value needs a second look. */
function orchestratorConfig({ ssh, redis }: LocalCluster, port: number, tokenHash: string, places: Places): string {
  const value = (of: unknown) => JSON.stringify(of)
  const redisUrl = `redis://${redis.host}:${redis.port}`
  return `# Written by \`npm run quickstart\`, anew each time.
listen: ${value({ host: '127.0.0.1', port })}
store: ${value({ url: redisUrl, user: redis.store.user, passwordFile: redis.store.passwordFile, prefix: 'trotline' })}
worker: ${value({ releaseDirectory: places.workerRelease })}
tokens:
  - ${value({ owner: 'quickstart', name: 'Quickstart', role: 'operator', identity: 'default', sha256: tokenHash })}
clusters:
  - name: local
    ssh: ${value({ host: ssh.host, port: ssh.port, knownHostsFile: ssh.knownHostsFile })}
    identities:
      - ${value({ name: 'default', unixUser: ssh.user, privateKeyFile: ssh.privateKeyFile })}
    workDir: ${value(places.workDir)}
    node: ${value(process.execPath)}
    reports: ${value({ kind: 'queue', url: redisUrl, user: redis.report.user, passwordFile: redis.report.passwordFile })}
    pollIntervalMs: 1000
`
}

function shellSettings({ ssh, slurmConf }: LocalCluster, { url }: Api, places: Places): string {
  const settings: [string, string | number][] = [
    ['TROTLINE_URL', url],
    ['SLURM_CONF', slurmConf],
    ['TROTLINE_SSH_HOST', ssh.host],
    ['TROTLINE_SSH_PORT', ssh.port],
    ['TROTLINE_SSH_USER', ssh.user],
    ['TROTLINE_SSH_KEY', ssh.privateKeyFile],
    ['TROTLINE_SSH_KNOWN_HOSTS', ssh.knownHostsFile],
  ]
  return `# Written by \`npm run quickstart\`, anew each time. Use: . .local/env.sh
${settings.map(([name, value]) => `export ${name}='${value}'`).join('\n')}
export TROTLINE_TOKEN="$(cat '${places.token}')"
`
}
