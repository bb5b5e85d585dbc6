// A dependency as conda's match specs have it: channel::name, a version, a build string. It is read by the same parser that
// judges it; here stands what is refused besides, so that no line is more than a package.
import { type Complaint, shown } from '../reading.ts'
import { parseConstraint } from '../versions/conda.ts'
import { parseMatchSpec } from '../versions/match-spec.ts'
import { channelComplaint } from './channel-line.ts'

const EXAMPLE = 'a match spec such as numpy, python>=3.9,<3.12 or pytorch::pytorch=1.3=*cuda9.2*'
/** What may stand in a match spec besides its channel. */
const ODD = /[^A-Za-z0-9_.*+!=<>~|, ^[\]'"-]/u
const BUILD = /^[A-Za-z0-9_.+*]{1,128}$/

/** null: it is a package. */
export function condaComplaint(text: string): Complaint | null {
  const line = text.replace(/#.*$/, '').trim()
  const wrong = (why: string, hint?: string): Complaint => ({
    detail: `${shown(text)} ${why}`,
    required: EXAMPLE,
    found: text,
    ...(hint === undefined ? {} : { hint }),
  })
  if (/^(?:\.{0,2}[/\\]|~|file:|[A-Za-z]:[\\/])|\.(?:conda|tar\.bz2)$/i.test(line))
    return wrong('is a file, not a package of a channel.', 'Name the package; a lock names files by their hashes.')
  if (/^-/.test(line)) return wrong('is an option, not a package.', 'Options belong to the command, not to a spec.')
  if (/^\d+(?:\.\d+)*$/.test(line))
    return wrong('is a number, not a package.', 'Write the name before it: python=3.10.')
  const cut = line.lastIndexOf('::')
  if (cut === -1 && /^[a-z+]+:\/\//i.test(line))
    return wrong('is an address, not a package of a channel.', 'Name the package and its channel: channel::name.')
  if (cut !== -1) {
    const complaint = channelComplaint(line.slice(0, cut).replace(/\/(?:linux-\w+|noarch)$/, ''))
    if (complaint !== null) return { ...complaint, hint: complaint.hint ?? 'Write channel::name.' }
  }
  const rest = cut === -1 ? line : line.slice(cut + 2)
  const odd = ODD.exec(rest)
  if (odd !== null) return wrong(`is no package: ${shown(odd[0])} has no place in a match spec.`)
  const bracket = bracketComplaint(rest)
  if (bracket !== null) return wrong(bracket, 'Write channel::name=version=build.')
  const spec = parseMatchSpec(line)
  if (spec === null) return wrong('cannot be read as a package.')
  if (spec.name.startsWith('__'))
    return wrong('is a virtual package: the nodes have it, no channel does.', 'Leave it out: the nodes are known.')
  if (spec.version !== null && parseConstraint(spec.version) === null)
    return wrong(`has ${shown(spec.version)} where a version belongs.`)
  if (spec.build !== null && !BUILD.test(spec.build))
    return wrong(`has ${shown(spec.build)} where a build string belongs.`)
  return null
}

/** name[version='>=1.3', build=...]: other keys would be passed over by the parser, and mean another package to conda. */
function bracketComplaint(rest: string): string | null {
  if (!/[[\]'"^]/.test(rest)) return null
  const inside = /^[A-Za-z0-9_.-]+\[([^[\]]*)\]$/.exec(rest.replace(/\s+(?=\[)/, ''))?.[1]
  if (inside === undefined) return 'cannot be read as a package.'
  for (const piece of inside.split(/,(?=\s*\w+\s*=)/)) {
    const [, key, value] = /^\s*(\w+)\s*=\s*(?:'[^'"]+'|"[^'"]+"|[^'"\s]+)\s*$/.test(piece)
      ? (/^\s*(\w+)\s*=\s*(.*)$/.exec(piece) ?? [])
      : []
    if (key === undefined || value === undefined) return `has ${shown(piece.trim())} where key=value belongs.`
    if (key !== 'version' && key !== 'build') return `has the key ${shown(key)}; only version and build are read.`
  }
  return null
}
