// Reads known_hosts (man sshd, SSH_KNOWN_HOSTS FILE FORMAT): plain, hashed, [host]:port, globs, negation, @revoked.
// ssh2 knows nothing of it and accepts any key by itself. There is no way to switch this off.
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface KnownKey {
  readonly type: string
  /** The key as it travels, which is also what the server presents. */
  readonly blob: Uint8Array
}

export interface KnownHost {
  readonly keys: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  /** A @cert-authority line speaks of this host. Certificates are not supported: such keys stay unknown. */
  readonly hasCertAuthority: boolean
}

export type KeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked'

/** What the text of a known_hosts file says about one host. Lines that cannot be read are passed over, as OpenSSH does. */
export function knownHost(text: string, host: string, port: number): KnownHost {
  // Ports other than 22 are only found as [host]:port (sshconnect.c, put_host_port).
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase()
  const keys: KnownKey[] = []
  const revoked: KnownKey[] = []
  let hasCertAuthority = false
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/[ \t]+/)
    const marker = words[0]?.startsWith('@') ? words.shift() : null
    const [patterns, type, base64] = words
    if (!patterns || !type || !base64 || patterns.startsWith('#') || !matches(patterns, name)) continue
    const key = { type, blob: Buffer.from(base64, 'base64') }
    if (marker === '@cert-authority') hasCertAuthority = true
    else if (marker === '@revoked') revoked.push(key)
    else if (marker === null) keys.push(key)
  }
  return { keys, revoked, hasCertAuthority }
}

export function judgeKey(host: KnownHost, blob: Uint8Array): KeyVerdict {
  const among = (keys: readonly KnownKey[]) => keys.some(key => Buffer.compare(key.blob, blob) === 0)
  if (among(host.revoked)) return 'revoked'
  if (among(host.keys)) return 'known'
  return host.keys.length > 0 ? 'changed' : 'unknown'
}

// ssh-rsa keys sign with SHA-2 (RFC 8332); SHA-1 signatures are refused by sshd since OpenSSH 8.8 and by us.
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** The host key algorithms to ask for: only kinds known for the host, or a server with several keys shows the wrong one. */
export const hostKeyAlgorithms = (host: KnownHost): string[] => [
  ...new Set(host.keys.flatMap(({ type }) => SIGNATURES[type] ?? [])),
]

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|')) return matchesHash(patterns, name)
  let found = false
  for (const pattern of patterns.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    if (!globToRegExp(negated ? pattern.slice(1) : pattern).test(name)) continue
    if (negated) return false
    found = true
  }
  return found
}

function matchesHash(pattern: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = pattern.split('|')
  if (version !== '1') return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}
