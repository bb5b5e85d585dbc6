// packages/client/src/schema.ts as it has to be: the types of the API's description, which the server gives without a store or a cluster.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { parseSettings } from '../../apps/orchestrator/src/config.ts'
import { buildServer } from '../../apps/orchestrator/src/http/server.ts'
import type { Services } from '../../apps/orchestrator/src/http/services.ts'
import { clientTypes, type OpenApi } from './client-types.ts'

export const CLIENT_SCHEMA = 'packages/client/src/schema.ts'
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const OPENING = `// The types of the API, made from its description (/openapi.json) by \`npm run client\`. Not to be edited.

`

const SETTINGS = {
  listen: { port: 0 },
  publicUrl: 'https://trotline.example.org',
  store: { url: 'redis://127.0.0.1:1' },
  worker: { releaseDirectory: '/nowhere' },
  tokens: [],
  clusters: [
    {
      name: 'local',
      ssh: { host: '127.0.0.1', port: 9, knownHostsFile: 'no-known-hosts' },
      identities: [{ name: 'default', unixUser: 'ada', privateKeyFile: 'no-key' }],
      workDir: '/scratch/trotline',
      node: '/usr/bin/node',
      reports: { kind: 'directory' },
    },
  ],
  environments: { directory: '/nowhere' },
}

/** Routes are described when they are registered, and ask nothing before they are. */
export async function openApiDocument(): Promise<OpenApi> {
  const asked = (name: string): unknown =>
    new Proxy(() => {}, {
      get: (_, field) => (field === 'then' ? undefined : asked(`${name}.${String(field)}`)),
      apply: () => {
        throw new Error(`${name} was asked while routes were registered: client-schema.ts has to know what it answers.`)
      },
    })
  const known: Readonly<Record<string, unknown>> = {
    settings: parseSettings(JSON.stringify(SETTINGS), 'trotline.yaml'),
    clusters: [],
    compatibility: { document: { text: '{}', sha256: '' } },
    // Asked when the server closes.
    streams: { closeAll: () => {} },
  }
  const services = new Proxy({}, { get: (_, name) => known[String(name)] ?? asked(String(name)) })
  const server = await buildServer(services as Services, pino({ level: 'silent' }))
  try {
    return (server as unknown as { swagger(): OpenApi }).swagger()
  } finally {
    await server.close()
  }
}

export async function clientSchemaText(): Promise<string> {
  const text = OPENING + clientTypes(await openApiDocument())
  const { status, stdout, stderr } = spawnSync(
    join(ROOT, 'node_modules/.bin/biome'),
    ['format', `--stdin-file-path=${CLIENT_SCHEMA}`],
    { cwd: ROOT, input: text, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(`biome could not format the client's types:\n${stderr}`)
  return stdout
}
