// One statement of one gate, and how statements make a verdict.
import { type CompatibilityFinding, type Confidence, type Gate, type Verdict, WORST_FIRST } from '@trotline/contracts'

/** A row of the matrix, or whatever else has a source. */
export interface Evidence {
  source: string
  confidence: Confidence
}

export interface Statement {
  required?: string | null
  found?: string | null
  hint?: string | null
  /** Rows that the statement rests on: the sources that decide are told, the weakest confidence counts. */
  from?: readonly (Evidence | null | undefined)[]
}

export function finding(
  gate: Gate,
  rule: string,
  verdict: Verdict,
  detail: string,
  { required = null, found = null, hint = null, from = [] }: Statement = {},
): CompatibilityFinding {
  const evidence = from.filter(one => one !== null && one !== undefined)
  return {
    gate,
    rule,
    verdict,
    detail,
    required,
    found,
    hint,
    source: sourceOf(evidence),
    confidence: weakest(evidence.map(one => one.confidence)),
  }
}

/** More than these nobody reads: the first of each row comes before the second of any. */
const MOST_SOURCES = 3

function sourceOf(evidence: readonly Evidence[]): string | null {
  const lists = evidence.map(one => entriesOf(one.source))
  const sources = new Set<string>()
  const depth = Math.max(0, ...lists.map(list => list.length))
  for (let i = 0; i < depth; i++)
    for (const list of lists) {
      const entry = list[i]
      if (entry !== undefined && sources.size < MOST_SOURCES) sources.add(entry)
    }
  return sources.size === 0 ? null : [...sources].join('; ')
}

/** A row's own sources stand with semicolons between; one within brackets belongs to what is told there. */
function entriesOf(source: string): readonly string[] {
  const known = ENTRIES.get(source)
  if (known !== undefined) return known
  const entries = source.split(/;\s+(?![^()]*\))/)
  if (ENTRIES.size < ENTRIES_AT_MOST) ENTRIES.set(source, entries)
  return entries
}

/** The few hundred sources of the matrix are asked for in every judgement. */
const ENTRIES = new Map<string, readonly string[]>()
const ENTRIES_AT_MOST = 2000

const WEAKEST_FIRST: readonly Confidence[] = ['from-general-knowledge', 'inferred', 'medium', 'high']

const weakest = (confidences: readonly Confidence[]): Confidence | null =>
  WEAKEST_FIRST.find(one => confidences.includes(one)) ?? null

const GATE_ORDER: Record<Gate, number> = { 'driver-gpu': 0, 'driver-cuda': 1, 'build-gpu': 2, 'build-rest': 3 }

/** The worst of them; nothing said is unknown. */
export const verdictOf = (findings: readonly { verdict: Verdict }[]): Verdict =>
  WORST_FIRST.find(verdict => findings.some(one => one.verdict === verdict)) ?? 'unknown'

/** Those that make the verdict first, then gate by gate; within a gate the order stays. */
export function inOrder(findings: readonly CompatibilityFinding[]): CompatibilityFinding[] {
  const verdict = verdictOf(findings)
  const rank = (one: CompatibilityFinding) => (one.verdict === verdict ? 0 : 10) + GATE_ORDER[one.gate]
  return [...findings].sort((a, b) => rank(a) - rank(b))
}

/** The rules of what decides: all that refuse, are unknown or warn; of what passes, those about driver and machine code. */
export function ruleOfAll(ordered: readonly CompatibilityFinding[]): string {
  const verdict = verdictOf(ordered)
  const deciding = ordered.filter(one => one.verdict === verdict && (verdict !== 'compatible' || PASSING.has(one.rule)))
  return [...new Set((deciding.length > 0 ? deciding : ordered).map(one => one.rule))].join('+') || 'nothing-asked'
}

const PASSING = new Set(['driver-native', 'driver-backward', 'cubin'])

/** The sentence that decides; where all is well, what the driver and the machine code have to say. */
export function detailOf(ordered: readonly CompatibilityFinding[]): string {
  const passing = ['driver-native', 'cubin'].flatMap(rule => ordered.filter(one => one.rule === rule).slice(0, 1))
  const telling = ordered[0]?.verdict === 'compatible' && passing.length > 0 ? passing : ordered.slice(0, 1)
  return telling.map(one => one.detail).join(' ') || 'Nothing was asked.'
}
