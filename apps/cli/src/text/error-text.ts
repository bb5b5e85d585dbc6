// An error for people: what did not happen, each finding with its field and both figures, the fix last, where the eye is,
// then code and request id to quote. Red only on the failing rows. (RFC 9457 in, text out.)
import type { Finding, Problem } from '@trotline/contracts'
import type { CliError, LineOf } from '../errors.ts'
import { pointerParts } from '../request/request-file.ts'
import { factsInShort, firstSource, nearestLines } from './compatibility-text.ts'
import type { Style } from './style.ts'

export function errorText(error: CliError, style: Style): string {
  const { problem, facts = [], fix = [], lineOf = () => null } = error.options
  const findings = problem?.findings ?? []
  const lines = [style.bold(headline(error))]
  if (problem !== undefined && problem.detail !== '' && !facts.includes(problem.detail)) {
    if (problem.detail !== problem.title) lines.push(`  ${problem.detail}`)
  }
  if (facts.length > 0) lines.push(...facts.map(fact => `  ${fact}`))
  if (findings.length > 0) lines.push('', ...findings.flatMap(finding => findingLines(finding, style, lineOf)))
  if (problem?.compatibility?.facts) lines.push('', `  ${style.dim(factsInShort(problem.compatibility.facts))}`)
  if (problem?.nearest !== undefined) lines.push('', ...nearestLines(problem.nearest, style))
  const fixes = [...hints(findings), ...fix]
  if (fixes.length > 0) lines.push('', ...fixLines(fixes))
  if (problem !== undefined) lines.push('', style.dim(reference(problem)))
  return `${lines.join('\n')}\n`
}

function headline(error: CliError): string {
  const said = error.problem === undefined ? error.message : error.problem.title
  const { failed } = error.options
  return failed === undefined ? said : `${failed}: ${lowerFirst(said)}`
}

// "Not submitted: the request …", but names, codes and acronyms keep their case.
const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]* /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text

function findingLines(finding: Finding, style: Style, lineOf: LineOf): string[] {
  const field = fieldOf(finding.pointer)
  const place = finding.pointer.startsWith('?') ? null : lineOf(finding.pointer)
  const cross = style.utf8 ? '✕' : 'x'
  const pairs: [string, string | undefined][] = [
    ['required', finding.required],
    ['found', finding.found],
    ['source', finding.source === undefined ? undefined : firstSource(finding.source)],
  ]
  return [
    `  ${style.bad(`${cross} ${field}`)}${place === null ? '' : style.dim(`  ${place}`)}`,
    `    ${finding.detail}`,
    ...pairs.flatMap(([name, value]) => (value === undefined ? [] : [`      ${style.dim(name.padEnd(9))} ${value}`])),
  ]
}

/** "#/resources/gpus" as people write it: resources.gpus. */
export const fieldOf = (pointer: string): string =>
  pointer.startsWith('?') ? pointer : pointerParts(pointer).join('.') || 'the request'

function hints(findings: readonly Finding[]): string[] {
  const hinted = findings.filter(finding => finding.hint !== undefined)
  return hinted.map(finding =>
    hinted.length === 1 ? `${finding.hint}` : `${fieldOf(finding.pointer)}: ${finding.hint}`,
  )
}

function fixLines(fixes: readonly string[]): string[] {
  return fixes.map((fix, at) => (at === 0 ? `To do: ${fix}` : `       ${fix}`))
}

const reference = (problem: Problem): string =>
  [problem.code, problem.instance === '' ? '' : `request ${problem.instance}`, problem.type]
    .filter(part => part !== '' && part !== 'about:blank')
    .join(' · ')

/** --json: the problem document, also where the fault was found on this side. */
export const problemOf = (error: CliError): Problem =>
  error.problem ?? {
    type: 'about:blank',
    status: 0,
    code: error.code.toLowerCase().replaceAll('_', '-'),
    title: error.options.failed ?? error.message,
    detail: [error.message, ...(error.options.facts ?? [])].join('\n'),
    instance: '',
  }
