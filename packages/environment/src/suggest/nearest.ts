// The nearest sets that run, for a question that was refused: few and small changes first, each judged by the same judge.
import type { CompatibilityQuestion, Hardware, Suggestion } from '@trotline/contracts'
import { isListed } from '../builds/builds-of.ts'
import { understandSoftware } from '../builds/wanted.ts'
import { judge } from '../judge.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { compareDotted, dotted, minorOf, parseDotted } from '../versions/dotted.ts'
import { asksNoLess, type Candidate, changesBetween, costOf, softwareIn } from './candidate.ts'
import { newestBuild } from './newest.ts'
import { candidatesOfBuilds } from './of-builds.ts'
import { candidatesOfPrograms } from './of-programs.ts'
import { createJudge, runs } from './refusals.ts'
import { suggestionOf } from './suggestion.ts'

const MOST = 5

export interface Partition {
  partition: string
  hardware: Hardware
}

/**
 * Empty where nothing in the matrix runs, or where too little is known of the node to be sure of anything. A set that asks for all
 * that a nearer one asks for, and more, is left out; the newest release of the framework that runs here stands last.
 */
export function nearest(
  question: CompatibilityQuestion,
  matrix: Matrix,
  { otherPartitions = [] }: { otherPartitions?: readonly Partition[] } = {},
): Suggestion[] {
  const wanted = understandSoftware(question)
  const { framework } = wanted
  if (framework === null) return []
  const { understood } = judge(question, matrix)
  const asked = understood.cuda === null ? wanted.cuda : parseDotted(understood.cuda)
  const ofFramework = isListed(framework)
    ? candidatesOfBuilds(framework, wanted, wanted.fromModule ? wanted.cuda : asked, question, matrix)
    : candidatesOfPrograms(framework, asked, question, matrix)
  const candidates = [
    ...ofFramework,
    ...withForwardCompatibility(question, understood.cuda, matrix),
    ...otherPartitions.map(other => elsewhere(question, other)),
  ].sort((a, b) => costOf(a) - costOf(b))
  const judgeOrSkip = createJudge(matrix)
  const kept: { candidate: Candidate; suggestion: Suggestion }[] = []
  for (const candidate of candidates) {
    if (kept.length === MOST) break
    const nearer = kept.filter(one => asksNoLess(candidate, one.candidate))
    if (candidate.kinds.size === 0 || nearer.some(({ suggestion }) => suggestion.verdict === 'compatible')) continue
    const report = judgeOrSkip(candidate)
    // What asks for more has to be better: without the warning.
    if (runs(report) && (nearer.length === 0 || report.verdict === 'compatible'))
      kept.push({ candidate, suggestion: suggestionOf(candidate, report) })
  }
  const suggestions = kept.map(({ suggestion }) => suggestion)
  if (!isListed(framework) || !suggestions.some(({ partition }) => partition === null)) return suggestions
  const newest = newestBuild(ofFramework, judgeOrSkip)
  const known = newest === null || suggestions.some(({ software }) => sameSoftware(software, newest.software))
  return known ? suggestions : [...suggestions.slice(0, MOST - 1), newest]
}

const sameSoftware = (one: Suggestion['software'], other: Suggestion['software']): boolean =>
  one.frameworkVersion === other.frameworkVersion && one.cuda === other.cuda && one.channel === other.channel

/** The same build with cuda-compat libraries beside it, which data-centre GPUs may use on an older driver. */
function withForwardCompatibility(question: CompatibilityQuestion, cuda: string | null, matrix: Matrix): Candidate[] {
  const numbers = cuda === null ? null : parseDotted(cuda)
  if (numbers === null || question.forwardCompatPackage !== undefined) return []
  return matrix.tables.forwardCompat
    .map(row => ({ name: row.package, brings: dotted(row.package.replace('cuda-compat-', '').replace('-', '.')) }))
    .filter(({ brings }) => compareDotted(brings, minorOf(numbers)) >= 0)
    .sort((a, b) => compareDotted(a.brings, b.brings))
    .map(({ name }, i): Candidate => {
      const target = { ...question, forwardCompatPackage: name }
      const changes = changesBetween(question, target)
      return { build: null, question: target, partition: null, kinds: new Set(['forward']), changes, steps: i / 100 }
    })
}

const elsewhere = (question: CompatibilityQuestion, { partition, hardware }: Partition): Candidate => ({
  build: null,
  question: { ...softwareIn(question), ...hardware },
  partition,
  kinds: new Set(['partition']),
  changes: [{ field: 'partition', from: null, to: partition }],
  steps: 0,
})
