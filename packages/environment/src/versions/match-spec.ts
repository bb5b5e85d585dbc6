// Match specs of conda (pytorch::pytorch=1.3=*cuda9.2*) and requirements of pip (torch==2.1.2+cu121): how people say which
// package they want. Only what compatibility asks is kept; markers, hashes and URLs are not.

export interface MatchSpec {
  channel: string | null
  name: string
  /** As written, for parseConstraint: `=1.3`, `>=1.3,<1.4`. */
  version: string | null
  /** A build string, with * where anything may stand. */
  build: string | null
}

const NAME = /^[a-z0-9_][a-z0-9_.-]{0,99}$/

/** null: not a match spec. */
export function parseMatchSpec(text: string): MatchSpec | null {
  const line = text.replace(/#.*$/, '').replace(/\s+/g, ' ').trim()
  if (line === '' || line.length > 200) return null
  const cut = line.lastIndexOf('::')
  const channel = cut === -1 ? null : channelOf(line.slice(0, cut))
  let rest = cut === -1 ? line : line.slice(cut + 2)
  let version: string | null = null
  let build: string | null = null
  const bracket = rest.endsWith(']') ? rest.indexOf('[') : -1
  if (bracket !== -1) {
    const inside = rest.slice(bracket + 1, -1)
    rest = rest.slice(0, bracket)
    for (const [, key, value] of inside.matchAll(/\b(\w{1,20})\s*=\s*["']?([^"']+?)["']?\s*(?:,(?=\s*\w+\s*=)|$)/g)) {
      if (key === 'version') version = value ?? null
      if (key === 'build') build = value ?? null
    }
  }
  const match = /^([A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(.*)$/.exec(rest.trim())
  const name = match?.[1]?.toLowerCase()
  if (name === undefined || !NAME.test(name)) return null
  // conda takes `pytorch = 2.1` and `>=2.1, <2.2` as if the spaces were not there.
  const tail = (match?.[2] ?? '').trim().replace(/\s*([=<>!~,|]+)\s*/g, '$1')
  // An address or a file is no name with a version.
  if (/[:/\\]/.test(tail) || /\.(?:conda|tar\.bz2)$/.test(name)) return null
  if (tail !== '') {
    const single = /^=([^=<>!~,|\s]+)=([^=\s]+)$/.exec(tail) // name=1.3=build
    const exact = /^(==[^=<>!~,|\s]+)=([^=\s]+)$/.exec(tail) // name==1.3.1=build
    const spaced = /^([^\s]+)\s+([^\s=<>!~]+)$/.exec(tail) // name 1.3 build
    if (single !== null) [version, build] = [`=${single[1]}`, single[2] ?? null]
    else if (exact !== null) [version, build] = [exact[1] ?? null, exact[2] ?? null]
    else if (spaced !== null) [version, build] = [spaced[1] ?? null, spaced[2] ?? null]
    else version = tail.replace(/\s+/g, '')
  }
  return {
    channel,
    name,
    version: version === '=*' || version === '*' ? null : version,
    build: build === '*' ? null : build,
  }
}

/** `=1.3`, `==1.3` and `1.3.*` name a release as 1.3 does; what is left is a constraint. */
export const bare = (version: string | null): string | null =>
  version?.replace(/^=+(?=\d)/, '').replace(/\.\*$/, '') ?? null

/** conda-forge/linux-64 is conda-forge; of an address the last part counts. */
const channelOf = (text: string): string =>
  text
    .trim()
    .replace(/\/(?:linux-\w+|noarch)\/?$/, '')
    .replace(/\/+$/, '')
    .replace(/^.*\//, '')

export interface PipRequirement {
  name: string
  extras: string[]
  /** As written, for parseConstraint: `==2.1.2`; the local part stands apart. */
  version: string | null
  local: string | null
}

/** null: not a requirement by name and version (an option, a file, an address). */
export function parsePipRequirement(text: string): PipRequirement | null {
  const line = text
    .replace(/(^|\s)#.*$/, '')
    .replace(/;.*$/, '')
    .replace(/\s+/g, ' ')
    .trim()
  if (line.length > 200) return null
  const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*((?:[<>=!~].*)?)$/.exec(line)
  if (match?.[1] === undefined) return null
  const written = (match[3] ?? '').replace(/\s+/g, '')
  const local = /^={2,3}[^,+]+\+([a-z0-9.]+)$/i.exec(written)?.[1]?.toLowerCase() ?? null
  return {
    name: match[1].toLowerCase().replace(/[._-]+/g, '-'),
    extras: (match[2] ?? '')
      .split(',')
      .map(extra => extra.trim())
      .filter(extra => extra !== ''),
    version: written === '' ? null : local === null ? written : written.replace(/\+.*$/, ''),
    local,
  }
}

/** Whether a build string is one that the pattern allows; * stands for anything. Linear in both, whatever the pattern. */
export function globMatches(pattern: string, text: string): boolean {
  const pieces = pattern.toLowerCase().split('*')
  const lower = text.toLowerCase()
  const [first = '', ...others] = pieces
  if (others.length === 0) return lower === first
  if (!lower.startsWith(first)) return false
  const last = others.pop() ?? ''
  let at = first.length
  for (const piece of others) {
    const found = lower.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return lower.length - last.length >= at && lower.endsWith(last)
}
