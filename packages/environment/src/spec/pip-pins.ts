// The pip section of a spec where nobody solves it: every line has to say exactly which release and which files, or the lock
// would not be one. Whoever has uv on the server need not write so.
import type { EnvironmentSpec, LockedPip } from '@trotline/contracts'
import { type Complaint, type Place, type PlacedFinding, placed, type Reading, refused, shown } from '../reading.ts'
import { parsePipRequirement } from '../versions/match-spec.ts'

const REQUIRED = 'NAME==VERSION --hash=sha256:… (once for every file that may be installed)'

/**
 * In order of names. What a package depends on has to be listed as well: it is installed as it is (`--no-deps`), so that
 * extras add nothing.
 */
export function pipPins(spec: EnvironmentSpec, placeOf?: (pointer: string) => Place): Reading<LockedPip[]> {
  const findings: PlacedFinding[] = []
  const pins = new Map<string, LockedPip>()
  spec.dependencies.forEach((entry, i) => {
    const lines = typeof entry === 'string' ? [] : entry.pip
    for (const [j, line] of lines.entries()) {
      const pin = pinOfLine(line, pins)
      if ('name' in pin) {
        pins.set(pin.name, pin)
        continue
      }
      const pointer = `/dependencies/${i}/pip/${j}`
      findings.push(placed({ ...pin, required: REQUIRED, found: line.slice(0, 200) }, pointer, placeOf?.(pointer)))
    }
  })
  if (findings.length > 0) return refused(findings)
  return { ok: true, value: [...pins.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), notes: [] }
}

function pinOfLine(line: string, pins: ReadonlyMap<string, LockedPip>): LockedPip | Complaint {
  const wrong = (why: string, hint: string): Complaint => ({ detail: `${shown(line)} ${why}`, hint })
  const [requirement = '', ...hashes] = line
    .replace(/(^|\s)#.*$/, '')
    .trim()
    .split(/\s+--hash=sha256:/)
  if (requirement.includes(';'))
    return wrong('has a marker, which only a solver can read.', 'Write the package without it, or leave it out.')
  const parsed = parsePipRequirement(requirement)
  const version = /^={2,3}([^*,]+)$/.exec(parsed?.version ?? '')?.[1]
  if (parsed === null || version === undefined) return wrong('is no exact release.', 'Write == and a whole version.')
  if (hashes.length === 0)
    return wrong('has no hash, so that its files could change.', 'Write --hash=sha256: and the hash behind it.')
  const before = pins.get(parsed.name)
  if (before !== undefined)
    return wrong(`stands beside ${before.name}==${before.version}.`, 'Keep one release of each package.')
  return {
    name: parsed.name,
    version: parsed.local === null ? version : `${version}+${parsed.local}`,
    sha256: [...new Set(hashes.map(hash => hash.trim()))].sort(),
  }
}
