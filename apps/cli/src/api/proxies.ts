// How a server is reached: by fetch, or through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. Node.js 20's fetch knows
// neither these nor SSL_CERT_FILE, so those ways go through node:http (proxied-fetch.ts).
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { CliError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { type Fetch, proxiedFetch } from './proxied-fetch.ts'

export type Route = {
  /** host:port; null: none. */
  proxyOf(url: URL): string | null
  fetch: Fetch
}

export function createRoute(settings: Pick<Settings, 'proxies' | 'certFile'>): Route {
  const proxyOf = (url: URL): URL | null => proxyFor(url, settings.proxies)
  let certificates: Buffer | null = null
  return {
    proxyOf: url => proxyOf(url)?.host ?? null,
    fetch: (url, init) => {
      const proxy = proxyOf(url)
      if (proxy === null && (settings.certFile === null || url.protocol === 'http:')) return fetch(url, init)
      if (settings.certFile !== null) certificates ??= readCertificates(settings.certFile)
      return proxiedFetch(url, init, { proxy, certificates })
    },
  }
}

/** @throws CliError USAGE where the proxy's address is none */
export function proxyFor(url: URL, { https, http, none }: Settings['proxies']): URL | null {
  const text = url.protocol === 'https:' ? https : http
  if (text === null || isExcepted(url, none ?? '')) return null
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const proxy = URL.canParse(written) ? new URL(written) : null
  if (proxy === null || !/^https?:$/.test(proxy.protocol)) {
    // It may hold a password, and is not repeated here.
    throw new CliError(
      'USAGE',
      "The proxy's address in the environment cannot be used: it has to be http://HOST:PORT.",
      {
        fix: ['Set HTTPS_PROXY or HTTP_PROXY anew, or name the server in NO_PROXY.'],
      },
    )
  }
  return proxy
}

/** NO_PROXY as curl reads it: names with all that is below them, `host:port`, addresses, address ranges, or `*`. */
export function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .some(entry => {
      if (entry === '*') return true
      if (entry.includes('/')) return isWithin(host, entry)
      const [, name = entry, at] = /^(.*?[^:]):(\d+)$/.exec(entry) ?? []
      if (at !== undefined && isIP(entry) === 0 && at !== port) return false
      const wanted = (isIP(entry) === 0 ? name : entry).replace(/^\[|\]$/g, '').replace(/^\*?\./, '')
      return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`))
    })
}

function isWithin(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  const [of, is] = [isIP(network), isIP(host)]
  if (of === 0 || of !== is || !/^\d{1,3}$/.test(bits) || Number(bits) > (of === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), of === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, is === 4 ? 'ipv4' : 'ipv6')
}

function readCertificates(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new CliError('USAGE', `SSL_CERT_FILE is ${file}, and that cannot be read.`, { cause })
  }
}
