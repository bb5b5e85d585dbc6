// For a driver and a GPU: the newest release of each framework that runs.
import type {
  CompatibilityQuestion,
  CompatibilityReport,
  SuggestAnswer,
  Suggestion,
  SuggestRequest,
} from '@trotline/contracts'
import { FRAMEWORK_NAMES, type ListedFramework } from '../builds/build.ts'
import { isListed, LISTED_FRAMEWORKS } from '../builds/builds-of.ts'
import { frameworkOf } from '../builds/framework-names.ts'
import { understandSoftware } from '../builds/wanted.ts'
import type { Matrix } from '../matrix/matrix.ts'
import type { Candidate } from './candidate.ts'
import { candidatesOfBuilds } from './of-builds.ts'
import { hardwareOf } from './on-node.ts'
import { createJudge, type JudgeOrSkip } from './refusals.ts'
import { suggestionOf } from './suggestion.ts'

/** Cluster and partition of the request are the caller's to look up: here `driver`, `gpu` and the others count. */
export function newest(request: SuggestRequest, matrix: Matrix): SuggestAnswer {
  const { python, frameworks } = request
  const hardware = hardwareOf(request)
  return {
    hardware,
    frameworks: (frameworks ?? LISTED_FRAMEWORKS).map(name => {
      const framework = frameworkOf(name)?.framework ?? name
      if (!isListed(framework)) {
        const known = LISTED_FRAMEWORKS.join(', ')
        return {
          framework: name,
          newest: [],
          detail: `The matrix lists no releases of "${name}"; it knows those of ${known}.`,
        }
      }
      return { framework, ...newestOf(framework, { ...hardware, ...(python === undefined ? {} : { python }) }, matrix) }
    }),
  }
}

/** At most two: the newest that runs, and where that has a warning the newest without one. */
function newestOf(
  framework: ListedFramework,
  asked: CompatibilityQuestion,
  matrix: Matrix,
): { newest: Suggestion[]; detail: string } {
  const name = FRAMEWORK_NAMES[framework]
  const question = { ...asked, framework }
  const wanted = understandSoftware(question)
  const judgeOrSkip = createJudge(matrix)
  const withWarning: Suggestion[] = []
  let firstNo: CompatibilityReport | null = null
  for (const candidate of candidatesOfBuilds(framework, wanted, null, question, matrix)) {
    if (!asIs(candidate)) continue
    const report = judgeOrSkip(candidate)
    if (report === null) continue
    if (report.verdict === 'compatible') return answer(name, [...withWarning, plain(candidate, report)])
    if (report.verdict === 'compatible-with-warning' && withWarning.length === 0)
      withWarning.push(plain(candidate, report))
    firstNo ??= report
  }
  if (withWarning.length > 0) return answer(name, withWarning)
  const why = firstNo === null ? 'The matrix lists no release for this Python.' : firstNo.detail
  return {
    newest: [],
    detail: `${firstNo?.verdict === 'unknown' ? `Which ${name} runs cannot be said.` : `No release of ${name} runs.`} ${why}`,
  }
}

/** A set that would need another Python than the one asked for is no answer. */
const asIs = ({ kinds }: Candidate): boolean => !kinds.has('python')

const plain = (candidate: Candidate, report: CompatibilityReport): Suggestion => ({
  ...suggestionOf(candidate, report),
  changes: [],
})

const answer = (name: string, sets: Suggestion[]): { newest: Suggestion[]; detail: string } => ({
  newest: sets,
  detail: `${sets.length === 2 ? `The newest ${name} that runs, and the newest without a warning` : `The newest ${name} that runs`}.`,
})

/** Of candidates in the order of buildsOf, newest first. null: none runs. */
export function newestBuild(candidates: readonly Candidate[], judgeOrSkip: JudgeOrSkip): Suggestion | null {
  for (const candidate of candidates) {
    const report = judgeOrSkip(candidate)
    if (report?.verdict === 'compatible')
      return suggestionOf(candidate, report, 'The newest that runs without a warning:')
  }
  return null
}
