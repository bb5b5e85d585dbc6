// The dependencies of a spec as the solver is asked for them: sorted, so that their order has no say, and without their channels,
// since a match spec with a channel ends rattler 0.3.5 in WebAssembly (it looks for the current directory).
import type { EnvironmentSpec } from '@trotline/contracts'
import { type PlacedFinding, placed, shown } from '../reading.ts'
import { pinOf } from '../spec/channels-asked.ts'
import { type MatchSpec, parseMatchSpec } from '../versions/match-spec.ts'

export interface Root {
  name: string
  /** For the solver: the match spec without channel and comment. */
  text: string
  /** As the spec has it. */
  written: string
  match: MatchSpec
  /** Of `channel::name`: the channel as it is written; null: any. */
  pin: string | null
  pointer: string
}

export interface Roots {
  roots: Root[]
  /** By name: the one channel that its records are taken from, as it is written. */
  pins: Map<string, string>
}

/** Sorted by their text; a line that stands twice counts once. Findings: a package pinned to two channels. */
export function rootsOfSpec(spec: EnvironmentSpec): Roots | PlacedFinding[] {
  const byText = new Map<string, Root>()
  const pins = new Map<string, string>()
  const findings: PlacedFinding[] = []
  spec.dependencies.forEach((written, i) => {
    if (typeof written !== 'string') return
    const pointer = `/dependencies/${i}`
    const match = parseMatchSpec(written)
    if (match === null) {
      findings.push(placed({ detail: `${shown(written)} cannot be read as a package.`, found: written }, pointer))
      return
    }
    const pin = pinOf(written)
    const before = pins.get(match.name)
    if (pin !== null && before !== undefined && before !== pin)
      findings.push(
        placed(
          {
            detail: `${match.name} is pinned to ${before} and to ${pin}.`,
            required: 'one channel for each package',
            found: written,
            hint: 'Keep one of both lines.',
          },
          pointer,
        ),
      )
    if (pin !== null) pins.set(match.name, pin)
    const text = bareText(written)
    if (!byText.has(text)) byText.set(text, { name: match.name, text, written, match, pin, pointer })
  })
  if (findings.length > 0) return findings
  return { roots: [...byText.values()].sort((a, b) => (a.text < b.text ? -1 : 1)), pins }
}

/** conda passes over the spaces of `pytorch = 2.1` and `>=2.1, <2.2`, and names have no capitals. */
function bareText(written: string): string {
  const line = written.replace(/#.*$/, '').replace(/\s+/g, ' ').trim()
  const rest = line
    .slice(line.lastIndexOf('::') === -1 ? 0 : line.lastIndexOf('::') + 2)
    .trim()
    .replace(/\s*([=<>!~,|]+)\s*/g, '$1')
    // rattler does not read pip's way of writing it.
    .replace(/===/g, '==')
  const name = /^[A-Za-z0-9_][A-Za-z0-9_.-]*/.exec(rest)?.[0] ?? ''
  return name.toLowerCase() + rest.slice(name.length)
}
