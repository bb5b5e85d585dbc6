// How this machine reaches package mirrors and registries, read at run time and handed to the fresh machine: apt sources and proxies,
// certificate authorities, npm's configuration. None of it is ever written into the repository.

import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { runProgram } from '../../deploy/local/programs.ts'

export const RELEASE = 'bookworm'

export interface AptSource {
  uri: string
  suite: string
}

/** The Debian archives of the release that apt on this machine uses: main, updates, security. */
export async function aptSources(): Promise<AptSource[]> {
  const { stdout } = await runProgram([
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)|$(CREATED_BY)',
  ])
  const found = new Map<string, AptSource>()
  for (const line of stdout.split('\n')) {
    const [uri = '', suite = '', codename = '', component, createdBy] = line.split('|')
    const ours = [suite, codename].some(name => name === RELEASE || name.startsWith(`${RELEASE}-`))
    if (createdBy !== 'Packages' || component !== 'main' || !ours) continue
    const name = codename.startsWith(RELEASE) ? codename : suite
    if (/^bookworm(-updates|-security)?$/.test(name)) found.set(name, { uri, suite: name })
  }
  const main = found.get(RELEASE)
  if (main === undefined) throw new Error(`apt on this machine names no Debian ${RELEASE} archive to bootstrap from`)
  return [main, ...[...found.values()].filter(source => source !== main)]
}

export async function giveAccess(root: string, homes: readonly string[]) {
  const sources = await aptSources()
  writeFileSync(
    join(root, 'etc/apt/sources.list'),
    sources.map(({ uri, suite }) => `deb ${uri} ${suite} main\n`).join(''),
  )
  const { stdout: settings } = await runProgram(['apt-config', 'dump'])
  const access = settings.split('\n').filter(line => /^Acquire::.*(proxy|cainfo|verify|retries)/i.test(line))
  writeFileSync(join(root, 'etc/apt/apt.conf.d/90access'), access.join('\n').concat('\n'))
  for (const file of ['/etc/resolv.conf', '/etc/ssl/certs/ca-certificates.crt', ...certificateFiles()])
    copyInto(root, file)
  if (existsSync('/usr/local/share/ca-certificates')) {
    cpSync('/usr/local/share/ca-certificates', join(root, 'usr/local/share/ca-certificates'), { recursive: true })
  }
  const npmConfiguration = join(homedir(), '.npmrc')
  if (existsSync(npmConfiguration)) for (const home of homes) copyFileSync(npmConfiguration, join(root, home, '.npmrc'))
}

const CERTIFICATE_SETTINGS = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|npm_config_cafile)$/
const PROXY_SETTINGS = /^((https?|no|all)_proxy|npm_config_(registry|proxy|https_proxy|noproxy))$/i

/** Settings of this process that say how to get out. */
export async function accessSettings(): Promise<Record<string, string>> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (CERTIFICATE_SETTINGS.test(entry[0]) || PROXY_SETTINGS.test(entry[0])),
  )
  return Object.fromEntries(kept)
}

function certificateFiles(): string[] {
  return Object.entries(process.env).flatMap(([name, file]) =>
    CERTIFICATE_SETTINGS.test(name) && name !== 'SSL_CERT_DIR' && file !== undefined && existsSync(file) ? file : [],
  )
}

function copyInto(root: string, file: string) {
  if (!existsSync(file)) return
  mkdirSync(dirname(join(root, file)), { recursive: true })
  copyFileSync(file, join(root, file))
}
