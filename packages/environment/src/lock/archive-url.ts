// The address of a package's archive: https://HOST/CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda. It tells name, version and build;
// user, password and token are taken out of it before anything keeps it.

export interface ArchiveAddress {
  /** Without user, password and token. */
  url: string
  hadCredentials: boolean
  /** The address of the channel, without a slash at its end. */
  channel: string
  subdir: string
  fileName: string
  name: string
  version: string
  build: string
}

const ADDRESS = /^(https?:\/\/)(?:[^/@]*@)?((?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?)((?:\/[^/?#]+)+)$/
const ARCHIVE = /^(.+)-([^-]+)-([^-]+)(?:\.conda|\.tar\.bz2)$/

/** A text: why it cannot be one, to stand behind the address in a sentence. */
export function parseArchiveUrl(written: string): ArchiveAddress | string {
  if (written.length > 1000) return 'is too long'
  if (!/^https?:\/\//.test(written))
    return /^file:|^[./~]/i.test(written)
      ? 'is a path, which other machines do not have'
      : 'is no http or https address'
  const match = ADDRESS.exec(written)
  if (match === null) return 'is no address of an archive'
  const [, scheme = '', host = '', path = ''] = match
  // As channels that ask for a token have it: /t/TOKEN/ before the channel.
  const bare = path.replace(/\/t\/[^/]+(?=\/)/g, '')
  const parts = bare.split('/').slice(1)
  if (parts.some(part => !plainPart(part))) return 'has parts that no channel has'
  const [subdir = '', fileName = ''] = parts.slice(-2)
  const [, name, version, build] = ARCHIVE.exec(decoded(fileName)) ?? []
  if (parts.length < 3 || name === undefined || version === undefined || build === undefined)
    return 'does not end in SUBDIR/NAME-VERSION-BUILD.conda or .tar.bz2'
  const url = `${scheme}${host}${bare}`
  return {
    url,
    hadCredentials: url !== written,
    channel: `${scheme}${host}/${parts.slice(0, -2).join('/')}`,
    subdir,
    fileName: decoded(fileName),
    name,
    version,
    build,
  }
}

const plainPart = (part: string): boolean =>
  part !== '.' && part !== '..' && /^(?:[A-Za-z0-9._~!+-]|%(?:21|2[Bb]))+$/.test(part)

const decoded = (part: string): string => part.replace(/%21/g, '!').replace(/%2B/gi, '+')
