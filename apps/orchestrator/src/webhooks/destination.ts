// Where messages may go: what an operator allows, and how near to this server an address may lie. Pure; looked at when a webhook is made, and
// again at every try, for a name may lead elsewhere by then.
import type { WebhookSettings } from '../config.ts'
import { sphereOf } from '../solving/channels/spheres.ts'

type Rules = Pick<WebhookSettings, 'hosts' | 'privateHosts'>

/** null: it may. Else why not, in a sentence. */
export function refusalOf(text: string, rules: Rules): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return 'It is no http or https address.'
  if (url.username !== '' || url.password !== '')
    return 'It has a user or a password in it; they would be sent and shown.'
  const near = isListed(url, rules.privateHosts)
  if (!near && rules.hosts !== null && !isListed(url, rules.hosts))
    return `This server tells only certain hosts, and ${url.host} is none of them (webhooks.hosts in its configuration).`
  if (!near && url.protocol === 'http:')
    return 'It is not https, and without TLS anybody on the way reads along; an operator may allow it for a host by webhooks.privateHosts.'
  const host = bareHost(url)
  return isAddress(host) ? addressRefusal(host, near) : null
}

/** Of an address that the host was looked up to; null: it may be told. @param near whether the operator named the host */
export function addressRefusal(address: string, near: boolean): string | null {
  const sphere = sphereOf(address)
  if (sphere === 'public') return null
  if (sphere === 'link-local') return `${address} is a link-local address, which is told nothing.`
  if (near) return null
  const where = sphere === 'private' ? 'in a private network' : 'on this machine'
  return `${address} lies ${where}; an operator may allow the host by webhooks.privateHosts.`
}

export const isNear = (url: URL, { privateHosts }: Rules): boolean => isListed(url, privateHosts)

/** Without the brackets of an IPv6 address. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')
const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':')

function isListed(url: URL, patterns: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  // `relay.example.org.` is the same name.
  const host = url.hostname.toLowerCase().replace(/\.$/, '')
  return patterns.some(pattern => {
    const [, name = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? []
    if (wanted !== undefined && wanted !== port) return false
    return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name
  })
}
