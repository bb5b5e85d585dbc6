// How far an address is from this server: a channel must not lead it to what only this machine, or its own network, can reach. Pure.
import { BlockList, isIP } from 'node:net'

/** From the widest to the narrowest. link-local: where clouds tell a machine its own secrets. */
export const SPHERES = ['public', 'private', 'link-local', 'this-machine'] as const
export type Sphere = (typeof SPHERES)[number]

/** IANA's registries of special-purpose addresses, as far as something may answer there. */
const RANGES: Record<Exclude<Sphere, 'public'>, readonly [network: string, prefix: number][]> = {
  'this-machine': [
    ['127.0.0.0', 8],
    ['0.0.0.0', 8],
    ['::', 127],
  ],
  'link-local': [
    ['169.254.0.0', 16],
    ['fe80::', 10],
    // Amazon's, over IPv6.
    ['fd00:ec2::', 32],
  ],
  private: [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['192.0.0.0', 24],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
    ['fc00::', 7],
    ['fec0::', 10],
    ['ff00::', 8],
  ],
}

const lists = (['this-machine', 'link-local', 'private'] as const).map(sphere => {
  const list = new BlockList()
  for (const [network, prefix] of RANGES[sphere]) list.addSubnet(network, prefix, isIP(network) === 4 ? 'ipv4' : 'ipv6')
  return { sphere, list }
})

/** What is no address is of this machine: nothing else may be said of it. */
export function sphereOf(address: string): Sphere {
  const bare = address.replace(/%.*$/, '')
  const kind = isIP(bare)
  if (kind === 0) return 'this-machine'
  const inner = kind === 6 ? innerAddress(bare) : null
  if (inner !== null) return sphereOf(inner)
  const near = lists.find(({ list }) => list.check(bare, kind === 4 ? 'ipv4' : 'ipv6'))?.sphere
  return near ?? (kind === 6 && !isGlobal(bare) ? 'private' : 'public')
}

export const isWithin = (sphere: Sphere, most: Sphere): boolean => SPHERES.indexOf(sphere) <= SPHERES.indexOf(most)
export const wider = (one: Sphere, other: Sphere): Sphere => (isWithin(one, other) ? one : other)

/** All that IANA gave out for everybody is 2000::/3; elsewhere lie translators of one's own (64:ff9b:1::/48, RFC 8215) and what is to come. */
const isGlobal = (address: string): boolean => {
  const [first = 0] = groupsOf(bareForm(address))
  return first >> 13 === 1
}

/** URL writes each in one way: ::ffff:127.0.0.1 as ::ffff:7f00:1. */
const bareForm = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1)

/** The IPv4 address that an IPv6 one stands for: mapped (RFC 4291), translated (RFC 6052), 6to4 (RFC 3056). */
function innerAddress(address: string): string | null {
  const groups = groupsOf(bareForm(address))
  const of = (at: number): string => {
    const [high = 0, low = 0] = groups.slice(at, at + 2)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const startsWith = (...start: number[]): boolean => start.every((group, i) => groups[i] === group)
  if (startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0x64, 0xff9b, 0, 0, 0, 0)) return of(6)
  return startsWith(0x2002) ? of(1) : null
}

function groupsOf(address: string): number[] {
  const [before = '', after] = address.split('::')
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16))
  const [head, tail] = [numbers(before), numbers(after ?? '')]
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}
