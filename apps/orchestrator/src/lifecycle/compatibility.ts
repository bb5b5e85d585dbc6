// What packages/environment knows, bound to the matrix that this server was started with. The one place where it is plugged in.
import { createHash } from 'node:crypto'
import {
  type CompatibilityQuestion,
  type CompatibilityReport,
  type Hardware,
  type SuggestAnswer,
  type Suggestion,
  type SuggestRequest,
  verdictRank,
  willRun,
} from '@trotline/contracts'
import {
  cudaCeiling,
  type EnvironmentSpec,
  judge,
  judgeLock,
  judgeSpec,
  type LockedPackage,
  nearest,
  newest,
  type Partition,
  parseMatrix,
  questionsOfSpec,
  type SpecSoftware,
  softwareOfSpec,
} from '@trotline/environment'
import { OrchestratorError } from '../errors.ts'

/** The partition that was asked for, and where else it might run: the same software is judged there, too. */
export interface Elsewhere {
  /** null: the question named a driver and a GPU. */
  partition: string | null
  /** A partition stands here once for each sort of its nodes: what is to run there has to run on all of them. */
  others: readonly Partition[]
  /** Each sort of node of the partition that was asked for, where there are several. */
  here?: readonly Hardware[]
}

export interface Compatibility {
  judge(question: CompatibilityQuestion): CompatibilityReport
  /** Of an environment before it is solved; with what would run instead where it does not run. @param from null: without that */
  judgeSpec(spec: EnvironmentSpec, hardware: Hardware, from: Elsewhere | null): CompatibilityReport
  /** Of an environment that was solved. */
  judgeLock(packages: readonly LockedPackage[], hardware: Hardware): CompatibilityReport
  /** The newest CUDA that the driver runs; null: nobody can tell. */
  cudaOf(driver: string): string | null
  /** What would run instead, nearest first. */
  nearest(question: CompatibilityQuestion, from: Elsewhere): Suggestion[]
  newest(request: SuggestRequest): SuggestAnswer
  /** The matrix as it lies in its file, and the hash that it is known by. */
  document: { text: string; sha256: string }
}

/** @throws OrchestratorError CONFIG_INVALID where the text is no matrix; `file` is named then */
export function createCompatibility(text: string, file: string): Compatibility {
  const matrix = parsed(text, file)
  /** Every line of a spec is read once, however many sorts of node it is judged on. */
  const read = new WeakMap<EnvironmentSpec, SpecSoftware>()
  function softwareOf(spec: EnvironmentSpec): SpecSoftware {
    const software = read.get(spec) ?? softwareOfSpec(spec, matrix)
    read.set(spec, software)
    return software
  }
  const own: Compatibility = {
    judge: question => judge(question, matrix),
    judgeSpec(spec, hardware, from) {
      const software = softwareOf(spec)
      const report = judgeSpec(software, hardware, matrix)
      if (report.verdict !== 'incompatible' || from === null) return report
      // Another partition is of use where all of the environment runs, and is told once.
      const runsOn = new Map<Partition, boolean>(
        from.others.map(other => [other, willRun(judgeSpec(software, other.hardware, matrix).verdict)]),
      )
      const others = from.others.filter(({ partition }) =>
        from.others.every(other => other.partition !== partition || runsOn.get(other)),
      )
      const refused = questionsOfSpec(software, hardware, matrix).questions.filter(
        question => own.judge(question).verdict === 'incompatible',
      )
      const instead = refused.flatMap((question, i) =>
        own.nearest(question, { ...from, others: i === 0 ? others : [] }),
      )
      return { ...report, nearest: instead.slice(0, MOST_NEAREST) }
    },
    judgeLock: (packages, hardware) => judgeLock(packages, hardware, matrix),
    cudaOf: driver => cudaCeiling(driver, matrix),
    nearest(question, { partition, others, here = [] }) {
      const sorts = (name: string | null): readonly Hardware[] =>
        name === null ? here : others.filter(other => other.partition === name).map(({ hardware }) => hardware)
      // Of nodes that nobody has looked at nobody can tell; then the set is as good as that, and says so.
      const onAll = (one: Suggestion): Suggestion => ({
        ...one,
        verdict: sorts(one.partition)
          .map(hardware => own.judge({ ...one.software, ...hardware }).verdict)
          .reduce((a, b) => (verdictRank(b) < verdictRank(a) ? b : a), one.verdict),
      })
      const ask = (asked: CompatibilityQuestion): Suggestion[] =>
        nearest(asked, matrix, { otherPartitions: others })
          .map(onAll)
          .filter(({ partition: name, verdict }) => (name === null ? verdict !== 'incompatible' : willRun(verdict)))
      const found = ask(question)
      // The nearest for one sort of node may run on no other: then those of the others are asked for theirs.
      const more = found.some(one => one.partition === null)
        ? []
        : here.slice(0, MOST_SORTS).flatMap(hardware => ask({ ...question, ...hardware }))
      return [...found, ...more].filter(isFirst).map(suggestion => ({
        ...suggestion,
        changes: suggestion.changes.map(change =>
          change.field === 'partition' ? { ...change, from: partition } : change,
        ),
      }))
    },
    newest: request => newest(request, matrix),
    document: { text, sha256: createHash('sha256').update(text).digest('hex') },
  }
  return own
}

/** Another partition, and a set, are told once. */
const isFirst = (one: Suggestion, at: number, all: readonly Suggestion[]): boolean =>
  all.findIndex(
    other =>
      other.partition === one.partition &&
      (one.partition !== null || JSON.stringify(other.software) === JSON.stringify(one.software)),
  ) === at

const MOST_SORTS = 2

/** Of an environment with several packages that do not run. */
const MOST_NEAREST = 10

function parsed(text: string, file: string): ReturnType<typeof parseMatrix> {
  try {
    return parseMatrix(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OrchestratorError('CONFIG_INVALID', `${file} is not a compatibility matrix: ${why}`, { cause })
  }
}
