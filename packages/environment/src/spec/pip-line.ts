// A line of the pip section: a package by name and version, with hashes where it has them. Options, files and addresses are
// refused: what they lead to today need not be there tomorrow, and has no hash.
import { type Complaint, shown } from '../reading.ts'
import { parseRelease } from '../versions/release.ts'

const EXAMPLE = 'a requirement such as torchviz==0.0.2, or torch==2.1.2+cu121 --hash=sha256:…'

/** The options that people write there, and what to do instead. */
const OPTIONS: readonly (readonly [RegExp, string, string])[] = [
  [/^(?:-e|--editable)(?=\s|=|$)/, 'installs a folder', 'Bring your own code with the job.'],
  [/^(?:-r|--requirement)(?=\S|\s|$)/, 'reads another file', 'Write its lines here.'],
  [/^(?:-c|--constraint)(?=\S|\s|$)/, 'reads another file', 'Write its versions here.'],
  [
    /^(?:-i|--index-url|--extra-index-url|-f|--find-links|--no-index|--trusted-host)(?=\S|\s|$)/,
    'chooses where packages come from',
    'The operator configures the indexes of pip; name the build by its version (torch==2.1.2+cu121).',
  ],
]

/** null: it is a package. */
export function pipComplaint(text: string): Complaint | null {
  const line = text.replace(/(^|\s)#.*$/, '').trim()
  const wrong = (why: string, hint?: string): Complaint => ({
    detail: `${shown(text)} ${why}`,
    required: EXAMPLE,
    found: text.slice(0, 200),
    ...(hint === undefined ? {} : { hint }),
  })
  if (line.startsWith('-')) {
    const [, does, hint] = OPTIONS.find(([option]) => option.test(line)) ?? []
    return wrong(`is an option of pip${does === undefined ? '' : ` that ${does}`}, not a package.`, hint)
  }
  if (/^[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?\s*@|^[a-z][a-z0-9+.-]*:(?:\/\/|[^:])/i.test(line))
    return wrong('is an address, not a package of an index.', 'Name the package and its version.')
  if (/^(?:\.{1,2}(?:$|[/\\])|[/~\\])|^[^\s;=<>~!]*[/\\]|\.(?:whl|tar\.gz|zip)$/i.test(line))
    return wrong('is a file or a folder, not a package of an index.', 'Bring your own code with the job.')
  const [requirement = '', ...hashes] = line.split(/\s+(?=--)/)
  for (const hash of hashes) {
    if (!/^--hash[= ]/.test(hash))
      return wrong(`has the option ${shown(hash.split(/[= ]/)[0] ?? '')}, which is not read.`)
    if (!/^--hash=sha256:[0-9a-f]{64}$/.test(hash))
      return wrong('has a hash that is no sha256.', 'Write --hash=sha256: and 64 hexadecimal digits.')
  }
  const [written = '', marker] = splitOnce(requirement, ';')
  const parsed = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?)\s*(?:\[([A-Za-z0-9._, -]*)\])?\s*(.*)$/.exec(
    written.trim(),
  )
  if (parsed === null) return wrong('cannot be read as a package.')
  const bounds = (parsed[3] ?? '').trim().replace(/^\((.*)\)$/, '$1')
  for (const bound of bounds === '' ? [] : bounds.split(',')) {
    const [, operator, version] = /^\s*(===|==|!=|>=|<=|~=|>|<)\s*([A-Za-z0-9.+!_*-]+)\s*$/.exec(bound) ?? []
    if (version === undefined || !readable(operator ?? '', version))
      return wrong(`has ${shown(bound.trim())} where a version belongs.`)
  }
  if (marker !== undefined && !/^[A-Za-z0-9_.<>=!~'"() ,-]+$/.test(marker))
    return wrong(`has ${shown(marker.trim())} where a marker belongs.`)
  return null
}

/** 2.1.* may follow == and != only (PEP 440). */
function readable(operator: string, version: string): boolean {
  const starred = version.endsWith('.*')
  if (starred && operator !== '==' && operator !== '!=') return false
  return parseRelease(starred ? version.slice(0, -2) : version) !== null
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
