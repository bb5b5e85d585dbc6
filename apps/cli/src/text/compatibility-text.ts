// A verdict for people: what it is, what decides, what is known of the nodes and how old that is, and what would run instead.
import type {
  CompatibilityFinding,
  CompatibilityReport,
  Gate,
  JobCompatibility,
  JudgedFacts,
  SuggestAnswer,
  Suggestion,
  Verdict,
} from '@trotline/contracts'
import { ago } from './durations.ts'
import { secondsBetween } from './local-time.ts'
import type { Style } from './style.ts'
import { wrap } from './wrap.ts'

type Look = { icon: string; ascii: string; paint: 'good' | 'warn' | 'bad' | 'held' }
const LOOKS: Record<Verdict, Look> = {
  compatible: { icon: '✓', ascii: '+', paint: 'good' },
  'compatible-with-warning': { icon: '!', ascii: '!', paint: 'warn' },
  incompatible: { icon: '✕', ascii: 'x', paint: 'bad' },
  unknown: { icon: '?', ascii: '?', paint: 'held' },
}

const GATES: Record<Gate, readonly [string, string]> = {
  'driver-gpu': ['driver', 'GPU'],
  'driver-cuda': ['driver', 'CUDA'],
  'build-gpu': ['build', 'GPU'],
  'build-rest': ['build', 'rest'],
}

export function reportText(report: CompatibilityReport, now: number, style: Style, width: number): string[] {
  const { verdict, rule, detail, findings, facts, nearest } = report
  const lines = [`${marked(verdict, verdict, style)}  ${style.dim(rule)}`, ...wrap(detail, width, '  ')]
  if (findings.length > 0) lines.push('', ...findings.flatMap(finding => findingLines(finding, detail, style, width)))
  if (facts !== undefined) lines.push('', ...factLines(facts, now, style, width))
  if (nearest.length > 0) lines.push('', ...nearestLines(nearest, style, width))
  else if (verdict === 'incompatible') lines.push('', 'Nothing is known that would run there instead.')
  return lines
}

const marked = (verdict: Verdict, text: string, style: Style): string => {
  const { icon, ascii, paint } = LOOKS[verdict]
  return style[paint](`${style.utf8 ? icon : ascii} ${text}`)
}

/** What passes takes a line; what does not says both figures and who says so. */
function findingLines(finding: CompatibilityFinding, told: string, style: Style, width: number): string[] {
  const { gate, rule, verdict, detail, required, found, hint, source } = finding
  const [left, right] = GATES[gate]
  const head = `  ${marked(verdict, `${left} ${style.utf8 ? '×' : 'x'} ${right}`, style)}  ${style.dim(rule)}`
  if (verdict === 'compatible') return [`${head}  ${style.dim(detail)}`]
  const pairs: [string, string | null][] = [
    ['required', required],
    ['found', found],
    ['source', source === null ? null : firstSource(source)],
    ['hint', hint],
  ]
  return [
    head,
    ...(detail === told ? [] : wrap(detail, width, '    ')),
    ...pairs.flatMap(([name, value]) => (value === null ? [] : [`      ${style.dim(name.padEnd(9))} ${value}`])),
  ]
}

/** One is enough to look it up; --json has all. */
export function firstSource(source: string): string {
  const [first = '', ...more] = [...new Set(source.split('; '))]
  return more.length === 0 ? first : `${first} (and ${more.length} more: --json)`
}

const FACTS = ['driver', 'gpu', 'computeCapability', 'glibc', 'cpuArch', 'node'] as const
const NAMES: Record<(typeof FACTS)[number], string> = {
  driver: 'driver',
  gpu: 'GPU',
  computeCapability: 'compute capability',
  glibc: 'glibc',
  cpuArch: 'processor',
  node: 'Node.js',
}

function factLines(facts: JudgedFacts, now: number, style: Style, width: number): string[] {
  const type = facts.gpuType === null ? '' : `, GPU type ${facts.gpuType}`
  const known = FACTS.flatMap(name => {
    const fact = facts[name]
    if (fact === null) return []
    const age = fact.source === 'declared' ? '' : `, ${ago(secondsBetween(fact.at, now))}`
    return [`${NAMES[name]} ${fact.value} ${style.dim(`(${fact.from}${age})`)}`]
  })
  return [`Known of ${facts.cluster} / ${facts.partition}${type}:`, ...known.flatMap(text => wrap(text, width, '  '))]
}

/** Of a job: driver 396.37, Tesla K80, 3.7; probe, as of 2026-11-27T… */
export function factsInShort(facts: NonNullable<JobCompatibility['facts']>): string {
  const { partition, driver, gpu, computeCapability, source, at } = facts
  const parts = [
    driver === null ? 'driver not known' : `driver ${driver}`,
    gpu ?? '',
    computeCapability === null ? '' : `compute capability ${computeCapability}`,
  ]
  return `${partition}: ${parts.filter(part => part !== '').join(', ')}; ${source}, as of ${at}`
}

export function nearestLines(nearest: readonly Suggestion[], style: Style, width = 120): string[] {
  const one = nearest.length === 1 ? 'What would run instead' : 'What would run instead, nearest first'
  return [`${one}:`, ...nearest.flatMap(suggestion => suggestionLines(suggestion, style, width))]
}

function suggestionLines(suggestion: Suggestion, style: Style, width: number): string[] {
  const { verdict, changes, detail, install, warnings } = suggestion
  const changed = changes
    .map(({ field, from, to }) => (to === null ? `no ${field}` : `${field} ${from === null ? '' : `${from} `}-> ${to}`))
    .join(', ')
  return [
    `  ${marked(verdict, changed === '' ? softwareText(suggestion) : changed, style)}`,
    ...wrap(detail, width, '    '),
    ...(install === null ? [] : [`    ${style.bold(install)}`]),
    ...warnings
      .map(warning => warning.detail)
      .filter(text => !detail.includes(text))
      .flatMap(text => wrap(`! ${text}`, width, '    ')),
  ]
}

function softwareText({ software, partition }: Suggestion): string {
  const { framework = '', frameworkVersion = '', cuda, wheelTag, condaBuild, python } = software
  const build = wheelTag ?? condaBuild ?? (cuda === undefined ? undefined : `CUDA ${cuda}`)
  const parts = [
    `${framework} ${frameworkVersion}`.trim(),
    build,
    python === undefined ? undefined : `Python ${python}`,
    partition === null ? undefined : `on ${partition}`,
  ]
  return parts.filter(part => part !== undefined).join('  ')
}

export function suggestText({ frameworks, facts }: SuggestAnswer, now: number, style: Style, width: number): string[] {
  const known = facts === undefined ? [] : [...factLines(facts, now, style, width), '']
  const lines = frameworks.flatMap(({ framework, newest, detail }) => [
    style.bold(framework),
    ...(newest.length === 0
      ? wrap(detail, width, '  ')
      : newest.flatMap(suggestion => suggestionLines(suggestion, style, width))),
  ])
  return [...known, ...lines]
}
